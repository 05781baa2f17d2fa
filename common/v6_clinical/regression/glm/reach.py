"""How far rows reach: the largest parts of patients at a point, where the null model's are others.

Near the null model nothing is computed of the columns. There h = W' x has the length that it has at
the null model, W W' the inverse of its information; at another point it is longer by no more than
the inverse root of the smallest eigenvalue of W' A W, A the information there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from v6_clinical.disclosure.blur import Scale, factor_of
from v6_clinical.disclosure.growth import grown, hides
from v6_clinical.numerics.arrays import Array, Index
from v6_clinical.numerics.blocks import row_blocks
from v6_clinical.numerics.whitening import Factor, longer
from v6_clinical.regression.glm.rows_at_null import cluster_sums
from v6_clinical.regression.site.noise import Noisy, parts_of

ROUNDING = 1 + 1e-6  # of lengths in half of the memory


@dataclass(frozen=True)
class Reach:
    """What bounds the parts of rows at any point.

    Parameters
    ----------
    lengths
        |h| of each row at the null model, shape (n,).
    whitener
        W, shape (p, r).
    longest
        The largest of the lengths.
    """

    lengths: Array
    whitener: Array
    longest: float

    @classmethod
    def of(cls, factor: Factor, squares: Array) -> Reach:
        """Return that of the null model's information, factored, and |h|^2 of each row, (n,)."""
        return cls(roots(squares), factor.whitener, float(squares.max(initial=0.0)) ** 0.5)

    @classmethod
    def of_ones(cls, n: int, weight: float) -> Reach:
        """Return that of n rows with a design of ones, whose weights add up to ``weight``."""
        length = weight**-0.5 if weight > 0 else 0.0
        return cls(np.broadcast_to(np.float64(length), n), np.array([[length]]), length)

    def further(self, information: Array) -> float:
        """Return by how much a row's |h| may be longer where this is the information, inf if any.

        Parameters
        ----------
        information
            At the point, shape (p, p).
        """
        return ROUNDING * longer(self.whitener, information)

    def quick(self, residuals: Array, weights: Array, further: float) -> tuple[float, float]:
        """Return what ``most`` does of rows that are patients, no less: no lengths are read."""
        if not len(residuals):
            return np.inf, np.inf
        further *= self.longest
        row, square = (max(float(x.max()), -float(x.min())) for x in (residuals, weights))
        return row * further, square * further**2

    def largest(
        self, factor: Factor, design: Array, residuals: Array, weights: Array, further: float
    ) -> tuple[float, float]:
        """Return the largest |r| |h| and |v| |h|^2 of a row, h in the coordinates of ``factor``.

        Computed of rows for which a bound is above the largest part so far, which soon are few.

        Parameters
        ----------
        further
            See ``further``: finite.
        """
        through, row, square = factor.whitener, 0.0, 0.0
        for rows in row_blocks(len(residuals)):
            most = self.lengths[rows].astype(np.float64) * further
            r, v = np.abs(residuals[rows]), np.abs(weights[rows])
            few = np.flatnonzero((r * most > row) | (v * most * most > square))
            if len(few):
                h = np.dot(design[rows][few], through)
                squares = np.einsum("ij,ij->i", h, h)
                row = max(row, float((r[few] * np.sqrt(squares)).max()))
                square = max(square, float((v[few] * squares).max()))
        return row, square

    def most(
        self, residuals: Array, weights: Array, further: float, clusters: Index | None
    ) -> tuple[float, float]:
        """Return no less than the largest |r| |h| and |v| |h|^2 of a patient at a point.

        Parameters
        ----------
        residuals, weights
            r and v of the rows, shape (n,).
        further
            See ``further``: finite.
        clusters
            Codes of patients of several rows, shape (n,).
        """
        if clusters is not None:
            row = np.bincount(clusters, np.abs(residuals) * self.lengths)
            square = np.bincount(clusters, np.abs(weights) * np.square(self.lengths))
            found = row.max(initial=0.0), square.max(initial=0.0)
            return float(found[0]) * further, float(found[1]) * further**2
        largest = np.zeros(2)
        for rows in row_blocks(len(residuals)):
            h, r = self.lengths[rows].astype(np.float64), residuals[rows]
            part, v = r * h, weights[rows] * h
            v *= h
            here = part.max(), -part.min(), v.max(), -v.min()
            largest = np.maximum(largest, np.reshape(here, (2, 2)).max(axis=1))
        return float(largest[0]) * further, float(largest[1]) * further**2


def roots(squares: Array) -> Array:
    """Return the roots of numbers, shape (n,), in half of their memory."""
    found = np.empty(len(squares), dtype=np.float32)
    for rows in row_blocks(len(squares)):
        np.sqrt(squares[rows], out=found[rows], casting="same_kind")
    return cast(Array, found)


def largest_parts(
    factor: Factor, design: Array, residuals: Array, weights: Array, clusters: Index | None
) -> tuple[float, float]:
    """Return the largest |r| |h| and |v| |h|^2 of a patient, in one pass over the rows."""
    squares = factor.squares(design)
    if clusters is not None:
        row = factor.norms(cluster_sums(design, residuals, clusters)).max(initial=0.0)
        return float(row), parts_of(np.abs(weights) * squares, clusters).largest
    rows = np.abs(residuals) * np.sqrt(squares), np.abs(weights) * squares
    return float(rows[0].max(initial=0.0)), float(rows[1].max(initial=0.0))


@dataclass(frozen=True)
class SumsThere:
    """Sums r x and v x x' of rows at a point, to be told with one block's noise.

    Parameters
    ----------
    information
        In whose coordinates the noise is, shape (p, p).
    residuals, weights
        r and v of the rows, shape (n,).
    question
        What stands for the point.
    name
        Of the block, unless it is the evaluation.
    """

    information: Array
    residuals: Array
    weights: Array
    question: bytes
    name: str = ""

    def hidden(self, reach: Reach, noisy: Noisy, design: Array, scale: Scale) -> Scale:
        """Return the noise, no less than hides the patient who counts most.

        The rows are gone through only where a bound does not say that it does already.
        """
        source, asked, clusters = noisy.source, (self.question, self.name), noisy.clusters
        rows, further = (self.residuals, self.weights), reach.further(self.information)
        bounded = bool(np.isfinite(further))
        single = bounded and clusters is None
        if single and hides(source, scale, *reach.quick(*rows, further), *asked):
            return scale
        if bounded and hides(source, scale, *reach.most(*rows, further, clusters), *asked):
            return scale
        factor = factor_of(self.information, noisy.columns)
        if single:
            parts = reach.largest(factor, design, *rows, further)
        else:
            parts = largest_parts(factor, design, *rows, clusters)
        return grown(source, scale, *parts, *asked)
