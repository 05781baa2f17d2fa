"""A row set's moments: without noise those of the rows, with it those of rows much like them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from v6_clinical.disclosure.blur import Blur
from v6_clinical.numerics.arrays import Array
from v6_summary.moments import FirstSums, power_sums
from v6_summary.row_sets import RowSet, RowSets

N = 80
FAINT = Blur(tau=1e-9, floor=0.0, secret=b"faint")
SHIPPED = Blur(tau=0.01, floor=0.15, secret=b"shipped")
KINDS: dict[str, Callable[[np.random.Generator], Array]] = {
    "ages": lambda rng: rng.integers(20, 90, N).astype(float),
    "a large mean": lambda rng: 1e6 + rng.normal(size=N),
    "a larger mean": lambda rng: -1e9 + rng.normal(size=N),
    "skewed": lambda rng: rng.lognormal(0, 1.5, N),
    "yes and no": lambda rng: (rng.random(N) < 0.3).astype(float),
    "its own negative": lambda rng: rng.permutation(np.arange(N) % 4 // 2 + np.arange(N) % 2.0),
    "half and half": lambda rng: rng.permutation(np.arange(N) % 2).astype(float),
    "tiny": lambda rng: 1e-30 * rng.normal(size=N),
    "constant": lambda rng: np.full(N, 37.1),
}
COLUMNS = pytest.mark.parametrize("kind", KINDS)


def columns(seed: int = 1) -> list[Array]:
    """One of each kind, two that depend on others, and two of which values are missing."""
    rng = np.random.default_rng(seed)
    found = [make(rng) for make in KINDS.values()]
    found += [found[0] / 12, found[1] - found[3]]
    for some in (slice(0, 12), slice(5, 30)):
        found.append(rng.normal(size=N))
        found[-1][some] = np.nan
    return found


def every() -> Array:
    return np.ones(N, dtype=bool)


def standardised(rows: RowSet, column: Array) -> Array:
    """Return the noise in each moment of the first column, in units that no spelling changes."""
    (k,) = (rows.places.index(0),)
    told, sd = rows.told, column.std()
    u = (column - column.mean()) / sd
    return np.array(
        [
            (told.mean[k] - column.mean()) / sd,
            told.squares[k, k] / N / sd**2 - 1,
            told.third[k] - (u**3).mean(),
            told.fourth[k] - (u**4).mean(),
        ]
    )


@pytest.mark.parametrize("shift", [0.3, -2.0])
@pytest.mark.parametrize("place", range(len(columns())))
def test_faint_noise_leaves_the_rows_power_sums(place: int, shift: float) -> None:
    values = columns()[place]
    known = values[~np.isnan(values)]
    about = float(known.mean() + shift * known.std())
    found = RowSets(columns(), FAINT, together=True).of(place).power_sums(place, about)
    expected = power_sums(known, about)
    slack = 1e-7 * np.array([1, *(len(known) * max(known.std(), 1e-9) ** k for k in (1, 2, 3, 4))])
    assert found.n == len(known)
    assert (np.abs(np.array(found) - expected)[:5] <= 1e2 * slack + 1e-15 * abs(about)).all()


def test_faint_noise_leaves_the_products_of_pairs() -> None:
    some = columns()
    sets = RowSets(some, FAINT, together=True)
    shifts = np.array([np.nanmean(column) for column in some])
    for i in range(len(some)):
        for j in range(i):
            rows = ~np.isnan(some[i]) & ~np.isnan(some[j])
            x, y = some[i][rows] - shifts[i], some[j][rows] - shifts[j]
            found = sets.of_pair(i, j).pair_sums(i, j, shifts)
            size = np.sqrt((x @ x) * (y @ y))
            assert found.n == rows.sum()
            assert found.sxy == pytest.approx(x @ y, rel=1e-7, abs=1e-7 * size)
            assert found.sxx == pytest.approx(x @ x, rel=1e-7)


@pytest.mark.parametrize("seed", range(5))
def test_what_is_told_is_possible(seed: int) -> None:
    sets = RowSets(columns(seed), Blur(0.1, 0.5, bytes([seed])), together=True)
    rows = RowSets(columns(seed), FAINT, together=True)
    for place in range(len(columns())):
        told = sets.of(place).told
        assert (np.diag(told.squares) >= 0).all()
        size = np.sqrt(np.diag(told.squares))
        unit = np.where(size > 0, size, 1.0)
        scaled = told.squares / unit / unit[:, None]
        # two roundings to half of a last digit: of the noise, and of what is told with it
        longest = np.maximum(unit, np.sqrt(np.diag(rows.of(place).told.squares)))
        least = np.linalg.eigvalsh(told.squares / longest / longest[:, None]).min()
        assert least > -2 * len(size) * told.scale.e * 2.0**-10 - 1e-9
        assert np.abs(scaled).max() <= 1 + 1e-12
        varies = size > 0
        assert (told.fourth[varies] >= (1 + told.third[varies] ** 2) * (1 - 1e-15)).all()


@COLUMNS
def test_a_moved_shift_tells_nothing_new(kind: str) -> None:
    values = KINDS[kind](np.random.default_rng(2))
    sets, sd = RowSets([values], SHIPPED, together=True), max(float(values.std()), 1e-9)
    found = []
    for shift in values.mean() + sd * np.linspace(-3, 3, 12):
        n, s1, s2, s3, s4, _ = sets.of(0).power_sums(0, float(shift))
        d, a2, a3 = s1 / n, s2 / n, s3 / n
        third = a3 - 3 * d * a2 + 2 * d**3
        fourth = s4 / n - 4 * d * a3 + 6 * d**2 * a2 - 3 * d**4
        found.append([(d + shift - values.mean()) / sd, (a2 - d**2) / sd**2])
        found[-1] += [third / sd**3, fourth / sd**4]
    rounding = 1e-11 + 1e-14 * abs(values.mean()) / sd
    assert np.ptp(found, axis=0).max() < rounding


SPELLINGS: dict[str, Callable[[list[Array]], list[Array]]] = {
    "other rows first": lambda some: [column[::-1] for column in some],
    "other columns first": lambda some: [some[0], *some[:0:-1]],
    "another unit": lambda some: [column * 2.54 for column in some],
    "another zero": lambda some: [column - 273.15 for column in some],
    "the other way up": lambda some: [-column for column in some],
    "one the other way up": lambda some: [-some[0], *some[1:]],
    "a copy beside": lambda some: [*some, some[0] * 12],
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind not in ("constant", "half and half")]
)
def test_spellings_draw_nothing_new(kind: str, spelling: str) -> None:
    """Each noise is the same in the column's own units, the other way up where the column is."""
    rng = np.random.default_rng(3)
    some = [KINDS[kind](rng), *(rng.gamma(2.0, size=N) for _ in range(3))]
    if (kind, spelling) in (("a larger mean", "another unit"), ("tiny", "another zero")):
        pytest.skip("the rows themselves are rounded anew")
    other = SPELLINGS[spelling](some)
    sign = -1.0 if "the other way up" in spelling else 1.0
    one = standardised(RowSets(some, SHIPPED, together=True).of(0), some[0])
    two = standardised(RowSets(other, SHIPPED, together=True).of(0), other[0])
    # told to a thousandth of the noise, in each unit; a copy has no coordinate of its own
    size = np.array([0.02, 0.1, 0.2, 1.0])
    if spelling == "a copy beside":
        assert (np.abs(one - two) > 1e-3 * size).any()  # it is another set of columns
    else:
        assert (np.abs(one - two * np.array([sign, 1, sign, 1])) < 4e-3 * size).all()


