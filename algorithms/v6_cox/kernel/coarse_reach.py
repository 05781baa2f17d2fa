"""The largest parts of many rows at a point, but for a fiftieth of them: of rows in runs.

In runs of rows, as :mod:`v6_cox.kernel.coarse_parts` has them, the mean over a risk set is taken to
be that at the run's end. With a_i = |h_i|, j the run of row i, Lambda the hazard of a run and m its
mean, the length of row i's score residual is at most

    death_i w_i (a_i + |m_j|) + r_i (a_i A_i + b_i),
    b_i = sum over later runs of Lambda |m| + |m_j| (A_i - sum over later runs of Lambda),

and its part in the information at most r_i (a_i^2 A_i + 2 a_i b_i + c_i), squared means in c_i. Of
rows for which that is more than the largest part so far, the parts themselves are computed.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np

from v6_clinical.numerics.arrays import Array, Index
from v6_cox.kernel.coarse_parts import MANY, bounds_of_runs
from v6_cox.kernel.partial_likelihood import Point
from v6_cox.kernel.row_parts import Parts

SETS: Final = 2_000  # risk sets: of fewer many rows leave at once, and means move by more


def coarse_most(point: Point, lengths: Array, further: float, through: Array) -> Parts | None:
    """Return the largest parts of rows; None where rows enter late, or there are few times.

    Parameters
    ----------
    lengths, further
        No row's |h| is larger than its length, shape (n,), times ``further``.
    through
        W in h = W' x, shape (p, r).
    """
    data, sets = point.data, point.data.sets
    plain = sets.moves.rows is None and not len(sets.moves.restarts) and len(data) >= MANY
    if not (plain and len(sets) >= SETS and np.isfinite(further)):
        return None
    runs = _Runs(point, through)
    score = trace = 0.0
    for j, (start, stop) in enumerate(pairwise(runs.edges.tolist())):
        size, square = runs.at_most(j, slice(start, stop), lengths[start:stop] * further)
        longer = np.flatnonzero((size > score) | (square > trace))
        if len(longer):
            found = runs.parts(j, longer + start)
            score = max(score, float(found[0].max()))
            trace = max(trace, float(found[1].max()))
    return Parts(score, trace)


class _Runs:
    """Runs of rows at a point: hazards, and means in the coordinates h, with sums of later runs."""

    def __init__(self, point: Point, through: Array) -> None:
        self.point, self.through = point, through
        data, sets = point.data, point.data.sets
        self.edges: Index = bounds_of_runs(*data.design.shape)
        count = len(self.edges) - 1
        sums, risk = np.empty((count, data.design.shape[1])), np.empty(count)
        for j, (start, stop) in enumerate(pairwise(self.edges.tolist())):
            scores = point.risk.scores[start:stop]
            sums[j], risk[j] = np.dot(scores, data.design[start:stop]), scores.sum()
        self.means = np.dot(np.cumsum(sums, axis=0) / np.cumsum(risk)[:, None], through)
        run = np.searchsorted(self.edges, sets.moves.ends, side="left") - 1
        hazard = np.bincount(run, point.jumps.hazard, minlength=count).astype(np.float64)
        self.far = np.sqrt(np.einsum("ij,ij->i", self.means, self.means))
        parts = hazard, hazard * self.far, hazard * self.far**2, self.means * hazard[:, None]
        self.later, self.later_far, self.later_squares, self.later_means = (
            np.cumsum(x[::-1], axis=0)[::-1] - x for x in parts
        )

    def at_most(self, j: int, rows: slice, a: Array) -> tuple[Array, Array]:
        """Return bounds of the parts of a run's rows, of |h| at most ``a``."""
        point, far = self.point, self.far[j]
        exposed, scores = point.expected[rows], point.risk.scores[rows]
        own = np.maximum(exposed - scores * self.later[j], 0.0)  # r (A - later)
        mean = scores * self.later_far[j] + far * own
        died = point.data.event[rows] * point.data.weights[rows]
        trace = a * (a * exposed + 2 * mean) + scores * self.later_squares[j] + far**2 * own
        return died * (a + far) + a * exposed + mean, trace

    def parts(self, j: int, rows: Index) -> tuple[Array, Array]:
        """Return the parts of some rows of a run."""
        point = self.point
        h, m = np.dot(point.data.design[rows], self.through), self.means[j]
        exposed, scores = point.expected[rows], point.risk.scores[rows]
        own = exposed - scores * self.later[j]
        mean = np.outer(scores, self.later_means[j]) + np.outer(own, m)
        died = point.data.event[rows] * point.data.weights[rows]
        u = died[:, None] * (h - m) - exposed[:, None] * h + mean
        squares = scores * self.later_squares[j] + own * self.far[j] ** 2
        trace = exposed * (h * h).sum(axis=1) - 2 * (h * mean).sum(axis=1) + squares
        return np.sqrt((u * u).sum(axis=1)), trace
