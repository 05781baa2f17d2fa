"""Rank tests from cumulative bounds: scipy's statistics of the rows lie within, or are met."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from v6_clinical.numerics.arrays import Array
from v6_summary.moments import Rough
from v6_summary.quantiles import Curve
from v6_summary.ranks import Placed, placed, rank_test

KINDS = {
    "whole": lambda rng, n: rng.poisson(3, n).astype(float),
    "tied": lambda rng, n: rng.exponential(2, n).round(1),
    "continuous": lambda rng, n: rng.normal(0, 3, n),
    "below 0": lambda rng, n: rng.integers(-5, 3, n).astype(float),
}
SEEDS = range(25)


def rows(kind: str, seed: int, groups: int) -> list[Array]:
    rng = np.random.default_rng(seed)
    return [KINDS[kind](rng, int(rng.integers(4, 40))) + rng.integers(0, 2) for _ in range(groups)]


def told(parts: list[Array], seed: int, slack: int) -> Placed:
    """Return the rows on random points, each count known to a random slack."""
    rng, curves = np.random.default_rng(seed), []
    for part in parts:
        points = np.unique(np.ldexp(rng.integers(-20, 40, 12).astype(float), -1))
        below = (part[:, None] <= points).sum(axis=0)
        low = np.maximum.accumulate(below - rng.integers(0, slack + 1, len(points)))
        high = below + rng.integers(0, slack + 1, len(points))
        high = np.minimum(np.minimum.accumulate(high[::-1])[::-1], len(part))
        low, high = np.maximum(np.minimum(low, below), 0), np.maximum(high, below)
        curves.append(Curve(points, low.astype(float), high.astype(float)))
    values = np.concatenate(parts)
    whole = bool((values == np.round(values)).all())
    about = Rough(0.0, 1.0, whole, bool(values.min() >= 0))
    return placed(curves, [len(part) for part in parts], about)


def cubes(parts: list[Array]) -> float:
    sizes = np.unique(np.concatenate(parts), return_counts=True)[1]
    return float((sizes.astype(float) ** 3 - sizes).sum())


def scipys(parts: list[Array]) -> Any:
    if len(parts) == 2:
        return stats.mannwhitneyu(*parts, use_continuity=False, method="asymptotic")
    return stats.kruskal(*parts)


@pytest.mark.parametrize("slack", [0, 3])
@pytest.mark.parametrize("groups", [2, 3, 5])
@pytest.mark.parametrize("kind", KINDS)
def test_bounds_hold_what_the_rows_have(kind: str, groups: int, slack: int) -> None:
    for seed in SEEDS:
        parts = rows(kind, seed, groups)
        found = told(parts, seed, slack)
        for group, part in enumerate(parts):
            others = np.concatenate([p for k, p in enumerate(parts) if k != group])
            wins = stats.mannwhitneyu(part, others, method="asymptotic").statistic
            low, high = found.wins(group)
            assert low <= wins <= high
        low, high = found.ties()
        assert low <= cubes(parts) <= high
        test, expected = rank_test(found), scipys(parts).pvalue
        assert test.p_low * (1 - 1e-9) <= expected <= test.p_high * (1 + 1e-9)


@pytest.mark.parametrize("groups", [2, 3, 5])
def test_bounds_meet_where_every_whole_number_has_its_own_interval(groups: int) -> None:
    for seed in SEEDS:
        parts = rows("whole", seed, groups)
        points = np.arange(30.0)
        below = [(part[:, None] <= points).sum(axis=0).astype(float) for part in parts]
        about = Rough(0.0, 1.0, whole=True, nonnegative=True)
        curves = [Curve(points, counts, counts) for counts in below]
        test, expected = rank_test(placed(curves, [len(p) for p in parts], about)), scipys(parts)
        assert test.statistic == pytest.approx(expected.statistic, rel=1e-12)
        assert test.p_value == pytest.approx(expected.pvalue, rel=1e-12)
        assert test.p_low == test.p_high == test.p_value


def test_without_two_groups_or_with_one_value_there_is_no_test() -> None:
    curve = Curve(np.array([0.0, 1.0]), np.array([0.0, 9.0]), np.array([0.0, 9.0]))
    empty = Curve(np.array([0.0]), np.array([0.0]), np.array([0.0]))
    about = Rough(1.0, 0.0, whole=True, nonnegative=True)
    assert np.isnan(rank_test(placed([curve, empty], [9, 0], about)).p_low)
    constant = rank_test(placed([curve, curve], [9, 9], about))
    assert np.isnan([constant.statistic, constant.p_value, constant.p_low]).all()
