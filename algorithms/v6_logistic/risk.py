"""Discrimination and calibration from counts: concordant pairs, and risks on a universal grid.

At a site: exact pairs within it, and cumulative counts by outcome at points of the dyadic grid of
the linear predictor, shown only where a cell ends (``v6_clinical.disclosure.cells``). At the
centre: bounds of the pooled AUC, a ROC curve and calibration groups from the points that all sites
show.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from v6_clinical.disclosure.cells import Window, base_level, partition
from v6_clinical.numerics.arrays import Array

GROUPS = 10  # of a calibration table
JITTER = 0.1  # of the sd of the linear predictor, of the noise in it where it is counted
CellSum = Callable[[str, Array], float]
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


def pairs_of_rows(eta: Array, events: Array, weights: Array, rounding: float = 0.0) -> Array:
    """Return the concordant pairs that each row is part of, tied ones counted half, shape (n,).

    As ``concordance``; each pair is of two rows.
    """
    first = np.flatnonzero(np.concatenate([[True], np.diff(eta) > rounding]))
    sizes = np.diff(np.append(first, len(eta)))
    ones = np.add.reduceat(weights * events, first)
    zeros = np.add.reduceat(weights * (1 - events), first)
    below, above = np.cumsum(zeros) - zeros / 2, ones.sum() - np.cumsum(ones) + ones / 2
    return np.asarray(weights * np.where(events > 0, *np.repeat([below, above], sizes, axis=1)))


def risk_grid(mean: float, sd: float) -> Window | None:
    """Return the grid's points over mean ± 6 sd of the linear predictor, none if it is constant.

    Cells are between sd/64 and sd/32 wide.
    """
    if not sd > 0 or sd < 1e-9 * abs(mean):
        return None
    level = int(np.floor(np.log2(sd / CELLS_PER_SD)))
    first, last = (int(np.floor(np.ldexp(mean + k * sd, -level))) for k in (-6, 6))
    return Window(level, first, last)


@dataclass(frozen=True)
class RiskCounts:
    """Cumulative sums at the m points of a grid, shape (m,) each; those of sites add.

    Parameters
    ----------
    least_zeros, most_zeros
        Least and greatest weight of non-events at or below each point: equal where a cell of the
        site ends, and within empty cells.
    least_ones, most_ones
        The same two bounds of the weight of events.
    expected
        Sum of w mu of all rows at or below each point where the bounds are equal, else 0.
    """

    least_zeros: Array
    most_zeros: Array
    least_ones: Array
    most_ones: Array
    expected: Array

    @property
    def exact(self) -> NDArray[np.bool_]:
        """Points at which both pairs of bounds are equal, shape (m,)."""
        zeros, ones = self.most_zeros - self.least_zeros, self.most_ones - self.least_ones
        found: NDArray[np.bool_] = (zeros == 0) & (ones == 0)
        return found

    def array(self) -> Array:
        """Return them as a message holds them, shape (5, m)."""
        return np.array(astuple(self))

    @classmethod
    def read(cls, array: Array) -> RiskCounts:
        """Return those that a message, or the sum of messages, holds."""
        return cls(*array)


def risk_counts(
    eta: Array,
    events: Array,
    weights: Array,
    expected: Array,
    grid: Window,
    min_cell: int,
    cell_sum: CellSum | None = None,
) -> RiskCounts:
    """Return the cumulative sums of a site.

    ``eta``, the linear predictor, is sorted; ``expected`` is w mu; shape (n,) each.

    Parameters
    ----------
    cell_sum
        Makes what is told of a cell's sum that is no count, from its rows and a name of it: by the
        ranks of its rows, so that no other cell has its noise.
    """
    points = grid.points()
    cells = partition(eta, grid, base_level(eta), min_cell, events=events > 0)
    below = np.concatenate([[0], cells.below, [cells.n]])
    first = np.searchsorted(cells.edges, points, side="right")
    last = np.searchsorted(cells.edges, points, side="left") + 1
    counted = weights.strides == (0,)

    def least_and_most(part: Array, name: str, count: bool) -> tuple[Array, Array]:
        if cell_sum is None or count:
            sums = np.concatenate([[0.0], np.cumsum(part)])[below]
        else:
            told = [cell_sum(f"{name}/{a}/{b}", part[a:b]) for a, b in pairwise(below.tolist())]
            sums = np.concatenate([[0.0], np.cumsum(told)])
        return sums[first], sums[last]

    zeros = least_and_most(weights * (1 - events), "zeros", counted)
    ones = least_and_most(weights * events, "ones", counted)
    same = below[first] == below[last]
    risk = np.where(same, least_and_most(expected, "expected", False)[0], 0.0)
    return RiskCounts(*zeros, *ones, risk)


@dataclass(frozen=True)
class Risks:
    """Pooled cumulative sums of weights by linear predictor.

    Parameters
    ----------
    points
        Shape (m,), increasing.
    below
        What is at or below each point.
    zeros, ones, expected
        Weight of all non-events, of all events, and sum of w mu.
    """

    points: Array
    below: RiskCounts
    zeros: float
    ones: float
    expected: float


def exact_cells(risks: Risks) -> tuple[Array, Array]:
    """Return the points where every site's cells end, and non-events, events, w mu between them.

    Returns
    -------
    points : ndarray of shape (k,)
    cells : ndarray of shape (3, k + 1)
    """
    below, exact = risks.below, risks.below.exact
    sums = np.array([below.least_zeros[exact], below.least_ones[exact], below.expected[exact]])
    totals = [risks.zeros, risks.ones, risks.expected]
    sums = np.column_stack([np.zeros(3), sums, totals])
    return risks.points[exact], np.diff(sums, axis=1)


def auc_bounds(risks: Risks) -> tuple[float, float] | None:
    """Return the least and the greatest AUC that the counts allow, none without both outcomes.

    Least: events lie as low and non-events as high as allowed, and pairs between the same two
    points are discordant; greatest: the reverse.
    """
    zeros, ones, below = risks.zeros, risks.ones, risks.below
    if not zeros * ones > 0:
        return None
    low_ones = np.diff(np.concatenate([[0.0], below.most_ones, [ones]]))
    high_ones = np.diff(np.concatenate([[0.0], below.least_ones, [ones]]))
    least = low_ones @ np.concatenate([[0.0], below.least_zeros])
    greatest = high_ones @ np.concatenate([below.most_zeros, [zeros]])
    return float(least) / (zeros * ones), float(greatest) / (zeros * ones)


def roc(risks: Risks) -> dict[str, list[float]]:
    """Return the exact points of the ROC curve: a risk above the threshold is called positive."""
    points, (zeros, ones, _) = exact_cells(risks)
    if not (risks.zeros > 0 and risks.ones > 0):
        return {"threshold": [], "false_positive_rate": [], "true_positive_rate": []}
    return {
        "threshold": (1 / (1 + np.exp(-points))).tolist(),
        "false_positive_rate": (1 - np.cumsum(zeros)[:-1] / risks.zeros).tolist(),
        "true_positive_rate": (1 - np.cumsum(ones)[:-1] / risks.ones).tolist(),
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
