"""What bounds the parts of rows at any coefficients: their distances from the middle alone.

A mean over a risk set is no farther out than the mean of its rows' distances. With a_i = |h_i| in
place of the columns, and a mean over risk set k of a_k, the score residual of row i is no longer
than death_i w_i (a_i + a_k) + r_i (a_i A_i + B_i), B_i the sum of hazards times means over the risk
sets that it is in, and its part in the information no larger than r_i (a_i^2 A_i + 2 a_i B_i + C_i)
with squared means in C_i; see :mod:`v6_cox.kernel.row_parts`.
"""

from __future__ import annotations

import numpy as np

from v6_clinical.numerics.arrays import Array, Index
from v6_cox.kernel.partial_likelihood import Point
from v6_cox.kernel.passage import Passage, at_lengths, blocks
from v6_cox.kernel.risk_sets import OverTime
from v6_cox.kernel.row_parts import Parts


def most(point: Point, lengths: Array, patients: Index | None = None) -> Parts:
    """Return no less than the largest parts of a patient at a point.

    Parameters
    ----------
    lengths
        |h| of the sorted rows, shape (n,).
    patients
        Codes 0, 1, ... of the patients in sorted order, shape (n,), where some have several rows.
    """
    data, sets = point.data, point.data.sets
    if not len(sets):
        return Parts(0.0, 0.0)
    passage = Passage(at_lengths(point, lengths), np.eye(1), [None])
    exposed, squares = OverTime(sets, point.jumps.hazard), np.empty(len(sets))
    score, trace = np.empty(len(data)), np.empty(len(data))
    for block in blocks(passage):
        rows, steps = block.rows, block.steps
        a, of_means = block.design[:, 0], block.of_rows(0)[:, 0]
        hazard = exposed.of(rows)
        score[rows] = (a * hazard + of_means) * point.risk.scores[rows]
        trace[rows] = a * (a * hazard + 2 * of_means)
        dead = np.flatnonzero(data.event[rows])
        away = a[dead] + steps.mean[block.exits[dead], 0]
        score[rows][dead] += data.weights[rows][dead] * away
        squares[block.sets] = steps.mean_hazard[:, 0] ** 2 / steps.jumps.hazard
    trace += OverTime(sets, squares).of()
    trace *= point.risk.scores
    if patients is not None:
        score, trace = (np.bincount(patients, x).astype(np.float64) for x in (score, trace))
    return Parts(float(score.max(initial=0.0)), float(trace.max(initial=0.0)))
