"""Code in arguments is text; values in broken data stay where they are."""

import contextlib
import io
import json
import os
from typing import Any

import numpy as np
import pandas as pd
import pytest

from privacy.logistic.questions import N, ask, at, column, factor, opening, patients, run, start
from v6_clinical.platforms import local

CODE = [
    "__import__('os').environ.__setitem__('V6C_HACKED', '1')",
    "age + __import__('os').environ.__setitem__('V6C_HACKED', '1')",
    "age.__class__",
    "I(age + exec('raise SystemExit'))",
    "{age}",
    "age if 1 else bmi",
    "lambda: 1",
    "`age`.values",
    "log(__builtins__)",
    "@age",
    "Q('age')",
    "exp(age)",
    "age[0]",
    "age; import os",
    "$(id)",
    "\x00age",
]


TEXTS = ["outcome", "formula", "positive", "weights", "offset", "cluster", "robust"]


TEXTS += ["predictors", "levels", "reference", "collapse", "on_refusal"]


@pytest.mark.parametrize("argument", TEXTS)
def test_A16_code_in_every_string_argument(argument: str) -> None:
    frames = [patients(), patients()]
    for text in CODE:
        value: Any = {
            "predictors": ["age", text],
            "levels": {"arm": [text, "a"]},
            "reference": {"arm": text},
            "collapse": {"arm": {text: ["a", "b"]}},
        }.get(argument, text)
        arguments = {"predictors": ["age", "arm"]} | {argument: value}
        if argument == "formula":
            del arguments["predictors"]
        found = (
            run(frames, **arguments)
            if "predictors" in arguments
            else local.run("logistic", frames, {"outcome": "y"} | arguments)
        )
        harmless = argument == "collapse" and found["status"] == "completed"
        assert harmless or found["error"]["code"] in (
            *("BAD_REQUEST", "COLUMN_MISSING", "UNKNOWN_LEVEL", "BAD_OUTCOME"),
        ), (text, found["error"])
    assert "V6C_HACKED" not in os.environ


@pytest.mark.parametrize("text", CODE)
def test_A16_code_in_the_terms_of_a_direct_call(text: str) -> None:
    for term in (
        factor("function", "age", function=text),
        factor(text, "age"),
        factor("spline", "age", basis=text, df=3),
        factor("category", "arm", reference=text),
        {"factors": text},
        column(text),
    ):
        found = start(patients(), term)
        # the reference is a label: start's full coding has no use for it
        assert found.get("code") in ("BAD_REQUEST", "COLUMN_MISSING", None)
        assert (found["status"] == "ok") == (term == factor("category", "arm", reference=text))
    assert "V6C_HACKED" not in os.environ


CANARY = "canary-737373"


VALUES: list[Any] = [CANARY, 737373.25, -737373.25, np.inf, np.nan, None, "", " ", "7,37373", True]


VALUES += [pd.Timestamp("1973-07-03"), b"canary", (CANARY,), 10**80, 1e300, complex(7, 37)]


def test_A17_corrupted_data_leave_no_value() -> None:
    """500 data sets with strange values in any column: codes only, in the answer and the logs."""
    rng = np.random.default_rng(17)
    roles = ["y", "age", "bmi", "arm", "w", "o", "c"]
    clean = patients().assign(
        w=rng.uniform(1, 2, N), o=rng.normal(size=N), c=np.arange(N) % 20, arm=patients()["arm"]
    )
    codes: set[str] = set()
    for k in range(500):
        frame = clean.astype(object)
        for _ in range(int(rng.integers(1, 4))):
            rows = rng.choice(N, int(rng.choice([1, 2, 4])), replace=False)
            place = frame.columns.get_loc(rng.choice(roles))
            for row in rows:
                frame.iat[row, place] = VALUES[int(rng.integers(len(VALUES)))]
        frame = frame.infer_objects() if k % 2 else frame
        more = {"weights": "w", "offset": "o", "cluster": "c"}
        terms = ("age", "bmi", "arm")
        asked = opening(*terms, **more)
        if k % 3 == 0:
            asked = at(0.0, [0.0] * 4, *terms, levels={"arm": ["a", "b", "c"]}, **more)
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            found = ask(frame, "start" if k % 3 else "evaluate", asked)
        codes.add(found.get("code", "ok"))
        for text in (out.getvalue(), err.getvalue(), json.dumps(found)):
            assert "canary" not in text
            assert "737373" not in text or found["status"] == "ok"
        assert out.getvalue() == ""
    assert len(codes) >= 5
