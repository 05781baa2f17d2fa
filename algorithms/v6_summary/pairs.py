"""Cross-products of pairs of columns over their complete rows, and the correlation they give."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from v6_clinical.disclosure import Policy
from v6_clinical.disclosure.survey import survey
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.halves import of_half


class PairSums(NamedTuple):
    """What a site tells of two columns' complete rows; they add over sites.

    x and y are the columns about their shifts; ``withheld`` is 1 where the site tells nothing.
    """

    n: float = 0.0
    sx: float = 0.0
    sy: float = 0.0
    sxx: float = 0.0
    syy: float = 0.0
    sxy: float = 0.0
    withheld: float = 0.0


class PairNoise(NamedTuple):
    """Covariance of the declared noise in sxx, syy and sxy, about shifts near the pooled means.

    It adds over sites.
    """

    xx: float = 0.0
    xx_yy: float = 0.0
    xx_xy: float = 0.0
    yy: float = 0.0
    yy_xy: float = 0.0
    xy: float = 0.0


@dataclass(frozen=True)
class Correlation:
    """Pearson's r of n complete pairs, and the variance of the declared noise in its arctanh."""

    n: float
    r: float
    noise: float = 0.0


def pairs(columns: int) -> list[tuple[int, int]]:
    """Return the pairs of column indices in the order of the messages."""
    return list(combinations(range(columns), 2))


def told_pairs(columns: list[Array], policy: Policy) -> set[tuple[int, int]]:
    """Return the pairs of columns, shape (rows,) with NaN where missing, that may be told.

    R4: two published row sets that share a column must differ by 0 rows or at least a cell each
    way, or the difference of their sums is the sum of those few rows. R2: the products of two
    columns of zeros and ones are counts. R5: nor does a combination of columns single rows out.
    """
    present = np.array([~np.isnan(values) for values in columns])
    off = [_off_commonest(values) for values in columns]
    patterns, pattern_rows = _patterns(present)
    told: list[tuple[int, int]] = []
    for i, j in pairs(len(columns)):
        complete = present[i] & present[j]
        n = int(complete.sum())
        few = 0 < n < policy.min_rows or policy.is_small(_crossed(off[i], off[j], complete)).any()
        if not few and _is_safe(patterns, pattern_rows, i, j, policy):
            told.append((i, j))
    return _without_combinations(told, columns, present, policy)


def pair_sums(columns: list[Array], shifts: Array, policy: Policy) -> list[PairSums]:
    """Return the sums of each pair of columns, each of shape (rows,) with NaN where missing."""
    safe = told_pairs(columns, policy)
    sums = []
    for i, j in pairs(len(columns)):
        if (i, j) not in safe:
            sums.append(PairSums(withheld=1.0))
            continue
        complete = ~np.isnan(columns[i]) & ~np.isnan(columns[j])
        x, y = columns[i][complete] - shifts[i], columns[j][complete] - shifts[j]
        sums.append(PairSums(len(x), x.sum(), y.sum(), x @ x, y @ y, x @ y))
    return sums


def _without_combinations(
    told: list[tuple[int, int]],
    columns: list[Array],
    present: NDArray[np.bool_],
    policy: Policy,
) -> set[tuple[int, int]]:
    """R5: leave columns out of whose combinations, over the same rows, some single few rows out.

    Products with two columns that differ in one patient differ by that patient's values.
    """
    same: dict[bytes, list[tuple[int, int]]] = {}
    for i, j in told:
        same.setdefault(np.packbits(present[i] & present[j]).tobytes(), []).append((i, j))
    safe: set[tuple[int, int]] = set()
    for found in same.values():
        rows = present[found[0][0]] & present[found[0][1]]
        kept = _safe_columns(
            sorted({place for pair in found for place in pair}), columns, rows, policy
        )
        safe.update((i, j) for i, j in found if i in kept and j in kept)
    return safe


def _safe_columns(
    places: list[int], columns: list[Array], rows: NDArray[np.bool_], policy: Policy
) -> list[int]:
    """Return the columns, all of them or the first ones, whose products may be told together."""

    def safe(some: list[int]) -> bool:
        values = np.column_stack([columns[place][rows] for place in some])
        return policy.allows_products(survey(values))

    if safe(places):
        return places
    kept: list[int] = []
    for place in places:
        if safe([*kept, place]):
            kept.append(place)
    return kept


def _off_commonest(values: Array) -> NDArray[np.bool_] | None:
    """Mark the rows off the value that at least half of the rows share, if there is one."""
    present = values[~np.isnan(values)]
    commonest = np.median(present) if len(present) else np.nan
    off: NDArray[np.bool_] = values != commonest
    return off if 2 * np.count_nonzero(present == commonest) >= len(present) else None


def _crossed(
    first: NDArray[np.bool_] | None, second: NDArray[np.bool_] | None, rows: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Count the rows by whether they are off either column's commonest value."""
    marks = [mark[rows] for mark in (first, second) if mark is not None]
    cell = sum((mark << place for place, mark in enumerate(marks)), np.zeros(rows.sum(), int))
    return np.bincount(cell)


def _patterns(present: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Return the distinct patterns of missing values (patterns, columns) and their rows."""
    if present.all():
        return np.ones((1, len(present)), bool), np.array([present.shape[1]])
    packed = np.ascontiguousarray(np.packbits(present, axis=0).T)
    _, first, rows = np.unique(
        packed.view(f"V{packed.shape[1]}").ravel(), return_index=True, return_counts=True
    )
    return present.T[first], rows.astype(np.int64)


def _is_safe(
    patterns: NDArray[np.bool_], rows: NDArray[np.int64], i: int, j: int, policy: Policy
) -> bool:
    """Compare the pair's rows with those of each column alone and of every pair that shares one."""
    complete = patterns[:, i] & patterns[:, j]
    for shared in (i, j):
        others = patterns & patterns[:, [shared]]  # column k: rows of the pair (shared, k)
        only_here = ((complete[:, None] & ~others) * rows[:, None]).sum(axis=0)
        only_there = ((others & ~complete[:, None]) * rows[:, None]).sum(axis=0)
        if not policy.allows_difference(np.concatenate([only_here, only_there])):
            return False
    return True


def correlation(sums: PairSums, noise: PairNoise) -> Correlation:
    """Return r = (sxy - sx sy/n) / sqrt((sxx - sx^2/n)(syy - sy^2/n)) of one pair's sums."""
    n, sx, sy = sums.n, sums.sx, sums.sy
    if n < 2:
        return Correlation(float(n), np.nan)
    vx, vy, cov = sums.sxx - sx * sx / n, sums.syy - sy * sy / n, sums.sxy - sx * sy / n
    if vx <= 1e-13 * sums.sxx or vy <= 1e-13 * sums.syy:  # a constant: what is left is rounding
        return Correlation(float(n), np.nan)
    r = float(np.clip(cov / np.sqrt(vx * vy), -1, 1))
    return Correlation(float(n), r, _noise(r, vx, vy, noise))


def _noise(r: float, vx: float, vy: float, noise: PairNoise) -> float:
    """Return the variance of the noise in arctanh r, to first order.

    dr = dsxy / sqrt(vx vy) - r/2 (dsxx / vx + dsyy / vy), d arctanh r = dr / (1 - r^2).
    """
    if not any(noise) or abs(r) >= 1:
        return 0.0
    slope = np.array([-r / 2 / vx, -r / 2 / vy, 1 / np.sqrt(vx * vy)])
    covariance = of_half(np.array(noise), 3)
    return max(float(slope @ covariance @ slope), 0.0) / (1 - r * r) ** 2
