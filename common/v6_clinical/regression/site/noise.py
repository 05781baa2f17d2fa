"""The noise of one answer of a regression: what keys it, and the parts that make its size.

Where the blur is off everything is returned as it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np

from v6_clinical.disclosure.blur import NO_NOISE, Blur, Scale, Source, settled
from v6_clinical.disclosure.row_key import CONSTANT, Columns, Digest, Powers
from v6_clinical.disclosure.survey import Survey
from v6_clinical.numerics.arrays import Array, Index
from v6_clinical.numerics.blocks import row_blocks
from v6_clinical.protocol.sums import Noise
from v6_clinical.regression.site.kept import Kept


@dataclass(frozen=True)
class Parts:
    """What makes the noise of a single number: the root of sum f_i^2, and max |f_i|."""

    size: float = 0.0
    largest: float = 0.0


NO_PARTS: Final = Parts()


def parts_of(rows: Array, clusters: Index | None = None) -> Parts:
    """Return the parts of the sum of rows, shape (n,); of a patient's rows together."""
    each = rows if clusters is None else np.bincount(clusters, rows)
    squares = largest = 0.0
    for some in row_blocks(len(each)):
        block = each[some]
        squares += float(np.dot(block, block))
        largest = max(largest, float(np.abs(block).max()))
    return Parts(squares**0.5, largest)


@dataclass(frozen=True)
class Noisy:
    """The noise of the numbers of one row set and one design.

    Parameters
    ----------
    source
        That of the rows with the design's columns.
    bare
        Returns that of the rows without them: models of the same rows share it.
    columns
        The design's columns.
    moments
        Mean and sd of each column, with noise.
    clusters
        Codes of patients of several rows, shape (n,).
    zero, unit
        What linear predictors count from in a question, and in which unit.
    kept
        Columns that others do not determine, by default all.
    """

    source: Source
    bare: Callable[[], Source]
    columns: Columns | None = None
    moments: tuple[tuple[float, float], ...] = ()
    clusters: Index | None = None
    zero: float = 0.0
    unit: float = 1.0
    kept: Kept | None = None

    @cached_property
    def alone(self) -> Source:
        """The noise of the rows without the design's columns."""
        return self.bare()

    def asked(self, beta: Array) -> tuple[Array, bytes]:
        """Return the nearest coefficients of a grid, shape (p,), and what stands for them."""
        if self.columns is None:
            return beta, b""
        columns, moments, kept = self.columns, self.moments, self.kept
        whole = beta.copy()
        if kept is not None:
            columns, moments = kept.columns(columns), tuple(moments[k] for k in kept.places)
            beta = whole[kept.places] + kept.onto @ whole[kept.rest]
        lift = np.zeros(len(beta))
        if columns.intercept:
            lift[0] = self.zero
        canonical = columns.canonical((beta - lift) / self.unit, moments)
        steps, question = self.source.on_grid(canonical)
        found = columns.coefficients(steps, moments) * self.unit + lift
        if kept is None or not len(kept.rest):
            return found, question
        whole[kept.places] += found - beta
        return whole, question

    @property
    def on(self) -> bool:
        """Whether there is noise."""
        return self.source.on

    def block(
        self, name: str, question: bytes, scale: Scale, score: Array, matrix: Array
    ) -> tuple[Array, Array]:
        """Return a score and its matrix with noise."""
        return self.source.score_block(name, question, scale, score, matrix, self.columns)

    def matrix(self, name: str, question: bytes, e: float, matrix: Array) -> Array:
        """Return a matrix that stands alone, with noise."""
        return self.source.matrix(name, question, e, matrix, self.columns)

    def number(
        self, name: str, question: bytes, value: float, parts: Parts, *, alone: bool = False
    ) -> float:
        """Return a number with noise; ``alone`` where it does not depend on the design."""
        source = self.alone if alone else self.source
        return source.number(name, question, value, parts.size, parts.largest)

    def sum(self, name: str, question: bytes, rows: Array, *, alone: bool = False) -> float:
        """Return the sum of rows, shape (n,), with noise."""
        value = float(rows.sum())
        if not self.on:
            return value
        parts = parts_of(rows, self.clusters)
        return self.number(name, question, value, parts, alone=alone)

    def told(self, told: Mapping[str, Scale] | Iterable[str]) -> dict[str, Noise]:
        """Return what a message tells of the noise of names, nothing of those without a scale."""
        if not self.on:
            return {}
        scales = told if isinstance(told, Mapping) else dict.fromkeys(told, NO_NOISE)
        return {name: Noise(scale.d, scale.e) for name, scale in scales.items()}


EXACT: Final = Source(Blur(), b"")
OFF: Final = Noisy(EXACT, lambda: EXACT)


