"""A site's rows at its own null model, which fix how large the noise is.

Not at the coefficients that are asked about: there whoever asks could find a patient's part of the
score by looking where the noise grows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from v6_clinical.disclosure.blur import Scale, Source
from v6_clinical.errors import RefusalError
from v6_clinical.numerics.arrays import Array, Index
from v6_clinical.numerics.blocks import row_blocks
from v6_clinical.numerics.whitening import Factor
from v6_clinical.regression.glm.likelihood import Data, null_predictor
from v6_clinical.regression.site.noise import parts_of

# How far a point may be from the null model before its noise grows, in powers of two: of the size
# of residuals, and of the number of rows that the information rests on.
SLACK_SIZE, SLACK_ROWS = 0.5, 1.0
FARTHEST: Final = 5  # doublings: further out the score tells nothing but who has which outcome
COARSE: Final = 8  # steps of a power of two in which a dispersion's part of the noise is told


@dataclass(frozen=True)
class Spread:
    """How large residuals are beside the information, and on how many rows it rests.

    Parameters
    ----------
    dispersion
        sum r^2 / w over the sum of the weights in the information.
    rows
        The number of equal weights that say as much as those in the information (Kish).
    """

    dispersion: float
    rows: float

    @classmethod
    def of(cls, sums: Array) -> Spread:
        """Return that of sum r^2 / w, sum v and sum v^2, v the weights in the information."""
        squares, total, square = sums.tolist()
        if not (total > 0 and square > 0):
            return cls(math.inf, 1.0)
        return cls(squares / total, total**2 / square)


def spread_of(residuals: Array, weights: Array, model: Array) -> Spread:
    """Return that of w l', case weights, and weights in the information, shape (n,) each."""
    found = np.zeros(3)
    for rows in row_blocks(len(residuals)):
        found += _moments(residuals[rows], weights[rows], np.abs(model[rows]))
    return Spread.of(found)


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
    """

    intercept: float
    row: float
    square: float
    spread: Spread
    dispersed: bool

    def scale(self, source: Source, n: int, there: Spread, question: bytes) -> tuple[Scale, Scale]:
        """Return the noise of an evaluation, and what is told of it, which is no smaller.

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
        grown = 2.0**size * found.d
        if not self.dispersed:
            return (told := Scale(grown, found.e)), told
        shown = 2.0 ** (math.ceil(COARSE * math.log2(unit)) / COARSE)
        return Scale(grown * unit, found.e), Scale(grown * shown, found.e)


def _doublings(more: float, than: float, power: float, slack: float) -> int:
    """Return how often 1 is to be doubled to be no less than (more / than)^power, but for slack."""
    if not (than > 0 and 0 < more < math.inf):
        return 0
    return max(0, math.ceil(power * math.log2(more / than) - slack - 1e-9))


def null_rows(
    data: Data,
    intercept: float,
    alike: tuple[Array, Array] | None,
    clusters: Index | None,
) -> NullRows:
    """Go through the rows at an intercept alone.

    Parameters
    ----------
    alike
        The sum of x x', shape (p, p), and each row's leverage in it, shape (n,), where every row
        has the same weight in the information of the null model; else None.
    """
    factor, squares = _whitened(data, intercept, alike)
    found = _Largest(data, squares, clusters)
    for rows, parts in _blocks(data, intercept):
        found.add(rows, *parts)
    row, square = found.row, found.square
    if clusters is not None:
        row = float(factor.norms(cluster_sums(data.design, found.residuals, clusters)).max())
        square = parts_of(found.squares, clusters).largest
    return NullRows(intercept, row, square, found.spread(), data.family.dispersed)


def _whitened(
    data: Data, intercept: float, alike: tuple[Array, Array] | None
) -> tuple[Factor, Array]:
    """Return the information of the null model, factored, and |h|^2 of each row."""
    if alike is None:
        factor = Factor(_information(data, intercept))
        return factor, factor.squares(data.design)
    gram, leverage = alike
    at = np.array([intercept])
    weight = float(data.family.expected(data.outcome[:1], np.ones(1), at)[0])
    if not weight > 0:
        return Factor(np.zeros_like(gram)), np.zeros(len(leverage))
    return Factor(weight * gram), leverage if weight == 1 else leverage / weight


class _Largest:
    """Rows' parts, block by block; kept only where a patient has several rows."""

    def __init__(self, data: Data, lengths: Array, clusters: Index | None) -> None:
        self.data, self.lengths = data, lengths  # |h|^2
        self.row = self.square = 0.0
        self.sums = np.zeros(3)
        kept = 0 if clusters is None else len(lengths)
        self.residuals, self.squares = np.empty(kept), np.empty(kept)

    def add(self, rows: slice, first: Array, second: Array, expected: Array) -> None:
        """Add a block of rows: w l', -w l'' and its expectation."""
        length = self.lengths[rows]
        larger = second if second is expected else np.maximum(second, expected)
        square = larger * length
        self.row = max(self.row, float((first * first * length).max()) ** 0.5)
        self.square = max(self.square, float(square.max()))
        self.sums += _moments(first, self.data.weights[rows], expected)
        if len(self.residuals):
            self.residuals[rows], self.squares[rows] = first, square

    def spread(self) -> Spread:
        """Return that of all rows."""
        return Spread.of(self.sums)


def _moments(residuals: Array, weights: Array, model: Array) -> Array:
    """Return sum r^2 / w, sum v and sum v^2 of a block."""
    return np.array([np.dot(residuals, residuals / weights), model.sum(), np.dot(model, model)])


def meat_square(data: Data, intercept: float, clusters: Index | None) -> tuple[float, float]:
    """Return the largest part of a patient in the meat of the null model, u' M^-1 u.

    Beside it the number of equal rows that say as much as the squared residuals.
    """
    residuals = np.empty(len(data.outcome))
    for rows, (first, *_) in _blocks(data, intercept):
        residuals[rows] = first
    if clusters is not None:
        sums = cluster_sums(data.design, residuals, clusters)
        norms = Factor(np.dot(sums.T, sums)).norms(sums)
    else:
        factor = Factor(_sandwiched(data.design, np.square(residuals)))
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


def cluster_sums(design: Array, residuals: Array, clusters: Index) -> Array:
    """Return sum r x over the rows of each patient, shape (patients, p)."""
    return np.array([np.bincount(clusters, residuals * x) for x in design.T]).T


def _blocks(data: Data, intercept: float) -> Iterator[tuple[slice, tuple[Array, Array, Array]]]:
    """Yield slices of rows, and w l', -w l'' and its expectation of each, at the intercept."""
    family, n = data.family, len(data.outcome)
    eta = null_predictor(data, intercept)
    with np.errstate(invalid="ignore", over="ignore"):
        for rows in row_blocks(n):
            y, w = data.outcome[rows], data.weights[rows]
            at = eta if len(eta) == 1 else eta[rows]
            _, first, second = family.rows(y, w, at)
            yield rows, (first, second, second if family.canonical else family.expected(y, w, at))


def _information(data: Data, intercept: float) -> Array:
    """Return the expected information of the null model."""
    model = np.empty(len(data.outcome))
    for rows, (*_, expected) in _blocks(data, intercept):
        model[rows] = expected
    return _sandwiched(data.design, model)


def _sandwiched(design: Array, weights: Array) -> Array:
    """Return sum w x x'."""
    p = design.shape[1]
    found = np.zeros((p, p))
    for rows in row_blocks(len(design), p):
        x = design[rows]
        found += np.dot((x * weights[rows, None]).T, x)
    return found
