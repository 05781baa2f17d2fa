"""Every number in a real message is declared, and every declaration is met."""

from typing import Any

import pandas as pd
import pytest

from sites import HERE, dataset, split
from v6_clinical import federation
from v6_clinical.disclosure import Policy
from v6_clinical.platforms import local
from v6_clinical.registry import PACKAGES, load_site


def gbsg2() -> list[pd.DataFrame]:
    frame = dataset("gbsg2")
    frame["tsize"] *= 1.01  # whole numbers need no refinement
    return split(frame.assign(unit=1.0 + frame["age"] / 100, part=frame.index // 4), "three")


REQUESTS: dict[str, dict[str, Any]] = {
    "summary": {
        "columns": ["age", "tsize", "tgrade"],
        "group_by": "horTh",
        "correlation": True,
        "per_site": True,
    },
    "logistic": {
        "outcome": "cens",
        "formula": "scale(age) + tgrade",
        "weights": "unit",
        "offset": "estrec",
        "robust": "HC0",
    },
}


@pytest.mark.parametrize("analysis", REQUESTS)
def test_messages_hold_what_is_declared(analysis: str) -> None:
    frames = [frame.assign(estrec=frame["estrec"] / 1000) for frame in gbsg2()]
    found = local.run(analysis, frames, REQUESTS[analysis], policy=Policy())
    assert found["status"] == "completed", found["error"]
    declared = load_site(PACKAGES[analysis]).leaves
    sent: dict[str, set[str]] = {}
    for line in found["ledger"]:
        names = {item.split(":")[0].split("/")[0] for item in line["what"].split(", ")}
        sent.setdefault(line["step"], set()).update(names)
    assert sent == {step: set(names) for step, names in declared.items()}
    assert federation.empty_envelope("summary").keys() <= found.keys()


@pytest.mark.parametrize("analysis", REQUESTS)
def test_the_readme_lists_what_leaves(analysis: str) -> None:
    package = PACKAGES[analysis]
    text = (HERE.parent / "algorithms" / package / "README.md").read_text()
    for step, names in load_site(package).leaves.items():
        for name, what in names.items():
            assert f"| `{step}` | `{name}` | {what} |" in text
