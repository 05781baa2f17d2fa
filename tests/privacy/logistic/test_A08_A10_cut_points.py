"""Attacks with cut points: knots, domains, merged numbers, cells of risk, rounding."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from privacy.attacker import OPEN, refusal
from privacy.logistic.questions import RNG, N, ask, at, factor, opening, patients, spline, start
from v6_clinical.disclosure import Policy


def test_A08_r11_knots_beside_one_patient() -> None:
    """Attack: declare a fine step, and put knots to both sides of one patient."""
    frame = patients().assign(age=np.r_[RNG.uniform(20, 50, N - 1), 60.0])
    fine = spline(2.0**-8, 20.0, 59.98828125, 60.01171875)
    assert refusal(start(frame, fine)) == ("BAD_REQUEST", ["terms", "age"])
    # the step must be the grid's, and knots 3 steps apart: no caller can say otherwise
    for bad in (spline(4.0, 20.0, 59.0, 80.0), spline(3.0, 21.0, 60.0, 81.0)):
        assert ask(frame, "start", opening(bad))["code"] == "BAD_REQUEST"
    assert ask(frame, "start", opening(spline(4.0, 40.0, 48.0, 60.0)))["code"] == "BAD_REQUEST"
    assert ask(frame, "start", opening(spline(4.0, 20.0, 32.0, 44.0)))["status"] == "ok"


@pytest.mark.parametrize("function", ["log", "log1p", "sqrt"])
def test_A08_r11_domains_are_fixed_and_cannot_be_moved(function: str) -> None:
    """No argument moves the edge of a domain: bisection has nothing to move."""
    frame = patients().assign(age=lambda f: f["age"] - 200)
    term = factor("function", "age", function=function)
    found = start(frame, term)
    assert refusal(found) == ("DOMAIN", [f"{function}(age)"])
    affine = {"kind": "affine", "column": "age", "factor": 1.0, "shift": 200.0, "text": "I(age)"}
    assert ask(frame, "start", opening({"factors": [affine]}))["code"] == "BAD_REQUEST"
    moved = {**term["factors"][0], "shift": 200.0}
    assert ask(frame, "start", opening({"factors": [moved]}))["code"] == "BAD_REQUEST"


def test_A08_r13_numbers_are_not_cut_by_collapse() -> None:
    frame = patients().assign(visits=RNG.integers(0, 9, N))
    collapse = {"visits": {"few": ["0", "1", "2", "3"], "many": ["4", "5", "6", "7", "8"]}}
    found = start(frame, "visits", collapse=collapse)
    assert refusal(found) == ("BAD_REQUEST", ["collapse", "visits"])


def risk_cells(frame: pd.DataFrame, policy: Policy, first: int) -> Any:
    grid = {"level": -6, "first": first, "last": first + 1900}
    wanted = {"meat": False, "own_estimates": False, "grid": grid}
    asked = at(0.0, [0.05, 0.0], "age", "bmi", shift=[60.0, 27.0], report=wanted)
    found = ask(frame, "evaluate", asked, policy)
    assert found["status"] == "ok", found
    entry = found["sums"]["arrays"]["risks"]
    return np.array(entry["data"], dtype=float).reshape(entry["shape"])


def test_A10_r2_r10_risk_cells_hold_no_few_patients() -> None:
    """Between two exact counts: no row or at least a cell, of events and of non-events."""
    frame = patients(300)
    frame = frame.assign(y=RNG.permutation(np.arange(300) % 3 == 0).astype(int))
    seen: dict[str, list[float]] = {"shipped": [], "open": []}
    for name, policy in (("shipped", Policy()), ("open", OPEN)):
        for first in (-900, -333, -950):
            low0, high0, low1, high1, expected = risk_cells(frame, policy, first)
            exact = (low0 == high0) & (low1 == high1)
            assert (expected[~exact] == 0).all()
            for low, whole in ((low0, (frame["y"] == 0).sum()), (low1, frame["y"].sum())):
                cells = np.diff(np.concatenate([[0], low[exact], [whole]]))
                seen[name] += cells[cells > 0].tolist()
    assert min(seen["shipped"]) >= 5
    assert min(seen["open"]) < 5  # the attack, unguarded
