"""What one pass over a design's rows tells of its columns: sums, ranges, products."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.blocks import row_blocks

# Times a column's variance: more is lost where it was taken off with a square, or a third power.
FEW = (1e3, 1.0)
SOME = 1_000  # rows, whose mean is near enough to be taken off before squares are summed


@dataclass(frozen=True)
class Survey:
    """What one pass over n rows tells of the columns of ``design`` (n, p) and of ``others`` (n,).

    Parameters
    ----------
    sums, mean, low, high
        Of each of the q = p + len(others) columns, shape (q,).
    products
        Sums of products of the columns about their means, shape (q, q).
    cubes
        Where asked for, sums of third powers of the columns about their means, shape (q,).
    weighted
        Where asked for, the sum of w z z', z = (1, x), x a row of ``design`` about its mean and w
        one of ``others``, not about its own; shape (p + 1, p + 1).
    """

    design: Array
    others: tuple[Array, ...]
    sums: Array
    mean: Array
    low: Array
    high: Array
    products: Array
    cubes: Array | None = None
    weighted: Array | None = None

    @property
    def reach(self) -> Array:
        """The largest distance of a row from each column's mean, shape (q,)."""
        return np.maximum(self.high - self.mean, self.mean - self.low)

    @property
    def gram(self) -> Array:
        """The sum of x x' of the design's rows, shape (p, p)."""
        n, p = self.design.shape
        return np.asarray(self.products[:p, :p] + n * np.outer(self.mean[:p], self.mean[:p]))

    @property
    def weighted_gram(self) -> Array:
        """The sum of w x x' where ``weighted``, else ``gram``; shape (p, p)."""
        if self.weighted is None:
            return self.gram
        p = self.design.shape[1]
        moved = np.vstack([self.mean[:p], np.eye(p)])
        return np.asarray(moved.T @ self.weighted @ moved)

    def last(self, design: Array) -> Survey:
        """Return the survey of the last of ``others`` alone, as the columns of ``design``."""
        first = len(self.mean) - design.shape[1]
        sums, mean, low, high = (x[first:] for x in (self.sums, self.mean, self.low, self.high))
        return Survey(design, (), sums, mean, low, high, self.products[first:, first:])

    def blocks(self) -> Iterator[Array]:
        """Yield blocks of rows of all columns about their means, by column, after one of ones."""
        n, p, q = *self.design.shape, len(self.mean)
        for rows in row_blocks(n, q + 1):
            block = np.empty((len(range(n)[rows]), q + 1), order="F")
            block[:, 0] = 1.0
            np.subtract(self.design[rows], self.mean[:p], out=block[:, 1 : p + 1])
            for k, other in enumerate(self.others, p):
                np.subtract(other[rows], self.mean[k], out=block[:, k + 1])
            yield block


def survey(
    design: Array, others: Sequence[Array] = (), *, cubes: bool = False, weights: int | None = None
) -> Survey:
    """Go through the rows once, about the means of some rows, which are near those of all.

    Parameters
    ----------
    weights
        Which of ``others`` is w in ``Survey.weighted``, if that is asked for.
    """
    n, q = len(design), design.shape[1] + len(others)
    if not n:
        none = np.zeros(q)
        return Survey(design, tuple(others), none, none, none, none, np.zeros((q, q)), none)
    some = slice(None, None, max(n // SOME, 1))
    near = _short(np.array([x[some].mean() for x in (*design.T, *others)]))
    found = _about(design, others, near, cubes=cubes, weights=weights)
    cancelled = n * (found.mean - near) ** 2 > FEW[cubes] * np.diag(found.products)
    if (cancelled & (found.low < found.high)).any():
        found = _about(design, others, found.mean, cubes=cubes, weights=weights)
    return found


def _about(
    design: Array, others: Sequence[Array], near: Array, *, cubes: bool, weights: int | None
) -> Survey:
    """Go through n >= 1 rows, less numbers near the means, shape (q,)."""
    (n, p), q = design.shape, len(near)
    by = np.zeros((p + 1, p + 1))
    found, low, high = np.zeros((q + 1, q)), np.full(q, np.inf), np.full(q, -np.inf)
    total, products, third = found[0], found[1:], np.zeros(q)
    for block in Survey(design, tuple(others), total, near, low, high, products).blocks():
        z = block[:, 1:]
        found += np.dot(block.T, z)
        np.minimum(low, z.min(axis=0), out=low)
        np.maximum(high, z.max(axis=0), out=high)
        if cubes:
            third += np.einsum("ij,ij->j", np.square(z), z)
        if weights is not None:
            w, x = z[:, p + weights] + near[p + weights], block[:, : p + 1]
            by += np.dot((x * w[:, None]).T, x)
    if cubes:
        third += total * (2 * (total / n) ** 2 - 3 * np.diag(products) / n)
    products -= np.outer(total, total) / n
    flat = low == high
    products[flat], products[:, flat] = 0.0, 0.0
    np.fill_diagonal(products, np.maximum(np.diag(products), 0.0))  # of what rounding has left
    sums, mean, low, high = n * near + total, near + total / n, near + low, near + high
    back = np.eye(p + 1)
    back[0, 1:] = -total[:p] / n
    more = third if cubes else None, None if weights is None else back.T @ by @ back
    return Survey(design, tuple(others), sums, mean, low, high, products, *more)


def _short(numbers: Array) -> Array:
    """Return numbers near these of 30 binary digits, less which whole numbers add without error."""
    fraction, power = np.frexp(numbers)
    found: Array = np.ldexp(np.rint(np.ldexp(fraction, 30)), power - 30)
    return found