@COLUMNS
def test_by_itself_a_column_is_told_alike_whatever_stands_beside(kind: str) -> None:
    rng = np.random.default_rng(3)
    values, beside = KINDS[kind](rng), [rng.normal(size=N), rng.gamma(2.0, size=N)]
    found = [
        RowSets([values, *some], SHIPPED, together=False).of(0).told
        for some in ([], beside[:1], beside)
    ]
    alone = {(told.mean[0], told.squares[0, 0], told.fourth[0]) for told in found}
    assert len(alone) == 1
    together = RowSets([values, *beside], SHIPPED, together=True).of(0).told
    other = together.mean[0], together.squares[0, 0], together.fourth[0]
    assert kind == "constant" or alone != {other}
    assert together.scale.e >= found[0].scale.e


def test_many_columns_of_few_rows_have_the_noise_that_is_declared() -> None:
    """40 columns of 80 rows: E would be cut to a quarter of it."""
    some = [*np.random.default_rng(6).normal(size=(40, N))]
    exact, off = np.corrcoef(some), []
    for draw in range(10):
        told = RowSets(some, Blur(0.01, 0.15, bytes([draw])), together=True).of(0).told
        size = np.sqrt(np.diag(told.squares))
        r = told.squares / np.outer(size, size)
        assert np.linalg.eigvalsh(r).min() > -0.01  # of rounding
        off.append((r - exact)[np.triu_indices(40, 1)] / told.scale.e)
    assert 0.85 < np.std(off) < 1.1


