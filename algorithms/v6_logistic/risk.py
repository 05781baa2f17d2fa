"""Discrimination and calibration from counts: concordant pairs, and risks on a universal grid.

At a site: exact pairs within it, and cumulative counts by outcome at points of the dyadic grid of
the linear predictor, shown only where a cell ends (``v6_clinical.cells``). At the centre: bounds of
the pooled AUC, a ROC curve and calibration groups from the points that all sites show.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from v6_clinical.cells import Window, base_level, partition

Array = NDArray[np.float64]

DECIMALS = 11  # of a linear predictor: rows with equal covariates differ in the last bits
GROUPS = 10  # of a calibration table
CELLS_PER_SD = 32


def concordance(eta: Array, events: Array, weights: Array) -> Array:
    """Return concordant, tied and all pairs of an event and a non-event, shape (3,).

    A pair weighs the product of its weights; it is concordant if the event has the higher risk.
    """
    _, place = np.unique(np.round(eta, DECIMALS), return_inverse=True)
    ones = np.bincount(place, weights * events)
    zeros = np.bincount(place, weights * (1 - events))
    below = np.cumsum(zeros) - zeros
    return np.array([ones @ below, ones @ zeros, ones.sum() * zeros.sum()])


def window(mean: float, sd: float) -> Window | None:
    """Return the grid's points over mean ± 6 sd of the linear predictor, none if it is constant.

    Cells are between sd/64 and sd/32 wide.
    """
    if not sd > 0 or sd < 1e-9 * abs(mean):
        return None
    level = int(np.floor(np.log2(sd / CELLS_PER_SD)))
    first, last = (int(np.floor(np.ldexp(mean + k * sd, -level))) for k in (-6, 6))
    return Window(level, first, last)


def risk_counts(
    eta: Array, events: Array, weights: Array, mu: Array, grid: Window, min_cell: int
) -> Array:
    """Return cumulative sums at the points, and where they are hidden; shape (4, points).

    Rows: weights of non-events and of events at or below a point, sum of w mu of both, and 1
    where the point lies within a cell, whose other entries are 0.
    """
    points = grid.points()
    order = np.argsort(eta, kind="stable")
    y = events[order] > 0
    cells = partition(eta[order], grid, base_level(eta), min_cell, events=y)
    w = weights[order]
    parts = np.array([np.where(y, 0.0, w), np.where(y, w, 0.0), w * mu[order]])
    sums = np.concatenate([np.zeros((3, 1)), np.cumsum(parts, axis=1)], axis=1)
    found = np.zeros((4, len(points)))
    found[3] = 1.0
    place = dict(zip(cells.edges.tolist(), cells.below.tolist(), strict=True))
    for i, point in enumerate(points.tolist()):
        if point in place:
            found[:3, i], found[3, i] = sums[:, place[point]], 0.0
    return found


@dataclass(frozen=True)
class Risks:
    """Pooled cumulative sums at points that every site shows, and beyond all points.

    Parameters
    ----------
    points
        Linear predictor, shape (m,), increasing.
    zeros, ones, expected
        Weights of non-events and of events, and sum of w mu, in the m + 1 cells.
    """

    points: Array
    zeros: Array
    ones: Array
    expected: Array


def pooled_risks(counts: Array, grid: Window, totals: Array) -> Risks:
    """Return the cells between points that no site hides; ``totals`` has shape (3,)."""
    shown = counts[3] == 0
    sums = np.column_stack([np.zeros(3), counts[:3, shown], totals])
    zeros, ones, expected = np.diff(sums, axis=1)
    return Risks(grid.points()[shown], zeros, ones, expected)


def auc_bounds(risks: Risks) -> tuple[float, float] | None:
    """Return the least and the greatest AUC that the cells allow, none without both outcomes.

    Pairs in different cells are decided; a pair within a cell may be anything.
    """
    pairs = float(risks.ones.sum() * risks.zeros.sum())
    if not pairs > 0:
        return None
    decided = float(risks.ones @ (np.cumsum(risks.zeros) - risks.zeros))
    within = float(risks.ones @ risks.zeros)
    return decided / pairs, (decided + within) / pairs


def roc(risks: Risks) -> dict[str, list[float]]:
    """Return the exact points of the ROC curve: a risk above the threshold is called positive."""
    ones, zeros = risks.ones.sum(), risks.zeros.sum()
    if not (ones > 0 and zeros > 0):
        return {"threshold": [], "false_positive_rate": [], "true_positive_rate": []}
    return {
        "threshold": (1 / (1 + np.exp(-risks.points))).tolist(),
        "false_positive_rate": (1 - np.cumsum(risks.zeros)[:-1] / zeros).tolist(),
        "true_positive_rate": (1 - np.cumsum(risks.ones)[:-1] / ones).tolist(),
    }


def calibration(risks: Risks) -> list[dict[str, float | int]]:
    """Return up to ten groups of about equal size by predicted risk, cut where cells end."""
    size = risks.zeros + risks.ones
    total = size.sum()
    if not total > 0:
        return []
    ends = np.cumsum(size)
    nearest = [int(np.abs(ends - total * k / GROUPS).argmin()) for k in range(1, GROUPS)]
    cuts = sorted({0, *(i + 1 for i in nearest if 0 < ends[i] < total), len(size)})
    table: list[dict[str, float | int]] = []
    for first, last in pairwise(cuts):
        n = float(size[first:last].sum())
        if n > 0:
            table.append(
                {
                    "bin": len(table) + 1,
                    "n": round(n) if n == round(n) else n,
                    "mean_predicted": float(risks.expected[first:last].sum() / n),
                    "observed": float(risks.ones[first:last].sum() / n),
                }
            )
    return table
