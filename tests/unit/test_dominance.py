"""Bounds that spare large sites a pass hide nothing: the guards decide as the exact formulas do."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from v6_clinical.disclosure.dominance import (
    differing_rows,
    is_distant,
    largest_leverage,
    rows_off_commonest,
    spread,
    vanishing,
)
from v6_clinical.disclosure.survey import survey

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


@example(237132, 40.0, 12)  # two columns of one row each, but for 4e-11
@example(888057, 40.0, 12)
@given(SEEDS, TAILS, st.sampled_from([12, 300]))
def test_leverage_is_exact_where_it_matters(seed: int, tail: float, n: int) -> None:
    """The largest diagonal element of the hat matrix of 1 and the columns, or a bound below."""
    x = columns(seed, tail, n)
    other = np.random.default_rng(seed + 1).normal(size=n)
    z = np.column_stack([x, other]) - np.append(x.mean(axis=0), other.mean())
    u = np.linalg.svd(z / np.maximum(z.std(axis=0), 1e-12), full_matrices=False)
    kept = u[1] > 1e-9 * u[1][0]
    exact = 1 / n + float((u[0][:, kept] ** 2).sum(axis=1).max())
    # columns that are all but one another are told apart to fewer digits, here and there
    digits = 1e-9 + 100 * np.finfo(float).eps * u[1][0] / u[1][kept].min()
    for enough in (0.1, 0.7):
        found = largest_leverage(survey(x, [other]), enough)
        assert found <= 1
        assert found >= exact * (1 - digits)
        assert found <= enough or found == pytest.approx(exact, rel=10 * digits)


@pytest.mark.parametrize("n", [300, 30_000])
@pytest.mark.parametrize("gap", [1.0, 1e-4, 1e-9])
def test_a_combination_that_all_but_cancels_is_not_rounding(gap: float, n: int) -> None:
    """Columns that differ in one row have leverage 1; those that are the same have none of it."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(n, 2))
    near = x[:, 0] + x[:, 1]
    same = largest_leverage(survey(np.column_stack([x, near])), 0.7)
    near[3] += gap
    assert largest_leverage(survey(np.column_stack([x, near])), 0.7) == pytest.approx(1, abs=0.05)
    assert same < 0.1


def test_columns_whose_squares_vanish_are_told() -> None:
    x = np.random.default_rng(1).normal(size=50)
    about = survey(np.column_stack([x, 1e-150 * x, np.zeros(50), 1e-20 * x]))
    assert vanishing(about).tolist() == [False, True, False, False]


@pytest.mark.parametrize("n", [1, 7, 30_000])
def test_a_constant_column_does_not_vary_whatever_its_mean_is_rounded_to(n: int) -> None:
    """So it is far from no number, and a column of ones is none of zeros and ones."""
    about = survey(np.tile([0.1, 1e9 / 3, 1.0], (n, 1)), [np.full(n, 0.7)])
    assert (about.low == about.high).all()
    assert not is_distant(about, np.array([1e5, 1e18, 1e6])).any()
    assert len(differing_rows(about)[0]) == 0


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_survey_holds_extremes_and_products(order: str) -> None:
    rng = np.random.default_rng(3)
    x = np.asarray(rng.normal(1e6, 1.0, (20_000, 3)), order=order)
    y = (rng.random(len(x)) < 0.3).astype(float)
    about, both = survey(x, [y]), np.column_stack([x, y])
    assert about.low == pytest.approx(both.min(axis=0), rel=1e-15)
    assert about.high == pytest.approx(both.max(axis=0), rel=1e-15)
    z = both - both.mean(axis=0)
    assert about.products == pytest.approx(z.T @ z, rel=1e-10, abs=1e-7)


@pytest.mark.parametrize("n", [4_000, 30_000])
def test_a_survey_loses_no_digits(n: int) -> None:
    """The means of some rows, here the least alike to all, are taken off; counts stay whole."""
    rng = np.random.default_rng(n)
    stride = max(n // 1_000, 1)
    odd = np.where(np.arange(n) % stride == 0, -1e3, rng.normal(size=n))
    dates = np.sort(rng.integers(1_600_000_000, 1_600_100_000, n)).astype(float)
    far, rare = rng.normal(size=n) + 1e9, (rng.random(n) < 0.1).astype(float)
    x = np.column_stack([odd, dates, far, rare, np.full(n, 0.1)])
    found = survey(x)
    z = (x - x.mean(axis=0)).astype(np.longdouble)
    z -= z.mean(axis=0)
    exact = np.array(z.T @ z, dtype=float)
    size = np.sqrt(np.diag(exact))
    size[4] = 1.0  # a constant column has no products, not even of rounding
    assert np.abs((found.products - exact) / np.outer(size, size)).max() < 1e-12
    assert found.sums[3] == rare.sum()
    assert (found.products[4] == 0).all()


@pytest.mark.parametrize("level", [1.8e13, 3.7e14, 4.1e15])
def test_a_column_that_all_but_is_constant_is_seen_as_it_is(level: float) -> None:
    """One row makes it. What was taken off first is near the mean, and 1e4 times its distance."""
    unit, x = np.spacing(level), np.full((1_000_000, 1), level)
    x[[5, 77, 1_001, 5_003]] += unit
    x[123_456] += 30 * unit
    about = survey(x)
    exact = 30**2 + 4 - 34**2 / len(x)
    assert about.products[0, 0] / unit**2 == pytest.approx(exact, rel=1e-3)
    assert spread(about, np.array([2.0]))[0] < 1.1


@given(SEEDS, st.sampled_from([12, 300]))
def test_rows_in_which_two_columns_of_zeros_and_ones_differ(seed: int, n: int) -> None:
    x = columns(seed, 1.0, n)
    y = np.roll(x[:, 3], 1)
    if set(x[:, 3]) == {0.0, 1.0}:
        differ = int((x[:, 3] != y).sum())
        x[:, 3] = 7.5 - x[:, 3] / 3  # whatever the two values are
        places, rows = differing_rows(survey(x, [1 - y]))
        assert list(places) == [3, 4]
        assert rows.tolist() == [[[0, differ], [differ, 0]], [[n, n - differ], [n - differ, n]]]


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


@pytest.mark.parametrize("far", [0.0, 1e6])
@pytest.mark.parametrize("n", [7, 3_000, 20_000])
def test_third_powers_and_weighted_products(n: int, far: float) -> None:
    rng = np.random.default_rng(n)
    design = np.asfortranarray(rng.gamma(2.0, 3.0, (n, 3)) + far)
    design[:, 0] = 1.0
    design[0, 2] += 1e4  # off the rows that the means are first taken from
    y, w = rng.normal(size=n), rng.uniform(0.5, 3.0, n)
    found = survey(design, [y, w], cubes=True, weights=1)
    columns = np.column_stack([design, y, w])
    z = columns - columns.mean(axis=0)
    assert found.cubes is not None
    assert found.weighted is not None
    size = (np.abs(z) ** 3).sum(axis=0)
    np.testing.assert_allclose(found.cubes, (z**3).sum(axis=0), atol=1e-9 * size.max())
    ones = np.column_stack([np.ones(n), z[:, :3]])
    products = (ones * w[:, None]).T @ ones
    unit = np.sqrt(np.outer(np.diag(products), np.diag(products)))
    np.testing.assert_allclose(found.weighted, products, rtol=0, atol=1e-9 * unit.max())
    known = (design * w[:, None]).T @ design
    np.testing.assert_allclose(found.weighted_gram, known, rtol=1e-9)
    assert survey(design, [y, w]).cubes is None
