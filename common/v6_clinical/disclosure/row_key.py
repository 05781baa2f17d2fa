"""What a draw of noise is keyed by: the rows and columns that a number is made of, and a question.

The key is the same however the table is written: in another order of rows or columns, under other
names, in another unit, the other way up or about another zero. It changes with any row.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.blocks import row_blocks

DIGITS: Final = 9  # of a digest's numbers, behind the point
CONSTANT: Final = 1e-12  # of a column's mean: an sd that is rounding
LEVEL: Final = 1e-9  # of the mean of leverages: the same of what a matrix was inverted for


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
    def made(cls, odd: Sequence[float], about: tuple[float, float, float], n: int) -> Digest:
        """Return that of a column by means over its n rows.

        Parameters
        ----------
        odd
            Of z^3, z the standardised column, and of z y, y another one that it stands beside; to
            nine digits, and the first of them that is not 0 is made positive.
        about
            Mean, sd and reach of the column.
        """
        turned = np.round(np.array(odd), DIGITS)
        sign = float(next((np.sign(x) for x in turned if x), 1.0))
        key = struct.pack("<d", n) + _packed(sign * turned)
        return cls(key, sign, *about, n)


@dataclass(frozen=True)
class Powers:
    """Means of a column's powers, and what they leave to be summed beside another column.

    Parameters
    ----------
    column
        Shape (n,).
    mean, sd
        Of the column; an sd of 0 for a constant.
    third
        The mean of z^3, z the standardised column.
    reach
        The largest |z|.
    """

    column: Array
    mean: float
    sd: float
    third: float = 0.0
    reach: float = 0.0

    @property
    def square(self) -> float:
        """The mean of the column's squares."""
        return self.mean**2 + self.sd**2

    def digest(self, product: float = 0.0) -> Digest:
        """Return the digest, beside the mean of z y of another standardised column y."""
        n = len(self.column)
        if not self.sd:
            return Digest.constant(self.mean, n)
        return Digest.made([self.third, product], (self.mean, self.sd, self.reach), n)


def powers_of(column: Array) -> Powers:
    """Return the powers of a column, shape (n,); one of a single number in memory is constant."""
    if column.strides == (0,) or not len(column):
        return Powers(column, float(column[0]) if len(column) else 0.0, 0.0)
    n, mean = len(column), float(column.mean())
    square = third = reach = 0.0
    for rows in row_blocks(n):
        z = column[rows] - mean
        squares = z * z
        square, third = square + float(squares.sum()), third + float(np.dot(squares, z))
        reach = max(reach, float(squares.max()))
    sd = (square / n) ** 0.5
    if not sd > CONSTANT * abs(mean):
        return Powers(column, mean, 0.0)
    return Powers(column, mean, sd, third / n / sd**3, reach**0.5 / sd)


def beside(columns: Sequence[Powers], other: Array) -> tuple[list[Digest], float]:
    """Return the digests of columns beside another one, and the sum of its squares."""
    if other.strides == (0,) or not len(other):
        return [one.digest() for one in columns], float(np.square(other[:1]).sum()) * len(other)
    varying = [k for k, one in enumerate(columns) if one.sd]
    n, mean, product, square = len(other), float(other.mean()), np.zeros(len(columns)), 0.0
    for rows in row_blocks(n):
        y = other[rows] - mean
        square += float(np.dot(y, y))
        for k in varying:
            product[k] += np.dot(columns[k].column[rows] - columns[k].mean, y)
    sd = (square / n) ** 0.5
    unit = n * sd if sd > LEVEL * abs(mean) else np.inf
    found = zip(columns, product.tolist(), strict=True)
    return [one.digest(p / (one.sd or 1.0) / unit) for one, p in found], square + n * mean**2


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

    def row_key(
        self,
        leverage: Array,
        outcome: Array,
        others: Mapping[str, Array] | None = None,
        powers: Callable[[Array], Powers] = powers_of,
    ) -> bytes:
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
            Further columns that the numbers depend on (weights, offset, times), shape (n,) each, by
            what they do. One that does not vary does nothing, or is told by its size alone.
        powers
            Returns the powers of outcome and others, where they are known.
        """
        keys: Collection[bytes] = sorted(digest.key for digest in self.digests)
        named = {"": powers(outcome)}
        for name, column in sorted((others or {}).items()):
            if (one := powers(column)).sd > 0:
                named[name] = one
        found, square = beside(list(named.values()), leverage)
        more = [
            name.encode() + digest.key + struct.pack("<d", digest.sign)  # not negatives
            for name, digest in zip(named, found, strict=True)
        ]
        return b"|".join([_packed(np.array([square])), *keys, b"beside", *more])


def _packed(numbers: Array) -> bytes:
    return (np.round(numbers, DIGITS) + 0.0).tobytes()
