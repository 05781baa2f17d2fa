"""What single rows add to score and information: how much noise hides the one that adds most.

With the steps of :mod:`v6_cox.kernel.residuals`, row i adds to the score its weighted score
residual

    u_i = death_i w_i (x_i - mean_k) - r_i (x_i A_i - B_i),   B_i = sum_k sum_l m mean_kl / s_l,

and to the information r_i sum_k sum_l m (x_i - mean_kl)(x_i - mean_kl)' / s_l, over the risk sets
that it is in. With K = W W' the inverse of the information, their sizes are the root of u' K u and
the trace r_i (A_i x' K x - 2 x' K B_i + C_i), C_i = sum m mean' K mean / s.

In the model with covariates x and x g(t) of the test of proportional hazards all of these occur
with each risk set times 1, g and g^2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from v6_clinical.numerics.arrays import Array, Index
from v6_cox.kernel.partial_likelihood import Point
from v6_cox.kernel.passage import Block, Passage, blocks, times
from v6_cox.kernel.risk_sets import OverTime


@dataclass(frozen=True)
class Parts:
    """The largest parts of a patient: length of the score's, trace of the information's."""

    score: float
    information: float


def largest_parts(
    point: Point, whitener: Array, g: Array | None = None, patients: Index | None = None
) -> Parts:
    """Return the largest parts of a patient, of score and information at a point.

    Parameters
    ----------
    whitener
        W with W W' = K, shape (p, r), or of the columns x and x g (2 p, r).
    g
        A number of each risk set, shape (K,), for the model with x g(t) beside x.
    patients
        Codes 0, 1, ... of the patients in sorted order, shape (n,), where some have several rows.
    """
    if not whitener.size or not len(point.data.sets):
        return Parts(0.0, 0.0)
    data = point.data
    # of x alone all is done in the coordinates in which K is the identity
    passage, turn = Passage(point, whitener, [None]), None
    inverse: Sequence[Array | None] = [None]
    if g is not None:
        passage = Passage(point, np.eye(len(whitener) // 2), [None, g, g * g])
        turn, inverse = whitener, _inverses(whitener)
    lengths, traces = _Lengths(patients, whitener.shape[1]), np.empty(len(data))
    of_means = np.empty(len(data.sets))
    exposed = [OverTime(data.sets, times(point.jumps.hazard, f)) for f in passage.factors]
    for block in blocks(passage):
        means = [block.of_rows(k) for k in range(len(passage.factors))]
        found = _residuals(passage, block, exposed, means)
        lengths.add(block.rows, found if turn is None else np.dot(found, turn))
        of_means[block.sets] = _squared_means(passage, block, inverse)
        traces[block.rows] = _traces(block, exposed, means, inverse)
    traces += OverTime(data.sets, of_means).of()
    traces *= point.risk.scores
    if patients is not None:
        traces = np.asarray(np.bincount(patients, traces), dtype=np.float64)
    return Parts(lengths.largest(), float(traces.max(initial=0.0)))


class _Lengths:
    """Lengths of the parts of the score in whitened coordinates, patient by patient."""

    def __init__(self, patients: Index | None, columns: int) -> None:
        self._patients, self._largest = patients, 0.0
        several = 0 if patients is None else int(patients.max(initial=-1)) + 1
        self._sums = np.zeros((several, columns))

    def add(self, rows: slice, parts: Array) -> None:
        """Take in the parts of some rows, shape (rows, r)."""
        if self._patients is None:
            self._largest = max(self._largest, float(_dots(parts, parts).max(initial=0.0)))
        else:
            np.add.at(self._sums, self._patients[rows], parts)

    def largest(self) -> float:
        """Return the length of the largest part."""
        squares = _dots(self._sums, self._sums)
        return float(max(self._largest, squares.max(initial=0.0)) ** 0.5)


def _dots(left: Array, right: Array, middle: Array | None = None) -> Array:
    """Return x' M y of pairs of rows, shape (rows,); None is the identity."""
    turned = left if middle is None else np.dot(left, middle)
    return np.asarray(np.einsum("ij,ij->i", turned, right))


def _inverses(whitener: Array) -> list[Array]:
    """Return what x stands between in the trace times 1, g and g^2: parts of K, shape (p, p)."""
    first, second = np.split(whitener, 2)
    across = np.dot(first, second.T)
    return [np.dot(first, first.T), across + across.T, np.dot(second, second.T)]


def _residuals(
    passage: Passage, block: Block, exposed: Sequence[OverTime], means: Sequence[Array]
) -> Array:
    """Return u of the rows, of x and with g of x g(t): shape (rows, q) or (rows, 2 q)."""
    data, rows, steps = passage.point.data, block.rows, block.steps
    dead = np.flatnonzero(data.event[rows])
    here = block.exits[dead]
    sets = here + block.sets.start
    away = block.design[dead]
    away -= steps.mean[here]
    if not passage.alike:
        away *= data.weights[rows][dead, None]
    found = []
    for factor, over_time, mean in zip(passage.factors[:2], exposed, means, strict=False):
        u = block.design * -over_time.of(rows)[:, None]
        u += mean
        if steps.tied_mean_hazard is not None:
            tied = steps.jumps.of_all(steps.jumps.tied_hazard)[here, None]
            less = steps.tied_mean_hazard[here] - block.design[dead] * tied
            u[dead] -= times(less, None if factor is None else factor[sets])
        u = passage.times_scores(u, rows)
        u[dead] += times(away, None if factor is None else factor[sets])
        found.append(u)
    return found[0] if len(found) == 1 else np.concatenate(found, axis=1)


def _traces(
    block: Block,
    exposed: Sequence[OverTime],
    means: Sequence[Array],
    inverse: Sequence[Array | None],
) -> Array:
    """Return A x' K x - 2 x' K B of the rows, summed over the factors; shape (rows,)."""
    x, total = block.design, np.zeros(len(block.design))
    for over_time, mean, middle in zip(exposed, means, inverse, strict=True):
        total += over_time.of(block.rows) * _dots(x, x, middle)
        total -= 2 * _dots(x, mean, middle)
    return total


def _squared_means(passage: Passage, block: Block, inverse: Sequence[Array | None]) -> Array:
    """Return what C is a sum of, of each risk set; shape (sets,)."""
    steps, total = block.steps, np.zeros(len(block.steps.mean))
    for factor, middle in zip(passage.factors, inverse, strict=True):
        squares = _dots(steps.mean_hazard, steps.mean_hazard, middle) / steps.jumps.hazard
        total += times(squares, None if factor is None else factor[block.sets])
    return total
