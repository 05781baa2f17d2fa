"""Every number in a real message is declared, and every declaration is met."""

import pandas as pd

from sites import dataset, split
from v6_clinical import federation
from v6_clinical.disclosure import Policy
from v6_clinical.platforms import local
from v6_clinical.registry import load_site


def test_messages_hold_what_is_declared() -> None:
    arguments = {
        "columns": ["age", "tsize", "tgrade"],
        "group_by": "horTh",
        "correlation": True,
        "per_site": True,
    }
    frame: pd.DataFrame = dataset("gbsg2")
    frame["tsize"] *= 1.01  # whole numbers need no refinement
    frames = split(frame, "three")
    found = local.run("summary", frames, arguments, policy=Policy())
    declared = load_site("v6_summary").leaves
    for line in found["ledger"]:
        names = {item.split(":")[0].split("/")[0] for item in line["what"].split(", ")}
        assert names == set(declared[line["step"]])
    assert {line["step"] for line in found["ledger"]} == set(declared)
    assert federation.empty_envelope("summary").keys() <= found.keys()
