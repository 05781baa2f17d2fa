"""A site's rows at its own null model, which fix how large the noise is.

Not at the coefficients that are asked about: there whoever asks could find a patient's part of the
score by looking where the noise grows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from v6_clinical.disclosure.blur import Scale, Source
from v6_clinical.disclosure.row_key import Powers
from v6_clinical.errors import RefusalError
from v6_clinical.numerics.arrays import Array, Index
from v6_clinical.numerics.blocks import row_blocks
from v6_clinical.numerics.whitening import Factor
from v6_clinical.regression.glm.likelihood import Data
from v6_clinical.regression.glm.reach import Reach
from v6_clinical.regression.glm.rows_at_null import (
    RowsAtNull,
    cluster_sums,
    null_blocks,
    sandwiched,
)
from v6_clinical.regression.glm.spread import Spread
from v6_clinical.regression.site.noise import parts_of

# How far a point may be from the null model before its noise grows, in powers of two: of the size
# of residuals, and of the number of rows that the information rests on.
SLACK_SIZE, SLACK_ROWS = 0.5, 1.0
FARTHEST: Final = 5  # doublings: further out the score tells nothing but who has which outcome
COARSE: Final = 8  # steps of a power of two in which a dispersion's part of the noise is told


@dataclass(frozen=True)
class NullRows:
    """Largest parts of a patient at the null model.

    Parameters
    ----------
    intercept
        Of the null model.
    row, square
        Of the score and of the information, see ``Source.scale``.
    spread
        Of all rows.
    dispersed
        Whether the dispersion is a parameter, in whose unit the noise of a score is.
    alone
        ``row`` and ``square`` of a design of ones alone.
    reach, weight
        How far the rows reach there, and the sum of their weights in the information.
    values
        l of each row, shape (n,), where it is no function of the outcome: an offset is added.
    """

    intercept: float
    row: float
    square: float
    spread: Spread
    dispersed: bool
    alone: tuple[float, float]
    reach: Reach
    weight: float
    values: Array | None = None

    @property
    def of_ones(self) -> NullRows:
        """The same rows with a design of ones alone."""
        row, square = self.alone
        ones = Reach.of_ones(len(self.reach.lengths), self.weight)
        return replace(self, row=row, square=square, reach=ones)

    def scale(self, source: Source, n: int, there: Spread, question: bytes) -> Scale:
        """Return the noise of an evaluation, but for rows that reach further at the point.

        That of the null model, but where residuals are larger at the point, or the information
        rests on fewer rows: the noise of the score is sized by the information there, which would
        vanish far out while the score does not. Both are sums over all rows, in powers of two; how
        far out each doubles is drawn anew for each question, so that it tells no exact sum.

        Raises
        ------
        RefusalError
            ``COEFFICIENT_RANGE`` (R9) where residuals are far larger than the model has them.
        """
        slack = SLACK_SIZE + source.uniform(b"size|" + question) / 2
        size = _doublings(there.dispersion, self.spread.dispersion, 0.5, slack)
        fewer = fewer_rows(self.spread.rows, there.rows, source.uniform(b"rows|" + question))
        unit = (math.sqrt(self.spread.dispersion) or 1.0) if self.dispersed else 1.0
        found = source.scale(n, self.row / unit * math.sqrt(fewer), self.square * fewer)
        if size > FARTHEST:
            raise RefusalError("COEFFICIENT_RANGE")
        return Scale(2.0**size * found.d, found.e, unit)


def shown(scale: Scale) -> Scale:
    """Return what is told of a noise, which is no smaller."""
    unit = 2.0 ** (math.ceil(COARSE * math.log2(scale.unit)) / COARSE)
    return Scale(scale.d * unit, scale.e)


def _doublings(more: float, than: float, power: float, slack: float) -> int:
    """Return how often 1 is to be doubled to be no less than (more / than)^power, but for slack."""
    if not (than > 0 and 0 < more < math.inf):
        return 0
    return max(0, math.ceil(power * math.log2(more / than) - slack - 1e-9))


def null_rows(
    data: Data, intercept: float, gram: Array, weights: Powers, clusters: Index | None
) -> tuple[NullRows, Array]:
    """Go through the rows at an intercept alone; return each row's leverage there too, (n,).

    Parameters
    ----------
    gram
        The sum of w x x', w the case weights, or 1 where there is an offset; shape (p, p).
    weights
        The powers of the case weights.
    clusters
        Codes of patients of several rows, shape (n,).
    """
    family, plain = data.family, data.offset.strides == (0,)
    at = np.array([intercept])
    each = float(family.expected(data.outcome[:1], np.ones(1), at)[0]) if plain else 0.0
    if family.canonical and clusters is None and each > 0:
        return _of_one_predictor(data, intercept, gram, each, weights)
    rows = RowsAtNull(data, intercept)
    information = each * gram if plain else sandwiched(data.design, rows.expected)
    factor = Factor(information)
    lengths = factor.squares(data.design)  # |h|^2
    found, reach = rows.largest(lengths), Reach.of(factor, lengths)
    if clusters is not None:
        found = _of_patients(data.design, rows, factor, lengths, clusters)
    if len(factor.kept):
        lengths *= rows.expected
    else:
        lengths = Factor(gram).squares(data.design)
    row, square, *alone = found.tolist()
    spread, ones = Spread.of(rows.sums), (alone[0], alone[1])
    sizes = intercept, row, square, spread, family.dispersed, ones, reach, float(rows.sums[1])
    return NullRows(*sizes, rows.values), lengths


def _of_one_predictor(
    data: Data, intercept: float, gram: Array, each: float, weights: Powers
) -> tuple[NullRows, Array]:
    """Return the same where case weights times ``each`` are those in the information."""
    family, n, at = data.family, len(data.outcome), np.array([intercept])
    alike = data.weights.strides == (0,)
    factor = Factor(each * gram)
    leverage = factor.squares(data.design)  # |h|^2 until times weights
    reach, squares, most = Reach.of(factor, leverage), 0.0, np.zeros(2)
    with np.errstate(invalid="ignore", over="ignore"):
        for rows in row_blocks(n):
            w, length = data.weights[rows], leverage[rows]
            r = np.square(family.residuals(data.outcome[rows], w, at))
            squares += float((r if alike else r / w).sum())
            most[0] = max(most[0], float(r.max()))
            r *= length
            most[1] = max(most[1], float(r.max()))
            length *= each
            if not alike:
                length *= w
    total, heaviest = n * weights.mean, weights.mean + weights.reach * weights.sd
    spread = Spread.of(np.array([squares, each * total, each**2 * n * weights.square]))
    row, square = math.sqrt(most[1]), float(leverage.max(initial=0.0))
    alone = math.sqrt(most[0] / each / total), heaviest / total
    sizes = intercept, row, square, spread, family.dispersed, alone, reach, each * total
    return NullRows(*sizes), leverage


def _of_patients(
    design: Array, rows: RowsAtNull, factor: Factor, lengths: Array, clusters: Index
) -> Array:
    """Return what ``RowsAtNull.largest`` does, of a patient's rows together."""
    residuals, larger = rows.residuals, rows.larger
    row = factor.norms(cluster_sums(design, residuals, clusters)).max(initial=0.0)
    square = parts_of(larger * lengths, clusters).largest
    alone = parts_of(residuals, clusters).largest, parts_of(larger, clusters).largest
    return rows.of_ones(np.array([row, square, *alone]))


