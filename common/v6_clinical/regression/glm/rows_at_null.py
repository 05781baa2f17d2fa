"""What a site's rows are at its own null model, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import numpy as np

from v6_clinical.numerics.arrays import Array, Index
from v6_clinical.numerics.blocks import row_blocks
from v6_clinical.regression.glm.likelihood import Data, null_predictor
from v6_clinical.regression.glm.spread import moments


class RowsAtNull:
    """w l' of the rows at an intercept alone, the expectation of -w l'', and the larger of both."""

    def __init__(self, data: Data, intercept: float) -> None:
        n = len(data.outcome)
        self.weights, self.residuals, self.expected = data.weights, np.empty(n), np.empty(n)
        self.larger = self.expected if data.family.canonical else np.empty(n)
        # in half of the memory, the size of noise
        self.values: Array | None = None
        if data.offset.strides != (0,):
            self.values = cast(Array, np.empty(n, dtype=np.float32))
        for rows, (value, first, second, expected) in null_blocks(data, intercept):
            self.residuals[rows], self.expected[rows] = first, expected
            if self.larger is not self.expected:
                self.larger[rows] = np.maximum(second, expected)
            if self.values is not None:
                self.values[rows] = value
        self.sums = np.zeros(3)

    def largest(self, lengths: Array) -> Array:
        """Return the largest |r| |h| and v |h|^2 of a row, and the same of a design of ones."""
        found = np.zeros(4)
        for rows in row_blocks(len(lengths)):
            r, v, some = self.residuals[rows], self.larger[rows], lengths[rows]
            squares = r * r
            here = (squares * some).max(), (v * some).max(), squares.max(), v.max()
            np.maximum(found, here, out=found)
            self.sums += moments(squares, self.weights[rows], self.expected[rows])
        found[::2] = np.sqrt(found[::2])
        return self.of_ones(found)

    def of_ones(self, found: Array) -> Array:
        """Return largest |r| |h| and v |h|^2, and |r| and v as those of a design of ones."""
        total = float(self.sums[1])
        found[2:] = found[2:] / np.array([total**0.5, total]) if total > 0 else 0.0
        return found


def null_blocks(
    data: Data, intercept: float
) -> Iterator[tuple[slice, tuple[Array, Array, Array, Array]]]:
    """Yield slices of rows, and l, w l', -w l'' and its expectation of each, at the intercept."""
    family, eta = data.family, null_predictor(data, intercept)
    with np.errstate(invalid="ignore", over="ignore"):
        for rows in row_blocks(len(data.outcome)):
            y, w = data.outcome[rows], data.weights[rows]
            at = eta if len(eta) == 1 else eta[rows]
            value, first, second = family.rows(y, w, at)
            expected = second if family.canonical else family.expected(y, w, at)
            yield rows, (value, first, second, expected)


def sandwiched(design: Array, weights: Array) -> Array:
    """Return sum w x x'."""
    p = design.shape[1]
    found = np.zeros((p, p))
    for rows in row_blocks(len(design), p):
        x = design[rows]
        found += np.dot((x * weights[rows, None]).T, x)
    return found


def cluster_sums(design: Array, residuals: Array, clusters: Index) -> Array:
    """Return sum r x over the rows of each patient, shape (patients, p)."""
    return np.array([np.bincount(clusters, residuals * x) for x in design.T]).T
