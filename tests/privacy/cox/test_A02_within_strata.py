"""Attacks with columns that are nearly constant within strata: what is left is one patient.

The residuals of a stratum add up to nothing, whatever the coefficients.
"""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.cox_attacker import ask, evaluate, opening, people
from helpers.policies import ExactPolicy

N = 120


class AnyWithin(ExactPolicy):
    """Columns are not looked at within strata."""

    def check_within(self, *_: Any) -> None:
        """Let everything pass."""


def residual(frame: pd.DataFrame, row: int) -> float:
    """Return a patient's event less hazard, at coefficients of 0."""
    own = frame[frame["s"] == frame["s"][row]]
    deaths = own["t"][own["e"] == 1]
    return frame["e"][row] - sum(1 / (own["t"] >= t).sum() for t in deaths if t <= frame["t"][row])


def attack(frame: pd.DataFrame, *predictors: str) -> tuple[dict[str, Any], dict[str, float]]:
    """Return the answer, and the score with the guard lifted."""
    asked = evaluate([0.0] * len(predictors), question=opening(*predictors, strata=["s"]))
    lifted = ask(frame, "evaluate", asked, AnyWithin())
    return ask(frame, "evaluate", asked), lifted["sums"]["tallies"]["score"]


@pytest.mark.parametrize("rows", [[7], [7, 20]])
def test_A02_r5_a_dummy_that_is_nearly_the_stratum(rows: list[int]) -> None:
    frame = people(N).assign(a=lambda f: (f["s"] == "u").astype(int))
    frame.loc[rows, "a"] = 1 - frame.loc[rows, "a"]
    found, score = attack(frame, "x", "a")
    assert (found["code"], found["where"]) == ("RARE_VALUE", ["a"])
    signs = np.where(frame["a"][rows] == 1, 1, -1)
    truth = sum(sign * residual(frame, row) for sign, row in zip(signs, rows, strict=True))
    assert score["a"] == pytest.approx(truth, rel=1e-9)  # the attack, unguarded


def test_A02_r5_two_dummies_that_differ_by_the_stratum_and_little_else() -> None:
    """One is no in a stratum in which the other is yes; elsewhere they differ in two patients."""
    rng = np.random.default_rng(4)
    frame = people(N).assign(s=np.resize(["u", "v", "w"], N), a=rng.permutation(np.arange(N) % 2))
    frame["b"] = np.where(frame["s"] == "u", 0, frame["a"])
    frame.loc[frame["s"] == "u", "a"] = 1
    rows = frame.index[(frame["s"] == "v") & (frame["a"] == 0)][:2]
    frame.loc[rows, "b"] = 1
    found, score = attack(frame, "a", "b")
    assert (found["code"], found["where"]) == ("RARE_VALUE", ["a", "b"])
    truth = sum(residual(frame, row) for row in rows)
    assert score["b"] - score["a"] == pytest.approx(truth, rel=1e-9)  # the attack, unguarded


def test_A02_r5_numbers_that_differ_by_the_stratum_and_in_one_patient() -> None:
    frame = people(N).assign(z=lambda f: f["x"] + 3.0 * (f["s"] == "u"))
    frame.loc[7, "z"] += 1.0
    found, score = attack(frame, "x", "z")
    assert (found["code"], found["where"]) == ("DOMINANT_ROW", ["terms", "strata"])
    assert score["z"] - score["x"] == pytest.approx(residual(frame, 7), rel=1e-9)  # unguarded


def test_honest_strata_pass() -> None:
    frame = people(N).assign(arm=lambda f: (f["arm"] == "A").astype(int))
    found, _ = attack(frame, "x", "arm")
    assert found["status"] == "ok"