def null_residuals(data: Data, intercept: float) -> Array:
    """Return w l' of the rows at an intercept alone, shape (n,)."""
    residuals = np.empty(len(data.outcome))
    for rows, (_, first, *_) in null_blocks(data, intercept):
        residuals[rows] = first
    return residuals


def meat_square(data: Data, residuals: Array, clusters: Index | None) -> tuple[float, float]:
    """Return the largest part of a patient in the meat of residuals w l', (n,): u' M^-1 u.

    Beside it the number of equal rows that say as much as the squared residuals.
    """
    if clusters is not None:
        sums = cluster_sums(data.design, residuals, clusters)
        norms = Factor(np.dot(sums.T, sums)).norms(sums)
    else:
        factor = Factor(sandwiched(data.design, np.square(residuals)))
        norms = factor.norms(data.design) * np.abs(residuals)
    return float(np.square(norms).max(initial=0.0)), equal_rows(np.square(residuals))


def equal_rows(values: Array) -> float:
    """Return the number of equal values that say as much as these (Kish), at least 1."""
    squares = float(np.dot(values, values))
    return max(float(values.sum()) ** 2 / squares, 1.0) if squares > 0 else 1.0


def fewer_rows(before: float, now: float, further: float) -> float:
    """Return a power of two by which a point rests on fewer rows than the null model.

    Parameters
    ----------
    further
        Between 0 and 1: how much further out it grows, in powers of two.
    """
    return float(2.0 ** _doublings(before, now, 1.0, SLACK_ROWS + further))
