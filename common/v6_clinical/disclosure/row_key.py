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
CONSTANT: Final = 1e-12  # of a column's mean: an sd that is rounding


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
    reach
        The largest distance of a row from the mean, in sd.
    n
        Rows.
    """

    key: bytes
    sign: float
    mean: float
    sd: float
    reach: float
    n: int

    @classmethod
    def constant(cls, mean: float, n: int) -> Digest:
        """Return that of a column that does not vary."""
        return cls(b"constant", 1.0, mean, 0.0, 0.0, n)

    @classmethod
    def made(
        cls, odd: Sequence[float], even: float, about: tuple[float, float, float], n: int
    ) -> Digest:
        """Return that of a column by means over its n rows, as ``digest_of`` explains.

        Parameters
        ----------
        odd
            Of z^3, and of z y; the first of them that is not 0 is made positive.
        even
            Of z^2 y.
        about
            Mean, sd and reach of the column.
        """
        turned = np.round(np.array(odd), DIGITS)
        sign = float(next((np.sign(x) for x in turned if x), 1.0))
        key = struct.pack("<d", n) + _packed(np.append(sign * turned, even))
        return cls(key, sign, *about, n)


def digest_of(column: Array, beside: Array | None = None) -> Digest:
    """Return the digest of a column, shape (n,).

    With z the standardised column: sum z^3 / n and, with a column ``beside`` it standardised to y,
    sum z y / n and sum z^2 y / n, rounded to nine digits. The first of the odd ones that is not 0
    is made positive.
    """
    n = len(column)
    mean, sd = mean_and_sd(column)
    if not sd > CONSTANT * abs(mean):
        return Digest.constant(mean, n)
    other = (0.0, 0.0) if beside is None else mean_and_sd(beside)
    third = product = even = reach = 0.0
    for rows in row_blocks(n):
        z = (column[rows] - mean) / sd
        squares = z * z
        third += float(np.dot(squares, z))
        reach = max(reach, float(squares.max()))
        if beside is not None and other[1] > 0:
            y = (beside[rows] - other[0]) / other[1]
            product, even = product + float(np.dot(z, y)), even + float(np.dot(squares, y))
    return Digest.made([third / n, product / n], even / n, (mean, sd, reach**0.5), n)


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

    def canonical(self, beta: Array, moments: Sequence[tuple[float, float]]) -> Array:
        """Return what coefficients ask about, shape (p,), in the columns' own order and units.

        Each coefficient times its column's sd, the right way up, and in place of the intercept's
        the linear predictor at the columns' means. A constant column's sd counts as 1.

        Parameters
        ----------
        moments
            Mean and sd of each column, with the noise that they are told with.
        """
        mean, sd = np.array(moments, dtype=np.float64).reshape(-1, 2).T
        found = beta * np.where(sd > 0, sd, 1.0) * self.signs
        if self.intercept:
            found[0] = beta[0] + beta[1:] @ mean[1:]
        return np.asarray(found[self.order])

    def coefficients(self, canonical: Array, moments: Sequence[tuple[float, float]]) -> Array:
        """Return the coefficients of which ``canonical`` is that, shape (p,)."""
        mean, sd = np.array(moments, dtype=np.float64).reshape(-1, 2).T
        found = np.empty(len(canonical))
        found[self.order] = canonical
        found /= np.where(sd > 0, sd, 1.0) * self.signs
        if self.intercept:
            found[0] -= found[1:] @ mean[1:]
        return found

    def row_key(self, leverage: Array, outcome: Array, others: Sequence[Array] = ()) -> bytes:
        """Return what identifies rows and the columns that are used of them.

        Columns of two values have equal digests where their counts are equal: the leverages, which
        no spelling changes, tell such columns apart by how they stand beside the others.

        Parameters
        ----------
        leverage
            Of each row in the design, unweighted, shape (n,).
        outcome
            Shape (n,): 1 for an event where the outcome is one.
        others
            Further columns that the numbers depend on (weights, offset, times), in an order that
            the analysis fixes; shape (n,) each.
        """
        keys: Collection[bytes] = sorted(digest.key for digest in self.digests)
        beside = [digest_of(other, leverage) for other in (outcome, *others)]
        more = [digest.key + struct.pack("<d", digest.sign) for digest in beside]  # not negatives
        squares = np.square(leverage)
        joint = np.array([squares.sum(), squares @ leverage, squares @ outcome, outcome.sum()])
        return b"|".join([_packed(joint), *keys, b"beside", *more])


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
