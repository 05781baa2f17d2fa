"""Code in arguments and formulas is text: refused by the parser, or the name of no column."""

from typing import Any

import pytest

from helpers.evaluated_code import RUNS, evaluated, has_run
from helpers.logistic_attacker import column, factor, patients, run, start
from helpers.policies import EXACT
from v6_clinical.platforms import local

CODE = [
    RUNS,
    f"age + {RUNS}",
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


def with_code(argument: str, text: str) -> Any:
    """Run an analysis with code in one of its arguments."""
    frames = [patients(), patients()]
    value: Any = {
        "predictors": ["age", text],
        "levels": {"arm": [text, "a"]},
        "reference": {"arm": text},
        "collapse": {"arm": {text: ["a", "b"]}},
    }.get(argument, text)
    arguments = {"predictors": ["age", "arm"]} | {argument: value}
    if argument != "formula":
        return run(frames, **arguments)
    del arguments["predictors"]
    return local.run("logistic", frames, {"outcome": "y"} | arguments, policy=EXACT)


@pytest.mark.parametrize("argument", TEXTS)
def test_A16_code_in_every_string_argument(argument: str) -> None:
    for text in CODE:
        found = with_code(argument, text)
        harmless = argument == "collapse" and found["status"] == "completed"
        assert harmless or found["error"]["code"] in (
            *("BAD_REQUEST", "COLUMN_MISSING", "UNKNOWN_LEVEL", "BAD_OUTCOME"),
        ), (text, found["error"])
    assert not has_run()
    with evaluated():
        with_code(argument, RUNS)
    named = ("outcome", "formula", "weights", "offset", "cluster", "predictors")
    assert has_run() == (argument in named)  # the attack, unguarded


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
    assert not has_run()
    if text == RUNS:
        with evaluated():
            start(patients(), column(text))
        assert has_run()  # the attack, unguarded
