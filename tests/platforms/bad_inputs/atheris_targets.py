"""Targets for atheris, run by ci/fuzz: what is read of others must end in a value or a code."""

import json
import sys
from typing import Any

import atheris

with atheris.instrument_imports(include=["v6_clinical", "v6_logistic"]):
    import pandas as pd

    from v6_clinical.disclosure import Policy
    from v6_clinical.errors import AnalysisError
    from v6_clinical.model.errors import FormulaError
    from v6_clinical.model.formula import parse
    from v6_clinical.protocol.registry import load_site
    from v6_clinical.protocol.site import answer
    from v6_clinical.protocol.sums import Sums
    from v6_clinical.version import __version__

SITE = load_site("v6_logistic")
NAMES = "arrays tallies forms shape data labels half model outcome site_effect terms intercept "
NAMES += "levels references collapse weights offset cluster column positive factors kind y age"
WORDS = ["", *NAMES.split()]
FRAME = pd.DataFrame({"y": [0, 1] * 20, "age": [737373.125] * 40})


def _value(source: Any, depth: int = 4) -> Any:
    """Draw a JSON value: NaN among its numbers, known names among its keys."""
    kind = source.ConsumeIntInRange(0, 6 if depth else 4)
    if kind < 2:
        return (None, True)[kind]
    if kind == 2:
        return source.ConsumeInt(8)
    if kind == 3:
        return source.ConsumeFloat()
    if kind == 4:
        return source.PickValueInList(WORDS)
    few = range(source.ConsumeIntInRange(0, 4))
    if kind == 5:
        return [_value(source, depth - 1) for _ in few]
    return {source.PickValueInList(WORDS): _value(source, depth - 1) for _ in few}


def answer_of_a_site(data: bytes) -> None:
    """Decode a site's answer."""
    message = _value(atheris.FuzzedDataProvider(data))
    for sums in (message, {"arrays": message, "tallies": {}, "forms": {}}):
        try:
            json.dumps(Sums.from_json(sums).to_json(), allow_nan=False)
        except AnalysisError as error:
            assert error.code == "BAD_ANSWER"


def formula(data: bytes) -> None:
    """Parse a formula."""
    try:
        parse(data.decode("utf-8", "replace"))
    except FormulaError as error:
        assert error.remedy


def question(data: bytes) -> None:
    """Answer a question that anybody may ask of a partial."""
    arguments = _value(atheris.FuzzedDataProvider(data))
    message = {"version": __version__, "step": "start", "index": 0, "count": 2}
    found = answer(SITE, message | {"arguments": arguments}, Policy, lambda _: FRAME)
    assert found["status"] == "refused"
    assert found["code"] != "INTERNAL"
    assert "737373" not in json.dumps(found, allow_nan=False)


TARGETS = {"answer": answer_of_a_site, "formula": formula, "question": question}

if __name__ == "__main__":
    atheris.Setup([sys.argv[0], *sys.argv[2:]], TARGETS[sys.argv[1]])
    atheris.Fuzz()
