"""Bounds that spare large sites a pass hide nothing: the guards decide as the exact formulas do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from v6_clinical.dominance import largest_leverage, rows_off_commonest, spread, survey

SEEDS = st.integers(0, 10**6)
TAILS = st.sampled_from([1.0, 2.0, 5.0, 40.0])


def columns(seed: int, tail: float, n: int) -> np.ndarray:
    """Return normal, skewed, heavy-tailed and 0/1 columns, and a constant one."""
    rng = np.random.default_rng(seed)
    found = np.array([rng.normal(size=n), rng.exponential(size=n) ** tail, np.full(n, 3.0)])
    return np.vstack([found, rng.random(n) < 1 / (1 + tail)]).T


@given(SEEDS, TAILS, st.sampled_from([12, 300]), st.sampled_from([2.0, 5.0]))
def test_spread_is_exact_where_it_matters(seed: int, tail: float, n: int, enough: float) -> None:
    """(sum z^2)^2 / sum z^4, or a bound that is also large enough."""
    x = columns(seed, tail, n)
    z = x - x.mean(axis=0)
    with np.errstate(invalid="ignore"):
        exact = np.nan_to_num((z**2).sum(axis=0) ** 2 / (z**4).sum(axis=0))
    found = spread(survey(x), np.full(x.shape[1], enough))
    varies = x.min(axis=0) < x.max(axis=0)
    small = exact < enough
    assert found[small & varies] == pytest.approx(exact[small & varies], rel=1e-9)
    assert (found[~small & varies] >= enough).all()
    assert (found <= exact * (1 + 1e-9))[varies].all()


@given(SEEDS, TAILS, st.sampled_from([12, 300]))
def test_leverage_is_exact_where_it_matters(seed: int, tail: float, n: int) -> None:
    """The largest diagonal element of the hat matrix of 1 and the columns, or a bound below."""
    x = columns(seed, tail, n)
    other = np.random.default_rng(seed + 1).normal(size=n)
    z = np.column_stack([x, other]) - np.append(x.mean(axis=0), other.mean())
    u = np.linalg.svd(z / np.maximum(z.std(axis=0), 1e-12), full_matrices=False)
    exact = 1 / n + float((u[0][:, u[1] > 1e-9 * u[1][0]] ** 2).sum(axis=1).max())
    for enough in (0.1, 0.7):
        found = largest_leverage(survey(x, [other]), enough)
        assert found >= exact * (1 - 1e-9)
        assert found <= enough or found == pytest.approx(exact, rel=1e-8)


@given(SEEDS, st.integers(0, 12), st.integers(3, 6))
def test_rows_off_the_commonest_value(seed: int, others: int, cell: int) -> None:
    """Right wherever they are under a cell, wherever in the column they lie."""
    rng = np.random.default_rng(seed)
    x = np.zeros((20_000, 2))
    places = rng.choice(len(x), others, replace=False)
    x[places, 0] = rng.normal(size=others)
    x[:, 1] = rng.normal(size=len(x))
    found = rows_off_commonest(x, cell)
    assert found[0] == others if others < cell else found[0] >= cell
    assert found[1] >= cell
