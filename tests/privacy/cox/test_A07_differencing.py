"""Attacks by difference: two row sets that differ in few patients."""

import numpy as np
import pytest

from helpers.attacker import OPEN
from helpers.cox_attacker import ask, opening, people, refusal


def test_r1_few_rows() -> None:
    assert refusal(people(9), opening()) == "MIN_ROWS"
    assert ask(people(9), "start", opening(), OPEN)["status"] == "ok"
    assert ask(people().iloc[:0], "start", opening())["status"] == "no_rows"


def test_A07_r4_a_column_that_drops_one_row() -> None:
    """Differencing with and without the column would give the one row's covariates."""
    frame = people().assign(z=people(seed=2)["x"])
    frame.loc[7, "z"] = np.nan
    assert refusal(frame, opening("x", "z")) == "FEW_INCOMPLETE"
    sums = [ask(frame, "start", opening(*c), OPEN)["sums"]["tallies"] for c in (("x",), ("x", "z"))]
    gap = sums[0]["column_sum"]["x"] - sums[1]["column_sum"]["x"]
    assert gap == pytest.approx(frame["x"][7], rel=1e-9)  # the attack, unguarded
