"""What each row adds to the log partial likelihood.

With S the risk score of a risk set and A_i the hazard that row i was exposed to,

    l_i = death_i w_i (eta_i - log S) - r_i A_i + death_i w_i.

The sum is the log partial likelihood: the rest adds up to 0. But for a constant of deaths and terms
of second order it is also what the row changes by being there: without it S is less by r_i at each
death.
"""

from __future__ import annotations

from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.blocks import row_blocks
from v6_cox.kernel.partial_likelihood import Point


def row_likelihoods(point: Point) -> Array:
    """Return l_i of the rows in sorted order, shape (n,)."""
    data, found = point.data, -point.expected
    for block in row_blocks(len(data.sets.death_rows)):
        rows = data.sets.death_rows[block]
        log_sums = point.jumps.log_sums[data.sets.exit_set[rows]]
        found[rows] += data.weights[rows] * (point.risk.predictor[rows] - log_sums + 1)
    return found
