"""Rank tests from cumulative counts: Wilcoxon's and Kruskal and Wallis's, with certain bounds.

The edges of the grid cut the line into intervals (e_{k-1}, e_k]. Of a group's rows at least L_k and
at most U_k are at or below e_k, so L_k - L_{k-1} rows reach no higher than interval k, and
U_k - U_{k-1} rows begin no lower. The count of pairs x > y, ties half,

    W = #{x > y} + #{x = y} / 2,

is largest with every x as high and every y as low as they may be, and smallest the other way round.
Two rows of one interval that holds a single value (whole numbers in cells of width 1; 0 where none
is below) are tied for certain. Where every interval is such a one the bounds meet, and the tests
are those of the rows: R's ``wilcox.test(exact = FALSE, correct = FALSE)`` and ``kruskal.test``.

Ties enter the variance through T = sum t^3 - t over the sizes t of the ties: at least the certain
ones, at most all rows that may share an interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from v6_clinical.numerics.arrays import Array
from v6_summary.comparison import Test
from v6_summary.moments import Rough
from v6_summary.quantiles import Curve

Bounds = tuple[float, float]  # least and greatest


@dataclass(frozen=True)
class Placed:
    """The rows of each group by interval.

    Parameters
    ----------
    at_least, at_most
        Shape (groups, intervals): bounds of the rows at or below each interval's end. The last
        interval has no end: there both are the group's rows.
    single
        Shape (intervals,): the interval holds one possible value.
    """

    at_least: Array
    at_most: Array
    single: NDArray[np.bool_]

    @property
    def rows(self) -> Array:
        """Return the rows of each group."""
        return np.asarray(self.at_least[:, -1])

    def wins(self, group: int) -> Bounds:
        """Return bounds of W, the pairs in which a row of the group is above one of the others."""
        others = np.arange(len(self.at_least)) != group
        mine = self.at_least[group], self.at_most[group]
        theirs = self.at_least[others].sum(axis=0), self.at_most[others].sum(axis=0)
        losses = _most_wins(theirs[0], mine[1], self.single)
        every = self.rows[group] * self.rows[others].sum()
        return float(every - losses), _most_wins(mine[0], theirs[1], self.single)

    def ties(self) -> Bounds:
        """Return bounds of T = sum t^3 - t over the ties of all rows."""
        low, high = self.at_least.sum(axis=0), self.at_most.sum(axis=0)
        certain = np.where(self.single, low - _before(high), 0.0)
        n = low[-1]
        most = min(_cubes(high - _before(low)), _cubes(np.array([n])))
        return _cubes(np.maximum(certain, 0.0)), most


def _before(counts: Array) -> Array:
    """Return the counts below each interval."""
    return np.concatenate([[0.0], counts[:-1]])


def _most_wins(tops: Array, bottoms: Array, single: NDArray[np.bool_]) -> float:
    """Return the most pairs x > y: each x in its highest interval, each y in its lowest one.

    ``tops`` is L of x and ``bottoms`` is U of y, shape (intervals,).
    """
    below = _before(bottoms)
    beaten = below + np.where(single, 0.5, 1.0) * (bottoms - below)
    return float((tops - _before(tops)) @ beaten)


def _cubes(sizes: Array) -> float:
    return float((sizes**3 - sizes).sum())


def placed(curves: Sequence[Curve], rows: Sequence[float], about: Rough) -> Placed:
    """Return the groups' rows on the intervals between all points of their curves.

    Parameters
    ----------
    curves, rows
        Cumulative bounds and rows of each group.
    about
        What is known of all values.
    """
    points = np.unique(np.concatenate([curve.points for curve in curves]))
    bounds = [curve.at(points) for curve in curves]
    n = np.array(rows, dtype=np.float64)[:, None]
    low = np.minimum([curve.at_least for curve in bounds], n)
    high = np.minimum([curve.at_most for curve in bounds], n)
    if about.whole:  # at or below 1.5 is at or below 1
        points, low, high = _at_whole_numbers(points, low, high)
    if about.nonnegative:
        keep = points >= 0
        points, low, high = points[keep], low[:, keep], high[:, keep]
    widths = np.diff(points, prepend=-np.inf, append=np.inf)
    single = (widths == 1) & about.whole
    single[0] |= about.nonnegative and len(points) > 0 and points[0] == 0
    return Placed(np.hstack([low, n]), np.hstack([high, n]), single)


def _at_whole_numbers(points: Array, low: Array, high: Array) -> tuple[Array, Array, Array]:
    """Return the whole numbers below points, each with the tightest of its points' bounds."""
    whole, first = np.unique(np.floor(points), return_index=True)
    last = np.append(first[1:], len(points)) - 1
    return whole, low[:, last], high[:, first]


