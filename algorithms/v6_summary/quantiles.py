"""Quantiles of the pooled rows, from cumulative counts: a certain interval and an estimate.

Type 7 (R's default): with h = (n-1) q, j = floor(h) + 1 and f = h - floor(h), the quantile is
(1-f) x_(j) + f x_(j+1). The counts place each order statistic between two points of the grid;
where the grid does not reach, Cantelli's inequality does: at least j of n values are <= x_(j), so
x_(j) >= mean - sd sqrt((n-j)/j), and likewise above. Where no value is below 0 nor is a quantile.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from v6_clinical.numerics.arrays import Array
from v6_summary.moments import Moments, Rough

CERTAIN = 6.0  # standard deviations of noise


@dataclass(frozen=True)
class Curve:
    """Pooled cumulative bounds: at_least <= #{x <= point} <= at_most, arrays of one length."""

    points: Array
    at_least: Array
    at_most: Array

    def merge(self, finer: Curve) -> Curve:
        """Return the curve on both sets of points, each point with its tighter bounds."""
        points = np.union1d(self.points, finer.points)
        mine, theirs = self.at(points), finer.at(points)
        at_least = np.maximum(mine.at_least, theirs.at_least)
        return Curve(points, at_least, np.minimum(mine.at_most, theirs.at_most))

    def at(self, points: Array) -> Curve:
        """Return the bounds that these give at other points, increasing; inf above the last."""
        floor, ceiling = np.append(0.0, self.at_least), np.append(self.at_most, np.inf)
        return Curve(
            points,
            floor[np.searchsorted(self.points, points, side="right")],
            ceiling[np.searchsorted(self.points, points, side="left")],
        )


@dataclass(frozen=True)
class Interval:
    """An estimate in a certain interval [low, high].

    The estimate is NaN where cells of the grid do not bound it on both sides: a guess in an open
    tail would be no estimate.
    """

    estimate: float
    low: float
    high: float


def quantile(q: float, curve: Curve, moments: Moments, about: Rough) -> Interval:
    """Return the quantile q of the n rows behind a curve.

    Parameters
    ----------
    q
        Between 0 and 1.
    curve
        Pooled cumulative bounds.
    moments
        Pooled moments of the same rows, n >= 1.
    about
        What is known of all values: of whole numbers an interval that holds one of them is exact.
    """
    places, f = neighbours(q, curve, moments, about), _position(q, round(moments.n))[1]
    first, second = places[0], places[-1]
    return Interval(
        (1 - f) * first.estimate + f * second.estimate,
        (1 - f) * first.low + f * second.low,
        (1 - f) * first.high + f * second.high,
    )


def neighbours(q: float, curve: Curve, moments: Moments, about: Rough) -> list[Interval]:
    """Return the one or two order statistics that the quantile q lies between."""
    n = round(moments.n)
    j, f = _position(q, n)
    wanted = (j,) if f == 0.0 else (j, j + 1)
    return [_order_statistic(k, n, curve, moments, about) for k in wanted]


def _position(q: float, n: int) -> tuple[int, float]:
    """Return j (from 1) and f; (n-1) q = 94.99999999999999 means 95, as in R."""
    h = (n - 1) * q
    fuzz = 4 * np.finfo(float).eps * max(1.0, h)
    j = int(np.floor(h + fuzz))
    f = h - j
    return j + 1, 0.0 if abs(f) < fuzz else float(f)


def _order_statistic(j: int, n: int, curve: Curve, moments: Moments, about: Rough) -> Interval:
    reached = np.flatnonzero(curve.at_least >= j)  # x_(j) <= these points
    beyond = np.flatnonzero(curve.at_most < j)  # x_(j) > these points
    low, high = _cantelli(j, n, moments)
    count_low, count_high = 0.0, float(n)
    bounded_below = bounded_above = False
    if len(beyond) and curve.points[beyond[-1]] >= low:
        low, count_low = curve.points[beyond[-1]], _middle(curve, int(beyond[-1]))
        bounded_below = True
    if len(reached) and curve.points[reached[0]] <= high:
        high, count_high = curve.points[reached[0]], _middle(curve, int(reached[0]))
        bounded_above = True
    if about.whole:
        low, high = _whole_numbers(low, high, open_below=bounded_below)
    if about.nonnegative:
        low = max(low, 0.0)
    high = max(high, low)
    if not (bounded_below and bounded_above) and high > low:
        return Interval(np.nan, float(low), float(high))
    share = (j - 0.5 - count_low) / max(count_high - count_low, 1.0)
    estimate = low + (high - low) * float(np.clip(share, 0, 1))
    return Interval(float(estimate), float(low), float(high))


def _whole_numbers(low: float, high: float, *, open_below: bool) -> tuple[float, float]:
    """Return the least and the greatest whole number in (low, high], or in [low, high]."""
    return float(np.floor(low) + 1 if open_below else np.ceil(low)), float(np.floor(high))


def _middle(curve: Curve, index: int) -> float:
    return float(curve.at_least[index] + curve.at_most[index]) / 2


def _cantelli(j: int, n: int, moments: Moments) -> tuple[float, float]:
    """Return bounds of x_(j), a little wider than exact to allow for rounding.

    Where mean and variance bear declared noise, with ``CERTAIN`` of its sds to the safe side.
    """
    sd, unsure = moments.population_sd, CERTAIN * moments.square_noise
    sd = float(np.sqrt(sd**2 + unsure)) if unsure else sd
    slack = 1e-9 * sd + 8 * np.finfo(float).eps * abs(moments.mean) + CERTAIN * moments.mean_noise
    low = moments.mean - sd * np.sqrt((n - j) / j) - slack
    high = moments.mean + sd * np.sqrt((j - 1) / (n - j + 1)) + slack
    return float(low), float(high)
