"""How many numbers a model may have for its rows, and how much they determine."""

import numpy as np
import pytest

from privacy.attacker import OPEN, refusal
from privacy.logistic.questions import RNG, N, ask, at, column, factor, opening, patients, start


def test_A05_r7_parameters_per_row() -> None:
    frame = patients().assign(lab=RNG.normal(size=N))
    names = ("age", "bmi", "lab")
    assert start(frame.iloc[:45], *names)["status"] == "ok"
    assert refusal(start(frame.iloc[:44], *names)) == ("TOO_MANY_PARAMETERS", [])
    assert start(frame.iloc[:44], *names, policy=OPEN)["status"] == "ok"
    # two levels of three are two parameters; the codebook's other levels are none of the site's
    levels = {"arm": ["a", "b", "c", *[f"level {k}" for k in range(30)]]}
    assert start(frame.iloc[:35], "arm", levels=levels)["status"] == "ok"
    assert start(frame.iloc[:34], "arm", levels=levels)["code"] == "TOO_MANY_PARAMETERS"


@pytest.mark.parametrize("step", ["start", "evaluate", "describe"])
def test_A05_r7_functions_of_one_column_count_twice(step: str) -> None:
    """Attack: five functions of the ages of 60 patients; 1 + 1 + 4 * 2 + 1/2 parameters."""
    frame = patients(105).assign(age=RNG.permutation(np.linspace(20, 90, 105)))
    terms = [factor("power", "age", exponent=k) for k in (2, 3)]
    terms += [factor("function", "age", function=f) for f in ("log", "sqrt")]
    terms += [factor("scale", "age")] if step == "describe" else [column("age")]
    asked = at(0.0, [0.0] * 5, *terms) if step == "evaluate" else opening(*terms)
    assert ask(frame.iloc[:104], step, asked)["code"] == "TOO_MANY_PARAMETERS"
    assert ask(frame, step, asked)["status"] == "ok"
    assert ask(frame.iloc[:60], step, asked, OPEN)["status"] == "ok"


def test_A05_r7_a_spline_counts_its_functions_twice() -> None:
    placed = {"knots": [52.0, 64.0], "lower": 40.0, "upper": 80.0}
    done = {"step": 4.0, "placed": [40.0, 52.0, 64.0, 80.0]}
    spline = factor("spline", "age", basis="ns", **placed, **done)
    frame = patients(65).assign(age=RNG.permutation(np.linspace(35, 85, 65)))
    assert start(frame, spline)["status"] == "ok"  # 1 + 1 + 2 * 2 + 1/2
    assert start(frame.iloc[1:], spline)["code"] == "TOO_MANY_PARAMETERS"
    assert start(frame.iloc[1:], spline, policy=OPEN)["status"] == "ok"


def test_A05_r7_blanks_do_not_make_another_column() -> None:
    """Attack: "age ", " age" as columns of their own, and the outcome as its own predictor."""
    for model in (opening("age", "age "), opening("age", weights=" age"), opening("y ")):
        assert refusal(ask(patients(), "start", model)) == ("BAD_REQUEST", ["terms"])
    assert refusal(start(patients(), "y")) == ("BAD_REQUEST", ["outcome"])
