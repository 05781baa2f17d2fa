"""Attacks with cut points: knots, domains, merged numbers, cells of risk, rounding."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.attacker import OPEN, array, refusal, tally
from helpers.logistic_attacker import (
    RNG,
    VICTIM,
    N,
    WithoutR9,
    ask,
    at,
    factor,
    opening,
    patients,
    spline,
    start,
    wanted,
)
from helpers.policies import EXACT
from v6_clinical.disclosure import Policy
from v6_logistic.risk import concordance


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
    wanted = {"meat": False, "grid": grid}
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
    for name, policy in (("shipped", EXACT), ("open", OPEN)):
        for first in (-900, -333, -950):
            low0, high0, low1, high1, expected = risk_cells(frame, policy, first)
            exact = (low0 == high0) & (low1 == high1)
            assert (expected[~exact] == 0).all()
            for low, whole in ((low0, (frame["y"] == 0).sum()), (low1, frame["y"].sum())):
                cells = np.diff(np.concatenate([[0], low[exact], [whole]]))
                seen[name] += cells[cells > 0].tolist()
    assert min(seen["shipped"]) >= 5
    assert min(seen["open"]) < 5  # the attack, unguarded


def pairs_above(frame: pd.DataFrame, cut: float) -> float:
    """Ask for concordant pairs where a predictor in the last digits parts the ages at a cut."""
    asked = at(0.5e-11, [1e-13], "age", shift=[cut], report=wanted())
    return float(array(ask(frame, "evaluate", asked), "pairs")[0])


def test_A08_tiny_coefficients_do_not_cut_a_covariate() -> None:
    """Attack: risks that round to two values; concordant pairs then count the events above a cut.

    Bisecting the cut gave the oldest patient's age in a dozen calls.
    """
    frame = patients(200).assign(age=RNG.integers(20, 90, 200).astype(float))
    frame.loc[VICTIM, ["age", "y"]] = [97.0, 1]
    seen = {pairs_above(frame, cut) for cut in (30.0, 60.5, 89.5, 96.5, 97.5)}
    assert len(seen) == 1  # the order of the ages, whatever the cut
    truth = (frame["age"].to_numpy() > 96.5).astype(float) * 1e-11
    order = np.argsort(truth)
    events = frame["y"].to_numpy(float)[order]
    rounded = concordance(truth[order], events, np.ones(200), 1e-12)
    assert rounded[0] == (frame["y"] == 0).sum()  # what the cut at 96.5 would have told: one event
    constant = at(1.0, [1e-17], "age", shift=[60.0], report=wanted())
    assert array(ask(frame, "evaluate", constant), "pairs")[0] in seen


@pytest.mark.parametrize("kind", ["shift", "scale"])
def test_A08_a_distant_shift_does_not_round_a_covariate_to_two_values(kind: str) -> None:
    """Attack: of age - 2^59 is left whether age is below 32, between 32 and 96, or above."""
    frame = patients(200).assign(age=RNG.uniform(33, 90, 200))
    frame.loc[VICTIM, "age"] = 97.0
    far = 2.0**59

    class Lifted(WithoutR9):
        def check_shift(self, *_: Any) -> None:
            """Let everything pass."""

        def check_design(self, *_: Any) -> None:
            """Let everything pass."""

    lifted = Lifted(allow_per_site=False)
    if kind == "scale":
        term = factor("scale", "age", mean=far, sd=64.0)
        assert refusal(start(frame, term)) == ("BAD_REQUEST", ["terms", "age"])
        within = tally(start(frame, term, policy=lifted), "column_within")["scale(age)"]
        above = 100 * (1 - (1 - within / 50) ** 0.5)  # k of 200 rows are 1: k (200 - k) / 200
    else:
        asked = at(far / 64, [1 / 64], "age", shift=[far])
        assert refusal(ask(frame, "evaluate", asked)) == ("BAD_REQUEST", ["shift"])
        risk = 1 / (1 + np.exp(-np.array([1.0, 2.0])))  # the only two that are left
        score = tally(ask(frame, "evaluate", asked, lifted), "score")
        events = frame["y"].sum() - score["Intercept"]
        above = (events - 200 * risk[0]) / (risk[1] - risk[0])
    assert above == pytest.approx(1, abs=1e-6)  # one patient is older than 96, unguarded
