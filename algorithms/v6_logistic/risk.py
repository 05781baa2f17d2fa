"""Discrimination and calibration from counts: concordant pairs, and risks on a universal grid.

At a site: exact pairs within it, and cumulative counts by outcome at points of the dyadic grid of
the linear predictor, shown only where a cell ends (``v6_clinical.disclosure.cells``). At the
centre: bounds of the pooled AUC, a ROC curve and calibration groups from the points that all sites
show.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from v6_clinical.disclosure.cells import Window, base_level, partition
from v6_clinical.numerics.arrays import Array

GROUPS = 10  # of a calibration table
CELLS_PER_SD = 32


def concordance(eta: Array, events: Array, weights: Array, rounding: float = 0.0) -> Array:
    """Return concordant, tied and all pairs of an event and a non-event, shape (3,).

    A pair weighs the product of its weights; it is concordant if the event has the higher risk.
    ``eta`` is sorted; a step up to ``rounding`` is none. That must be what arithmetic itself may
    add: with an absolute one, small coefficients would cut a covariate in two where they please.
    """
    if not len(eta):
        return np.zeros(3)
    first = np.flatnonzero(np.concatenate([[True], np.diff(eta) > rounding]))
    ones = np.add.reduceat(weights * events, first)
    zeros = np.add.reduceat(weights * (1 - events), first)
    below = np.cumsum(zeros) - zeros
    return np.array([np.dot(ones, below), np.dot(ones, zeros), ones.sum() * zeros.sum()])


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
    eta: Array, events: Array, weights: Array, expected: Array, grid: Window, min_cell: int
) -> Array:
    """Return cumulative sums at the points of the grid, shape (5, points).

    Rows: least and greatest weight of non-events at or below a point, least and greatest weight
    of events, and sum of w mu of both. Least and greatest are equal where a cell ends or is
    empty; the last row is 0 elsewhere. ``eta`` is sorted; ``expected`` is w mu, shape (n,).
    """
    points = grid.points()
    cells = partition(eta, grid, base_level(eta), min_cell, events=events > 0)
    below = np.concatenate([[0], cells.below, [cells.n]])
    first = below[np.searchsorted(cells.edges, points, side="right")]
    last = below[np.searchsorted(cells.edges, points, side="left") + 1]

    def least_and_most(part: Array) -> tuple[Array, Array]:
        sums = np.concatenate([[0.0], np.cumsum(part)])
        return sums[first], sums[last]

    zeros, ones = least_and_most(weights * (1 - events)), least_and_most(weights * events)
    risk = np.where(first == last, least_and_most(expected)[0], 0.0)
    return np.array([*zeros, *ones, risk])


@dataclass(frozen=True)
class Risks:
    """Pooled cumulative sums of weights by linear predictor.

    Parameters
    ----------
    points
        Shape (m,), increasing.
    zeros, ones
        Least and greatest weight of non-events and of events at or below each point, (2, m).
    expected
        Sum of w mu at or below each point, right where both pairs are equal; shape (m,).
    totals
        Weight of non-events, of events, and sum of w mu; shape (3,).
    """

    points: Array
    zeros: Array
    ones: Array
    expected: Array
    totals: Array


def pooled_risks(counts: Array, grid: Window, totals: Array) -> Risks:
    """Read the sum of the sites' ``risk_counts``."""
    return Risks(grid.points(), counts[:2], counts[2:4], counts[4], totals)


def exact_cells(risks: Risks) -> tuple[Array, Array]:
    """Return the points where every site's cells end, and non-events, events, w mu between them.

    Returns
    -------
    points : ndarray of shape (k,)
    cells : ndarray of shape (3, k + 1)
    """
    exact = (risks.zeros[0] == risks.zeros[1]) & (risks.ones[0] == risks.ones[1])
    below = np.array([risks.zeros[0, exact], risks.ones[0, exact], risks.expected[exact]])
    sums = np.column_stack([np.zeros(3), below, risks.totals])
    return risks.points[exact], np.diff(sums, axis=1)


def auc_bounds(risks: Risks) -> tuple[float, float] | None:
    """Return the least and the greatest AUC that the counts allow, none without both outcomes.

    Least: events lie as low and non-events as high as allowed, and pairs between the same two
    points are discordant; greatest: the reverse.
    """
    zeros, ones, _ = risks.totals.tolist()
    if not zeros * ones > 0:
        return None
    low_ones = np.diff(np.concatenate([[0.0], risks.ones[1], [ones]]))
    high_ones = np.diff(np.concatenate([[0.0], risks.ones[0], [ones]]))
    least = low_ones @ np.concatenate([[0.0], risks.zeros[0]])
    greatest = high_ones @ np.concatenate([risks.zeros[1], [zeros]])
    return float(least) / (zeros * ones), float(greatest) / (zeros * ones)


def roc(risks: Risks) -> dict[str, list[float]]:
    """Return the exact points of the ROC curve: a risk above the threshold is called positive."""
    points, (zeros, ones, _) = exact_cells(risks)
    if not (risks.totals[:2] > 0).all():
        return {"threshold": [], "false_positive_rate": [], "true_positive_rate": []}
    return {
        "threshold": (1 / (1 + np.exp(-points))).tolist(),
        "false_positive_rate": (1 - np.cumsum(zeros)[:-1] / risks.totals[0]).tolist(),
        "true_positive_rate": (1 - np.cumsum(ones)[:-1] / risks.totals[1]).tolist(),
    }


def calibration(risks: Risks) -> list[dict[str, float | int]]:
    """Return up to ten groups of about equal size by predicted risk, cut where cells end."""
    _, (zeros, ones, expected) = exact_cells(risks)
    size = zeros + ones
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
                    "mean_predicted": float(expected[first:last].sum() / n),
                    "observed": float(ones[first:last].sum() / n),
                }
            )
    return table
