"""The blur: noise on every real number that leaves a site, declared by one number.

A score is told with the matrix that it belongs to (information, meat, squares), as one block, in
the coordinates h = T^-1 x in which the site's own matrix A = T T' is the identity:
score + d T z, A + T E T', with d = max(tau, floor max |r| |h|) for the rows' parts r x of the
score, and e = max(tau sqrt(3/n), floor max w |h|^2) for their parts w x x' of A. A number that
stands alone, f = sum f_i, has noise of sd max(tau sqrt(sum f_i^2), floor max |f_i|). The floor
hides the row that counts most.

Of the noise d and e are told, rounded up to a power of two times what n alone gives; the sd of a
number is not, which would be about that of the row that counts most.

Draws are keyed. With the site's secret the same rows, columns and question give the same noise, and
any other the noise of an independent draw: an answer that is asked for twice tells nothing more.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from dataclasses import dataclass, field
from secrets import token_bytes
from typing import Final

import numpy as np

from v6_clinical.disclosure.row_key import Columns
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.whitening import Factor

LARGEST_CHANGE: Final = 0.5  # spectral norm of E: A stays positive definite
# Of a row's part, what the smallest told d and e allow for, in units of an even share.
SCORE_ROW, MATRIX_ROW = 3.0, 9.0
SETTLED: Final = 20  # binary digits of the noise that are told
MODE: Final = b"clear"  # how answers are sent: the noise of another way is another draw


@dataclass(frozen=True)
class Scale:
    """Declared noise of a block: of its score, and of its matrix.

    Parameters
    ----------
    d
        Sd of the score in the coordinates in which its variance is the identity: about the sd of
        what it does to an estimate, in standard errors.
    e
        Sd of the matrix's entries in the same coordinates: about its relative error.
    """

    d: float = 0.0
    e: float = 0.0


NO_NOISE: Final = Scale()


@dataclass(frozen=True)
class Blur:
    """A site's settings of the blur; both numbers 0: exact.

    Parameters
    ----------
    tau
        Least sd of noise, in standard errors.
    floor
        Sd of noise as a share of what the row that counts most adds.
    secret
        What keys the draws; without one each answer is drawn afresh.
    """

    tau: float = 0.0
    floor: float = 0.0
    secret: bytes | None = field(default=None, repr=False)

    @property
    def on(self) -> bool:
        """Whether there is noise."""
        return self.tau > 0 or self.floor > 0

    def source(self, rows: bytes) -> Source:
        """Return the noise of a row set, by its ``row_key``."""
        if not self.on:
            return Source(self, b"")
        secret = self.secret if self.secret is not None else token_bytes(32)
        return Source(self, hmac.new(secret, MODE + b"|" + rows, hashlib.sha256).digest())


@dataclass(frozen=True)
class Source:
    """The noise of one row set; every method returns what it is given where the blur is off."""

    blur: Blur
    _key: bytes = field(repr=False)

    @property
    def on(self) -> bool:
        """Whether there is noise."""
        return self.blur.on

    def scale(self, n: float, row: float, square: float) -> Scale:
        """Return the declared noise of a block of n rows.

        Parameters
        ----------
        row, square
            Largest |r| |h| and w |h|^2 of a row, or of a patient where one has several.
        """
        if not self.on or n <= 0:
            return NO_NOISE
        tau, floor = self.blur.tau, self.blur.floor
        d0 = max(tau, SCORE_ROW * floor / math.sqrt(n))
        e0 = max(tau * math.sqrt(3 / n), MATRIX_ROW * floor / n)
        return Scale(_rounded_up(d0, floor * row), _rounded_up(e0, floor * square))

    def normals(self, name: str, question: bytes, shape: tuple[int, ...]) -> Array:
        """Return independent standard normal numbers: the same for the same name and question."""
        text = name.encode() + b"|" + question
        seed = hmac.new(self._key, text, hashlib.sha256).digest()
        words = np.frombuffer(seed, dtype=np.uint32)
        return np.random.Generator(np.random.Philox(np.random.SeedSequence(words))).normal(
            size=shape
        )

    def score_block(
        self,
        name: str,
        question: bytes,
        scale: Scale,
        score: Array,
        matrix: Array,
        columns: Columns | None = None,
    ) -> tuple[Array, Array]:
        """Return a score, shape (p,), and its matrix, shape (p, p), with noise.

        Parameters
        ----------
        columns
            Order and signs in which the columns are taken; by default as they stand.
        """
        if not self.on:
            return score, matrix
        factor = _factor(matrix, columns)
        z = self.normals(f"{name}/score", question, (len(factor.kept),))
        told = _settled(score + scale.d * (factor.root @ z), scale.d * _lengths(factor))
        return told, self._changed(name, question, scale.e, matrix, factor)

    def matrix(
        self,
        name: str,
        question: bytes,
        e: float,
        matrix: Array,
        columns: Columns | None = None,
    ) -> Array:
        """Return a matrix that stands alone, shape (p, p), with noise."""
        if not self.on:
            return matrix
        return self._changed(name, question, e, matrix, _factor(matrix, columns))

    def number(
        self, name: str, question: bytes, value: float, size: float, largest: float
    ) -> float:
        """Return a sum of parts f_i with noise.

        Parameters
        ----------
        size, largest
            The root of sum f_i^2, and max |f_i|; of a patient's rows together where one has
            several.
        """
        if not self.on:
            return value
        sd = max(self.blur.tau * size, self.blur.floor * largest)
        noisy = value + sd * float(self.normals(name, question, ()))
        return float(_settled(np.array([noisy]), np.array([sd]))[0])

    def _changed(
        self, name: str, question: bytes, e: float, matrix: Array, factor: Factor
    ) -> Array:
        """Return A + T E T', symmetric."""
        r = len(factor.kept)
        lower = np.tril(self.normals(f"{name}/matrix", question, (r, r)))
        change = e * (lower + np.tril(lower, -1).T)
        norm = float(np.abs(np.linalg.eigvalsh(change)).max(initial=0.0))
        if norm > LARGEST_CHANGE:
            change *= LARGEST_CHANGE / norm
        found = matrix + factor.root @ change @ factor.root.T
        length = _lengths(factor)
        return _settled((found + found.T) / 2, e * np.outer(length, length))


def _factor(matrix: Array, columns: Columns | None) -> Factor:
    return Factor(matrix) if columns is None else Factor(matrix, columns.order, columns.signs)


def _lengths(factor: Factor) -> Array:
    """Return the root of A's diagonal, shape (p,)."""
    return np.asarray(np.sqrt(np.square(factor.root).sum(axis=1)))


def _settled(values: Array, sd: Array) -> Array:
    """Round to a millionth of the noise: the order in which rows were summed does not show."""
    exponent = np.frexp(sd)[1] - SETTLED
    found: Array = np.where(
        sd > 0, np.ldexp(np.rint(np.ldexp(values, -exponent)), exponent), values
    )
    return found


def _rounded_up(least: float, needed: float) -> float:
    """Return ``least`` times the first power of two that makes it no smaller than ``needed``."""
    if not needed > least:
        return least
    return float(least * 2.0 ** math.ceil(math.log2(needed / least) - 1e-9))
