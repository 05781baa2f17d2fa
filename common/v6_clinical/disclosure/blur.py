"""The blur: noise on every real number that leaves a site, declared by one number.

A score is told with the matrix that it belongs to (information, meat, squares), as one block, in
the coordinates h = T^+ x in which the site's own matrix A = T T' is the identity:
T (T^+ score + d z), T (I + E) T', with d = max(tau, floor max |r| |h|) for the rows' parts r x of
the score, and e = max(tau sqrt(3/n), floor max w |h|^2) for their parts w x x' of A. A number that
stands alone, f = sum f_i, has noise of sd max(tau sqrt(sum f_i^2), floor max |f_i|). The floor
hides the row that counts most.

Of the noise d and e are told, rounded up to a power of two times what n alone gives; the sd of a
number is not, which would be about that of the row that counts most.

What is told has no more digits than a thousandth of its noise: two tables that differ in the ninth
digit give the same answer.

Draws are keyed. With the site's secret the same rows, columns and question give the same noise, and
any other the noise of an independent draw: an answer that is asked for twice tells nothing more.
The size is part of the key: of one draw in two sizes the noise would follow.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import struct
from dataclasses import dataclass, field
from secrets import token_bytes
from typing import Final

import numpy as np

from v6_clinical.disclosure.row_key import Columns, Digest
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.whitening import LARGEST_CHANGE, Factor

# Of a row's part, what the smallest told d and e allow for, in units of an even share.
SCORE_ROW, MATRIX_ROW = 3.0, 9.0
# Binary digits of the noise that are told: of a block, and at least of a number, whose last digit
# is one of a few places, drawn anew for each question: where it changes does not tell the sd.
SETTLED: Final = 10
COARSE: Final = 4
GRID: Final = 1e-6  # of a question's numbers: of coefficients times their column's sd
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
    unit
        That of d.
    """

    d: float = 0.0
    e: float = 0.0
    unit: float = 1.0

    @property
    def sd(self) -> float:
        """That of the score."""
        return self.d * self.unit


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
    mode
        How answers are sent.
    """

    tau: float = 0.0
    floor: float = 0.0
    secret: bytes | None = field(default=None, repr=False)
    mode: bytes = MODE

    @property
    def on(self) -> bool:
        """Whether there is noise."""
        return self.tau > 0 or self.floor > 0

    def moments(self, column: Digest) -> tuple[float, float]:
        """Return a column's mean and standard deviation (denominator n), with noise.

        One draw for each column of the same rows, whatever else they are asked for. They are told
        ``settled``.
        """
        if not self.on or not column.sd > 0:
            return column.mean, column.sd
        (source, scale), n = self.column(column), column.n
        z, e = source.normals("moments", packed(scale.d, scale.e), (2,))
        wider = max(1 + scale.e * float(e), LARGEST_CHANGE)
        mean = column.mean + column.sign * column.sd * scale.d / n**0.5 * float(z)
        return mean, column.sd * wider**0.5

    def column(self, column: Digest) -> tuple[Source, Scale]:
        """Return the noise of a column by itself, and how large that of its moments is."""
        source, n = self.source(b"column|" + column.key), column.n
        return source, source.scale(n, column.reach / n**0.5, column.reach**2 / n)

    def source(self, rows: bytes) -> Source:
        """Return the noise of a row set, by its ``row_key``."""
        if not self.on:
            return Source(self, b"")
        secret = self.secret if self.secret is not None else token_bytes(32)
        kind = self.mode + b"|" + packed(self.tau, self.floor)
        return Source(self, hmac.new(secret, kind + b"|" + rows, hashlib.sha256).digest())


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
        wider = 2.0 ** (self.uniform(b"scale") / 2)  # so that where k changes tells no row's part
        return Scale(rounded_up(d0, floor * row * wider), rounded_up(e0, floor * square * wider))

    def normals(self, name: str, question: bytes, shape: tuple[int, ...]) -> Array:
        """Return independent standard normal numbers: the same for the same name and question."""
        text = name.encode() + b"|" + question
        seed = hmac.new(self._key, text, hashlib.sha256).digest()
        words = np.frombuffer(seed, dtype=np.uint32)
        bits = np.random.Philox(np.random.SeedSequence(words.tolist()))
        return np.random.Generator(bits).normal(size=shape)

    def uniform(self, what: bytes) -> float:
        """Return a number between 0 and 1: the same for the same name."""
        seed = hmac.new(self._key, b"uniform|" + what, hashlib.sha256).digest()
        return int.from_bytes(seed[:6], "big") / 2.0**48

    def on_grid(self, question: Array) -> tuple[Array, bytes]:
        """Return a canonical question's numbers on a grid, and what stands for them in a key.

        Where a number is rounded up between two points is drawn anew for each pair of them: the
        place where an answer changes tells of a column's mean and sd less than the grid.
        """
        if not self.on:
            return question, b""
        below = np.floor(question / GRID)
        part = question / GRID - below
        drawn = [
            self.uniform(f"{place}|{point:.0f}".encode())
            for place, point in enumerate(below.tolist())
        ]
        steps = below + (part > np.array(drawn))
        return steps * GRID, (steps + 0.0).tobytes()

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
        factor = factor_of(matrix, columns)
        z = self.normals(f"{name}/score", packed(scale.d) + question, (len(factor.kept),))
        changed = self._changed(name, question, scale.e, matrix, factor)
        told = factor.root @ (factor.coordinates(score) + scale.sd * z)
        return settled(told, scale.sd * np.sqrt(np.diag(changed))), changed

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
        return self._changed(name, question, e, matrix, factor_of(matrix, columns))

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
        if size > 0:  # whatever the number's unit
            question = f"{largest / size:.4e}|".encode() + question
        noisy = value + sd * float(self.normals(name, question, ()))
        if not sd > 0:
            return noisy
        finer = COARSE * self.uniform(f"digits|{name}|".encode() + question)
        exponent = math.floor((math.log2(sd) + 1 - SETTLED - finer) / COARSE) * COARSE
        return math.ldexp(round(math.ldexp(noisy, -exponent)), exponent)

    def _changed(
        self, name: str, question: bytes, e: float, matrix: Array, factor: Factor
    ) -> Array:
        """Return T (I + E) T', symmetric."""
        r = len(factor.kept)
        lower = np.tril(self.normals(f"{name}/matrix", packed(e) + question, (r, r)))
        change = e * (lower + np.tril(lower, -1).T)
        norm = float(np.abs(np.linalg.eigvalsh(change)).max(initial=0.0))
        if norm > LARGEST_CHANGE:
            change *= LARGEST_CHANGE / norm
        found = factor.root @ (np.eye(r) + change) @ factor.root.T
        length = np.sqrt(np.diag(found))
        return settled((found + found.T) / 2, e * np.outer(length, length))


def packed(*numbers: float) -> bytes:
    """Return numbers as part of a key."""
    return struct.pack(f"<{len(numbers)}d", *numbers)


def factor_of(matrix: Array, columns: Columns | None) -> Factor:
    """Return the factor of a matrix whose columns are taken in their own order and the way up."""
    return Factor(matrix) if columns is None else Factor(matrix, columns.order, columns.signs)


def settled(values: Array, sd: Array) -> Array:
    """Return numbers rounded to about a thousandth of their noise, in a power of two."""
    exponent = np.frexp(sd)[1] - SETTLED
    found: Array = np.where(
        sd > 0, np.ldexp(np.rint(np.ldexp(values, -exponent)), exponent), values
    )
    return found


def rounded_up(least: float, needed: float) -> float:
    """Return ``least`` times the first power of two that makes it no smaller than ``needed``."""
    if not needed > least:
        return least
    return float(least * 2.0 ** math.ceil(math.log2(needed / least) - 1e-9))
