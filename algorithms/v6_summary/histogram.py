"""Histograms from the pooled cumulative counts: nothing new leaves a site for them."""

from __future__ import annotations

from typing import Any

import numpy as np

from v6_clinical.numerics.arrays import Array
from v6_summary.moments import Moments, Rough
from v6_summary.quantiles import Curve

BINS_PER_SD = 2  # at least; bins are .25 to .5 sd wide


def histogram(curve: Curve, moments: Moments, about: Rough) -> dict[str, list[Any]]:
    """Return bins between points where the pooled count is exact, as columns lower upper count.

    How far the outermost bins reach stays at the sites: their outer ends are None, but 0 where
    no value is below 0.
    """
    if moments.n == 0:
        return {"lower": [], "upper": [], "count": []}
    edges, below = _edges(curve, moments, about)
    counts = np.diff(below, prepend=0.0, append=moments.n)
    lower: list[Any] = [None, *edges.tolist()]
    upper: list[Any] = [*edges.tolist(), None]
    rows = [(a, b, round(c)) for a, b, c in zip(lower, upper, counts, strict=True)]
    rows = [row for row in rows if row[2] or (row[0] is not None and row[1] is not None)]
    least = 0.0 if about.nonnegative else None
    return {
        "lower": [least if row[0] is None else row[0] for row in rows],
        "upper": [row[1] for row in rows],
        "count": [row[2] for row in rows],
    }


def _edges(curve: Curve, moments: Moments, about: Rough) -> tuple[Array, Array]:
    """Return the edges between bins, and the rows at or below each."""
    exact = curve.at_least == curve.at_most
    if moments.population_sd > 0:
        width = np.ldexp(1.0, int(np.floor(np.log2(moments.population_sd / BINS_PER_SD))))
        exact &= curve.points % width == 0
    if about.nonnegative:
        exact &= curve.points > 0  # rows of 0 share the first bin with those above
    edges, below = curve.points[exact], curve.at_least[exact]
    inner = (below > 0) & (below < moments.n)
    # One empty bin's edge on either side bounds the data where the sites let it be known.
    inner |= np.roll(inner, 1) & (below == moments.n) | np.roll(inner, -1) & (below == 0)
    return edges[inner], below[inner]