@dataclass(frozen=True)
class NoiseAt:
    """The noise of what is told at one point.

    Parameters
    ----------
    question
        What stands for the point: see ``Noisy.asked``.
    scale
        The noise of score and information there.
    shown
        What is told of it, no smaller.
    """

    noisy: Noisy
    question: bytes = b""
    scale: Scale = NO_NOISE
    shown: Scale = NO_NOISE

    def block(self, score: Array, information: Array) -> tuple[Array, Array]:
        """Return score and information with noise: the same at one point in whatever step."""
        return self.noisy.block("evaluation", self.question, self.scale, score, information)

    def beside(self, name: str, vector: Array, information: Array) -> Array:
        """Return another vector of sums of rows' columns, with the noise of a score."""
        return self.noisy.block(name, self.question, self.scale, vector, information)[0]

    def matrix(self, name: str, matrix: Array) -> Array:
        """Return a matrix of its own with the information's noise."""
        return self.noisy.matrix(name, self.question, self.scale.e, matrix)

    def number(self, name: str, value: float, parts: Parts) -> float:
        """Return a number with noise."""
        return self.noisy.number(name, self.question, value, parts)

    def sum(self, name: str, rows: Array) -> float:
        """Return the sum of rows, shape (n,), with noise."""
        return self.noisy.sum(name, self.question, rows)


QUIET: Final = NoiseAt(OFF)


@dataclass(frozen=True)
class Described:
    """The first columns of a survey: as a key has them, and their moments.

    Parameters
    ----------
    digests
        Of each column beside the first of the survey's ``others``: the outcome.
    moments
        Mean and sd of each column with noise: that of the rows, whatever the model and outcome.
    told
        The same, rounded to a thousandth of the noise, as they leave the site: how depends on the
        column's unit and zero, so that questions are put on their grid by those that are not.
    """

    digests: tuple[Digest, ...]
    moments: tuple[tuple[float, float], ...]
    told: tuple[tuple[float, float], ...]


def described(about: Survey, count: int, blur: Blur, clusters: Index | None = None) -> Described:
    """Return what a survey tells of the columns; with clusters the rows are gone through once more.

    Parameters
    ----------
    clusters
        Codes of patients of several rows, shape (n,).
    """
    n, mean = len(about.design), about.mean[:count]
    sd = np.sqrt(np.diag(about.products)[:count] / max(n, 1))
    sd[~(sd > CONSTANT * np.abs(mean))] = 0.0
    unit = np.where(sd > 0, sd, np.inf)
    third, product = _odd_means(about, mean, unit)
    reach, beside, alone = about.reach[:count] / unit, [], []
    for j in range(count):
        size = (float(mean[j]), float(sd[j]), float(reach[j]))
        if sd[j] == 0:
            beside.append(Digest.constant(size[0], n))
            alone.append(beside[-1])
            continue
        beside.append(Digest.made([third[j], product[j]], size, n))
        own = Digest.made([third[j], 0.0], size, n)
        if clusters is not None:
            each = (about.design[:, j] - mean[j]) / sd[j]
            far = parts_of(each, clusters).largest
            own = replace(own, key=own.key + b"clusters", reach=far)
        alone.append(own)
    moments = tuple(blur.moments(one) for one in alone)
    told = tuple(_told(one, blur, here) for one, here in zip(alone, moments, strict=True))
    return Described(tuple(beside), moments, told)


def _odd_means(about: Survey, mean: Array, unit: Array) -> tuple[Array, Array]:
    """Return means of z^3, and of z y beside a standardised outcome y."""
    n, count, place = max(len(about.design), 1), len(mean), about.design.shape[1]
    product = np.zeros(count)
    if about.others:
        height = float(about.mean[place])
        width = float(np.sqrt(about.products[place, place] / n))
        if width > CONSTANT * abs(height):
            product = about.products[:count, place] / (unit * width * n)
    return _cubes(about)[:count] / n / unit**3, product


def powers_beside(about: Survey) -> list[Powers]:
    """Return the powers of what a survey has looked at beside its design."""
    n, p, cubes, found = len(about.design), about.design.shape[1], _cubes(about), []
    for k, column in enumerate(about.others, p):
        mean, sd = float(about.mean[k]), float(np.sqrt(about.products[k, k] / max(n, 1)))
        if not sd > CONSTANT * abs(mean):
            found.append(Powers(column, mean, 0.0))
            continue
        third, reach = float(cubes[k]) / n / sd**3, float(about.reach[k]) / sd
        found.append(Powers(column, mean, sd, third, reach))
    return found


def _cubes(about: Survey) -> Array:
    if about.cubes is None:
        raise TypeError("this survey has no third powers")
    return about.cubes


def _told(column: Digest, blur: Blur, moments: tuple[float, float]) -> tuple[float, float]:
    """Return a column's moments as they are told: no digit of them follows from the exact sd."""
    if not column.sd > 0:
        return moments
    _, scale = blur.column(column)
    unit = moments[1] * np.array([scale.d / column.n**0.5, scale.e / 2])
    mean, sd = settled(np.array(moments), unit).tolist()
    return mean, sd


def in_units(numbers: Sequence[float]) -> bytes:
    """Return numbers whose unit matters as part of a key: nine significant digits of each."""
    return "|".join(f"{number:.8e}" for number in numbers).encode()
