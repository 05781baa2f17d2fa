"""What a draw of noise is keyed by: the rows and columns that a number is made of, and a question.

The key is the same however the table is written: in another order of rows or columns, under other
names, in another unit, the other way up or about another zero. It changes with any row.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.blocks import row_blocks

DIGITS: Final = 9  # of a digest's numbers, behind the point
GRID: Final = 1e-6  # of a question's numbers: of coefficients times their column's sd
# Added before rounding: short decimals would lie halfway between two points, and go either way.
OFF_MIDDLE: Final = 0.381966


@dataclass(frozen=True)
class Digest:
    """What identifies a column whatever its unit, its zero and its sign.

    Parameters
    ----------
    key
        To be part of a row set's key.
    sign
        1 or -1: which way up the column is taken, so that its negative gives the same.
    mean, sd
        Of the column; an sd of 0 for a constant.
    """

    key: bytes
    sign: float
    mean: float
    sd: float


def digest_of(column: Array, beside: Array | None = None) -> Digest:
    """Return the digest of a column, shape (n,).

    With z the standardised column: sum z^3 / n and, with a column ``beside`` it standardised to y,
    sum z y / n and sum z^2 y / n, rounded to nine digits. The first of the odd ones that is not 0
    is made positive.
    """
    n = len(column)
    mean, sd = mean_and_sd(column)
    if not sd > 1e-12 * abs(mean):
        return Digest(b"constant", 1.0, mean, 0.0)
    other = (0.0, 0.0) if beside is None else mean_and_sd(beside)
    third = product = even = 0.0
    for rows in row_blocks(n):
        z = (column[rows] - mean) / sd
        squares = z * z
        third += float(np.dot(squares, z))
        if beside is not None and other[1] > 0:
            y = (beside[rows] - other[0]) / other[1]
            product, even = product + float(np.dot(z, y)), even + float(np.dot(squares, y))
    odd = np.round(np.array([third, product]) / n, DIGITS)
    sign = float(next((np.sign(x) for x in odd if x), 1.0))
    return Digest(_packed(np.append(sign * odd, even / n)), sign, mean, sd)


@dataclass(frozen=True)
class Columns:
    """The columns of a design, in an order and the way up that do not depend on how it is written.

    Parameters
    ----------
    digests
        Of each of the p columns.
    intercept
        Whether the first column is one of ones: it is taken first, whatever the others are.
    """

    digests: tuple[Digest, ...]
    intercept: bool = False

    @classmethod
    def of(cls, design: Array, beside: Array | None = None, *, intercept: bool = False) -> Columns:
        """Return those of a design, shape (n, p), beside an outcome, shape (n,)."""
        return cls(tuple(digest_of(column, beside) for column in design.T), intercept)

    @property
    def order(self) -> list[int]:
        """The places of the columns as they are taken."""
        first = int(self.intercept)
        rest = range(first, len(self.digests))
        return [*range(first), *sorted(rest, key=lambda place: self.digests[place].key)]

    @property
    def signs(self) -> Array:
        """1 or -1 for each column, shape (p,)."""
        return np.array([digest.sign for digest in self.digests], dtype=np.float64)

    def asked(self, beta: Array) -> tuple[Array, bytes]:
        """Return the nearest coefficients on the grid, shape (p,), and what stands for them.

        The grid is of the linear predictor at the columns' means and of each coefficient times its
        column's sd, in the columns' own order. A constant column's coefficient counts at the means.
        """
        mean, sd = (np.array([getattr(d, name) for d in self.digests]) for name in ("mean", "sd"))
        unit = np.where(sd > 0, sd, 1.0) * self.signs
        steps = np.rint(beta * unit / GRID + OFF_MIDDLE)
        found = steps * GRID / unit
        if self.intercept:
            steps[0] = np.rint((beta[0] + beta[1:] @ mean[1:]) / GRID + OFF_MIDDLE)
            found[0] = steps[0] * GRID - found[1:] @ mean[1:]
        return found, (steps[self.order] + 0.0).tobytes()

    def row_key(self, n: int, events: float, others: Sequence[Array] = ()) -> bytes:
        """Return what identifies rows and the columns that are used of them.

        Parameters
        ----------
        n, events
            Rows, and the sum of the outcome where that is a count, else 0.
        others
            Further columns that the numbers depend on (outcome, weights, offset, times), in an
            order that the analysis fixes; shape (n,) each.
        """
        keys: Collection[bytes] = sorted(digest.key for digest in self.digests)
        more = [digest_of(other).key for other in others]
        return b"|".join([struct.pack("<dd", float(n), float(events)), *keys, b"beside", *more])


def mean_and_sd(column: Array) -> tuple[float, float]:
    """Return mean and standard deviation (denominator n) of a column, shape (n,)."""
    mean = float(column.mean()) if len(column) else 0.0
    squares = 0.0
    for rows in row_blocks(len(column)):
        z = column[rows] - mean
        squares += float(np.dot(z, z))
    return mean, (squares / max(len(column), 1)) ** 0.5


def _packed(numbers: Array) -> bytes:
    return (np.round(numbers, DIGITS) + 0.0).tobytes()
