"""Rows at risk of a curve, as any survival analysis asks for them: arrays in, counts out."""

import numpy as np
import pytest

from helpers.policies import EXACT
from v6_clinical.disclosure import Policy
from v6_clinical.numerics.arrays import Array
from v6_clinical.survival.curves import countable, shown_at_risk
from v6_clinical.survival.grid import TimeGrid

GRID = TimeGrid(1, 0, 9)


def rows(n: int = 400) -> tuple[Array, Array, Array, Array]:
    rng = np.random.default_rng(4)
    entry = rng.integers(0, 3, n).astype(float)
    time = entry + rng.integers(1, 8, n)
    return time, entry, rng.integers(0, 2, n), rng.integers(0, 2, n)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("stratified", [False, True])
def test_shown_counts_are_those_of_the_rows(late: bool, stratified: bool) -> None:
    time, start, kinds, strata = rows()
    entry, codes = start if late else None, [0, 1, 2] if stratified else [0]
    at = (time, entry, kinds, strata if stratified else None, codes, GRID)
    shown, remain = shown_at_risk(*at, Policy.open())
    assert shown.shape == remain.shape == (len(codes), 9)
    assert shown.all()
    for code, found in zip(codes, remain, strict=True):
        mine = strata == code if stratified else np.ones(len(time), bool)
        for point, count in zip(GRID.times(), found, strict=True):
            entered = start <= point if late else True
            assert count == (mine & entered & (time > point)).sum()


def test_nothing_of_a_point_is_told_that_the_limits_hide_R2() -> None:
    time, _, kinds, _ = rows(40)
    shown, remain = shown_at_risk(time, None, kinds, None, [0], GRID, EXACT)
    assert 0 < shown.sum() < 9
    assert (remain[shown == 0] == 0).all()
    assert (remain[shown == 1] >= EXACT.min_cell).all()
    sums = countable(shown, remain)
    assert sums.shape == (1, 3, 9)
    assert (sums[0] == [np.ones(9), shown[0], remain[0]]).all()
