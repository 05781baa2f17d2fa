"""Code in arguments and formulas is text: refused by the parser, or the name of no column."""

import os
from typing import Any

import pytest

from privacy.logistic.questions import column, factor, patients, run, start
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