def test_a_column_that_is_its_own_negative_does_not_give_its_mean_away() -> None:
    values = 3.0 + KINDS["half and half"](np.random.default_rng(3))
    off = []
    for draw in range(6):
        noise = Blur(0.01, 0.15, bytes([draw]))
        up, down = (
            RowSets([one], noise, together=True).of(0).told.mean[0] for one in (values, -values)
        )
        off.append([abs((up - down) / 2 - values.mean()), abs(up - values.mean())])
    assert (np.max(off, axis=0) > 1e-4).all()


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_few_rows(rows: int) -> None:
    some = [np.arange(3.0)[:rows], np.arange(3.0)[:rows] ** 2]
    found = RowSets(some, SHIPPED, together=True).of(0)
    assert np.isfinite(found.power_sums(0, 0.0)).all()
    assert np.isfinite(found.noise_sums(0, 0.0)).all()
    assert np.isfinite(found.pair_sums(0, 1, np.zeros(2))).all()
    assert np.isfinite(found.pair_noise(0, 1, np.zeros(2))).all()
    assert found.first(0, FirstSums(rows)).n == rows


def test_a_constant_column_is_told_as_it_is() -> None:
    """There is no row that it could hide, and no spread to measure noise by."""
    found = RowSets([np.full(N, 37.1)], SHIPPED, together=True).of(0)
    assert found.power_sums(0, 37.0)[1:3] == pytest.approx((N * 0.1, N * 0.01), rel=1e-9)
    assert found.noise_sums(0, 37.0) == (0.0, 0.0)


def test_other_rows_are_another_draw() -> None:
    values = KINDS["ages"](np.random.default_rng(4))
    sets = RowSets([values], SHIPPED, together=True)
    some = np.arange(N) > 0
    one, other = sets.of(0), sets.of(0, some)
    noise = standardised(one, values)[0], other.told.mean[0] - values[some].mean()
    assert abs(noise[0] * values.std() - noise[1]) > 1e-9


@pytest.mark.parametrize("draws", [5, pytest.param(200, marks=pytest.mark.repeats)])
@COLUMNS
def test_the_exact_sums_lie_within_five_declared_sd(kind: str, draws: int) -> None:
    rng = np.random.default_rng(5)
    values, beside = KINDS[kind](rng), rng.normal(size=N)
    shift, exact = float(values.mean()), []
    own = power_sums(values, shift)
    for draw in range(draws):
        rows = RowSets([values, beside], Blur(0.01, 0.15, bytes([draw])), together=True).of(0)
        told, true = (np.array(s)[1:3] for s in (rows.power_sums(0, shift), own))
        off, sd = told - true, np.sqrt(rows.noise_sums(0, shift))
        if sd[1]:  # it is a share of the exact square, and declared as one of what is told
            sd[1] *= max(1.0, true[1] / told[1])
        exact.append(np.divide(off, sd, out=np.zeros(2), where=sd > 0))
    assert np.abs(exact).max() < 6.5
    if draws > 100 and kind != "constant":
        # d and e are rounded up; the entries of E have sd e, of which 1.4 e is declared
        assert (np.std(exact, axis=0) < 1.15).all()
        assert (np.std(exact, axis=0) > 0.3).all()
