"""Attack: the order of deaths and censorings within a cell of a survival curve.

At slopes of 0 a hazard is the sum over deaths of 1 / (rows at risk). The rows that remain at both
ends of a cell are shown: of all orders in which so many may leave, dying or not, few give the
hazard's digits.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from helpers.attacker import array
from helpers.cox_attacker import ask, evaluate, people, report
from helpers.policies import EXACT
from v6_clinical.disclosure import Policy
from v6_clinical.numerics.arrays import Array

GRID = {"digit": 1, "exponent": 1, "count": 30}
LONGEST = 13  # exits in a cell: 8,192 orders


def orders(count: int) -> Array:
    """Return all orders of so many exits, 1 a death; shape (2^count, count)."""
    return np.array(np.arange(2**count)[:, None] >> np.arange(count) & 1, dtype=np.float64)


def cells(curve: Array, n: int) -> list[tuple[float, float, int, int]]:
    """Return start, end and rows that remain at both of the cells between shown points."""
    times, shown = 10.0 * np.arange(1, 31), curve[0, 0] > 0
    ends = np.append(-np.inf, times[shown])
    remain = np.append(n, curve[0, 2, shown]).astype(int)
    return [
        (low, high, first, rest)
        for (low, high), (first, rest) in zip(pairwise(ends), pairwise(remain), strict=True)
    ]


def placed(frame: pd.DataFrame, policy: Policy) -> tuple[int, int, int]:
    """Return the exits placed rightly, all of them, and those that a guess of deaths places."""
    asked = evaluate([0.0], report(grid=GRID))
    curve = array(ask(frame, "evaluate", asked, policy), "site/0/curves")
    hazard = np.append(0.0, curve[0, 1, curve[0, 0] > 0])
    right = every = guessed = 0
    for k, (low, high, first, rest) in enumerate(cells(curve, len(frame))):
        inside = frame[(frame["t"] > low) & (frame["t"] <= high)].sort_values("t")
        truth = inside["e"].to_numpy()
        assert len(truth) == first - rest
        if not 5 <= len(truth) <= LONGEST:
            continue
        possible = orders(len(truth))
        sums = possible @ (1.0 / (first - np.arange(len(truth))))
        # the least far of the orders whose deaths and censorings may be shown: none, or five each
        deaths = possible.sum(axis=1)
        allowed = np.isin(deaths, [0, *range(5, len(truth) - 4), len(truth)])
        off = np.where(allowed, np.abs(sums - (hazard[k + 1] - hazard[k])), np.inf)
        best = possible[np.argmin(off)]
        right, every = right + int((best == truth).sum()), every + len(truth)
        guessed += max(int(truth.sum()), len(truth) - int(truth.sum()))
    return right, every, guessed


def test_A24_exact_hazards_tell_the_order_and_blurred_ones_do_not() -> None:
    """Exact: every exit of the cells that can be tried. Blurred: no more than by the counts."""
    found = np.zeros((2, 3), dtype=int)
    for seed in range(12):
        frame = people(150, seed)
        secret = seed.to_bytes(32, "big")
        for k, policy in enumerate((EXACT, Policy(blur=0.01, blur_rows=0.15, secret=secret))):
            found[k] += placed(frame, policy)
    (right, every, _), (blurred, also, guessed) = found.tolist()
    print(f"order in a curve: {right} of {every} exact, {blurred} blurred, {guessed} guessed")
    assert every == also >= 60
    assert right == every
    assert blurred < guessed + 3 * also**0.5 / 2


def test_A24_digits_alone_are_told_where_there_is_noise() -> None:
    frame, asked = people(300), evaluate([0.0], report(grid=GRID))
    policy = Policy(blur=0.01, blur_rows=0.15, secret=bytes(32))
    curve = array(ask(frame, "evaluate", asked, policy), "site/0/curves")
    told = curve[0, 1, curve[0, 0] > 0]
    assert len(told) >= 5
    assert told == pytest.approx([float(f"{h:.3g}") for h in told], rel=1e-15)