def rank_test(groups: Placed) -> Test:
    """Return Wilcoxon's test (two groups) or Kruskal and Wallis's (more), without correction.

    The statistic is W of the first group, or H corrected for ties; it and the p-value are NaN
    where their bounds do not meet.
    """
    used = groups.rows > 0
    name = "wilcoxon" if len(used) == 2 else "kruskal"
    if used.sum() < 2:
        return Test(name)
    kept = Placed(groups.at_least[used], groups.at_most[used], groups.single)
    return _wilcoxon(kept) if name == "wilcoxon" else _kruskal(kept)


def _wilcoxon(groups: Placed) -> Test:
    """Return the test of z = (W - mn/2) / sqrt(mn/12 (N + 1 - T/(N (N - 1))))."""
    from scipy import stats

    (m, k), n = groups.rows, groups.rows.sum()
    wins, ties = groups.wins(0), groups.ties()
    variance = [m * k / 12 * (n + 1 - t / (n * (n - 1))) for t in ties]
    off = _distance(wins, m * k / 2)
    z = _ratio(off[0], variance[0] ** 0.5), _ratio(off[1], max(variance[1], 0.0) ** 0.5)
    exact = wins[0] == wins[1] and ties[0] == ties[1]
    p_high, p_low = (float(2 * stats.norm.sf(one)) for one in z)
    return _told("wilcoxon", wins[0], np.nan, (p_low, p_high), exact=exact)


def _kruskal(groups: Placed) -> Test:
    """Return the test of H = 12 S / (N (N + 1) (1 - T/(N^3 - N))) on groups - 1 degrees of freedom.

    S = sum n_g (r_g - (N + 1)/2)^2 over the groups' mean ranks r_g, of which each has bounds, and
    sum n_g r_g = N (N + 1)/2 for certain.
    """
    from scipy import stats

    rows, n = groups.rows, groups.rows.sum()
    wins, ties = [groups.wins(g) for g in range(len(rows))], groups.ties()
    low, high = (rows + 1) / 2 + np.array(wins).T / rows
    middle = (n + 1) / 2
    far = np.maximum(abs(low - middle), abs(high - middle))
    nearest = _nearest(rows, low, high, middle)
    squares = float(rows @ (nearest - middle) ** 2), float(rows @ far**2)
    tied = [1 - t / (n**3 - n) for t in ties]
    h = [_ratio(12 * s / (n * (n + 1)), max(v, 0.0)) for s, v in zip(squares, tied, strict=True)]
    exact = bool((low == high).all()) and ties[0] == ties[1]
    h = [h[1], h[1]] if exact else h
    df = len(rows) - 1.0
    p_high, p_low = (float(stats.chi2.sf(one, df)) for one in h)
    return _told("kruskal", h[0], df, (p_low, p_high), exact=exact)


def _nearest(rows: Array, low: Array, high: Array, middle: float) -> Array:
    """Return the mean ranks of least S: the middle clipped to the bounds, moved to their sum."""
    moves = np.sort(np.concatenate([low, high]))
    sums = np.array([rows @ np.clip(move, low, high) for move in moves])
    move = np.interp(rows.sum() * middle, sums, moves)
    return np.asarray(np.clip(move, low, high))


def _distance(bounds: Bounds, middle: float) -> Bounds:
    """Return the least and the greatest distance of what lies within bounds from the middle."""
    ends = abs(bounds[0] - middle), abs(bounds[1] - middle)
    return 0.0 if bounds[0] <= middle <= bounds[1] else min(ends), max(ends)


def _ratio(part: float, whole: float) -> float:
    if whole > 0:
        return part / whole
    return np.inf if part > 0 else np.nan


def _told(name: str, statistic: float, df: float, p: Bounds, *, exact: bool) -> Test:
    """Return the test: one number where its bounds meet, else the bounds of its p-value."""
    if np.isnan(p).any():  # all rows may be tied: any p-value is possible
        return Test(name, df=df) if exact else Test(name, df=df, p_low=0.0, p_high=1.0)
    if not exact:
        return Test(name, df=df, p_low=p[0], p_high=p[1])
    return Test(name, statistic, df, p_value=p[0], p_low=p[0], p_high=p[0])
