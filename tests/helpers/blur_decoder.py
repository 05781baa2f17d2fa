"""An attacker who decodes a hospital from the answers of an honest fit.

He has everything but the rows: the site's exact margins and counts, the true covariance of the
noise (taken down where it is drawn), the model. What a site tells is linear in the counts of a
table of whole numbers, columns by outcome; tables with the site's margins are searched by swaps of
two rows' values (Metropolis), chain beside chain in one array.
"""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import numpy as np

from v6_clinical.disclosure.blur import Scale, Source, factor_of
from v6_clinical.numerics.arrays import Array

LADDER, EXCHANGE = 0.6, 10  # of chains side by side: share of the noise's precision; steps between


@dataclass(frozen=True)
class Block:
    """A score and its matrix, before and after noise, where the matrix is 1."""

    name: str
    question: bytes
    scale: Scale
    columns: Any
    score: Array
    told_score: Array
    told_matrix: Array


@dataclass(frozen=True)
class Single:
    """A number that stands alone, and the sd of its noise."""

    name: str
    question: bytes
    value: float
    told: float
    sd: float


@dataclass
class Draws:
    """What one site has drawn, each once: an answer asked for twice is the same."""

    blocks: dict[tuple[bytes, ...], Block] = field(default_factory=dict)
    numbers: dict[tuple[bytes, ...], Single] = field(default_factory=dict)
    lock: Any = field(default_factory=threading.Lock)

    def block(self, source: Source, asked: tuple[Any, ...], told: tuple[Array, Array]) -> None:
        """Take a block down; without noise as if there were next to none."""
        name, question, scale, score, matrix, *columns = asked
        factor = factor_of(matrix, columns[0] if columns else None)
        back = np.linalg.inv(factor.root[factor.kept])
        kept = np.ix_(factor.kept, factor.kept)
        found = Block(
            name,
            question,
            scale if source.on else Scale(1e-7, 1e-7),
            columns[0] if columns else None,
            factor.coordinates(score),
            factor.coordinates(told[0]),
            back @ told[1][kept] @ back.T,
        )
        with self.lock:
            self.blocks[source._key, name.encode(), question] = found

    def number(self, source: Source, asked: tuple[Any, ...], told: float) -> None:
        """Take a number down."""
        name, question, value, size, largest = asked
        sd = max(source.blur.tau * size, source.blur.floor * largest, 1e-7)
        with self.lock:
            self.numbers[source._key, name.encode(), question] = Single(
                name, question, value, told, sd
            )


@contextlib.contextmanager
def taken_down(secret: bytes) -> Iterator[Draws]:
    """Take down what the site with this secret draws."""
    draws = Draws()
    block, number = Source.score_block, Source.number

    def drawn_block(self: Source, *asked: Any) -> tuple[Array, Array]:
        told = block(self, *asked)
        if self.blur.secret == secret:
            draws.block(self, asked, told)
        return told

    def drawn_number(self: Source, *asked: Any) -> float:
        told = number(self, *asked)
        if self.blur.secret == secret:
            draws.number(self, asked, told)
        return told

    with (
        mock.patch.object(Source, "score_block", drawn_block),
        mock.patch.object(Source, "number", drawn_number),
    ):
        yield draws


@dataclass(frozen=True)
class Table:
    """A site's rows as codes: column by column the place of its value among the site's.

    The last column is the outcome. ``cells`` are all combinations of the site's values.
    """

    names: tuple[str, ...]
    values: tuple[Array, ...]
    rows: Array

    @classmethod
    def of(cls, names: Sequence[str], columns: Sequence[Array]) -> Table:
        """Return the table of columns, shape (n,) each."""
        parts = [np.unique(column, return_inverse=True) for column in columns]
        values = tuple(part[0] for part in parts)
        return cls(tuple(names), values, np.stack([part[1] for part in parts], axis=1))

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many values each column has."""
        return tuple(map(len, self.values))

    @property
    def strides(self) -> Array:
        """What a code counts for in a cell's number."""
        return np.array([math.prod(self.sizes[j + 1 :]) for j in range(len(self.sizes))])

    def cells(self) -> dict[str, Array]:
        """Return each column's values in all cells, by name."""
        codes = np.unravel_index(np.arange(math.prod(self.sizes)), self.sizes)
        return {
            name: values[code]
            for name, values, code in zip(self.names, self.values, codes, strict=True)
        }

    def at(self, rows: Array | None = None) -> Array:
        """Return the cells of rows, shape (..., n)."""
        return np.asarray((self.rows if rows is None else rows) @ self.strides)

    def permuted(self, rng: np.random.Generator, count: int) -> Array:
        """Return tables of the same margins, columns independent; shape (count, n, columns)."""
        n, width = self.rows.shape
        order = rng.permuted(np.tile(np.arange(n), (count * width, 1)), axis=1)
        found = self.rows.T[np.tile(np.arange(width), count)[:, None], order]
        return np.asarray(found.reshape(count, width, n).transpose(0, 2, 1))

    def held(self) -> float:
        """Return -log2 of the chance of the table, columns independent with its margins."""
        n, width = self.rows.shape
        found = -(width - 1) * math.lgamma(n + 1)
        counts = [np.bincount(column) for column in self.rows.T]
        found += sum(math.lgamma(c + 1) for one in counts for c in one)
        found -= sum(math.lgamma(c + 1) for c in np.unique(self.at(), return_counts=True)[1])
        return -found / math.log(2)


@dataclass(frozen=True)
class Seen:
    """What the attacker sees, in units of the noise: numbers that are linear in counts of cells.

    Parameters
    ----------
    parts
        What a row of each cell adds, shape (cells, m).
    target
        What is told, shape (m,).
    told
        Bits told: 1/2 log2 det(1 + V), V the covariance over tables of the same margins.
    """

    parts: Array
    target: Array
    told: float

    @classmethod
    def of(cls, table: Table, parts: Array, target: Array, rng: np.random.Generator) -> Seen:
        """Keep the directions in which tables differ by more than a fraction of the noise."""
        even = parts.mean(axis=0)
        parts, target = parts - even, target - len(table.rows) * even
        if parts.shape[1] > len(parts):  # no more directions than cells
            turned = np.linalg.svd(parts, full_matrices=False)[2].T
            parts, target = parts @ turned, target @ turned
        tables = parts[table.at(table.permuted(rng, 500))].sum(axis=1)
        variance, directions = np.linalg.eigh(np.cov(tables.T))
        variance = np.maximum(variance, 0.0)
        kept = directions[:, variance > 0.02]
        bits = float(np.log2(1 + variance).sum() / 2)
        return cls(parts @ kept, target @ kept, bits)


def sampled(
    table: Table,
    seen: Seen,
    rng: np.random.Generator,
    *,
    chains: int = 16,
    steps: int = 5000,
    at_truth: int = 8,
    keep: int = 25,
    ladder: int = 1,
) -> Array:
    """Return tables from the posterior, cells shape (tables, n).

    ``at_truth`` of the chains begin at the true rows, so that no search can do much better; the
    others at chance, and the noise is cooled down to what it is over the first half. Of a
    ``ladder`` each chain but the first takes the noise for larger than the one before, and
    neighbours exchange their tables now and then: a chain that is caught is replaced.
    """
    n, width = table.rows.shape
    rows = table.permuted(rng, chains)
    rows[:at_truth] = table.rows
    strides, each, first = table.strides, np.arange(chains), steps // 2
    cells = table.at(rows)
    off = seen.parts[cells].sum(axis=1) - seen.target
    heat = np.ones((steps, chains))
    heat[:first, at_truth:] = np.geomspace(1e-3, 1.0, first)[:, None]
    rung = each % ladder
    heat *= LADDER**rung
    log_chance = np.log(rng.random((steps, chains))) / heat
    pairs = rng.integers(n, size=(steps, 2, chains))
    moves = _moves(rng, steps, chains, width)
    kept = []
    for step in range(steps):
        i, k = pairs[step]
        change = (rows[each, k] - rows[each, i]) * moves[step]
        a, b, delta = cells[each, i], cells[each, k], change @ strides
        added = seen.parts.take(a + delta, 0) + seen.parts.take(b - delta, 0)
        added -= seen.parts.take(a, 0) + seen.parts.take(b, 0)
        better = -np.einsum("ij,ij->i", added, off + added / 2)
        taken = np.flatnonzero((better > log_chance[step]) & (i != k))
        if len(taken):
            off[taken] += added[taken]
            rows[taken, i[taken]] += change[taken]
            rows[taken, k[taken]] -= change[taken]
            cells[taken, i[taken]] += delta[taken]
            cells[taken, k[taken]] -= delta[taken]
        if ladder > 1 and step % EXCHANGE == 0:
            lower = each[rung % 2 == step // EXCHANGE % 2]
            lower = lower[rung[lower] < ladder - 1]
            energy = np.square(off).sum(axis=1) / 2
            gain = (heat[step, lower] - heat[step, lower + 1]) * (energy[lower] - energy[lower + 1])
            lower = lower[gain > np.log(rng.random(len(lower)))]
            order = each.copy()
            order[lower], order[lower + 1] = lower + 1, lower
            rows, cells, off = rows[order], cells[order], off[order]
        if step >= first and (step - first) % max((steps - first) // keep, 1) == 0:
            kept.append(cells[rung == 0])
    return np.concatenate(kept)


def _moves(rng: np.random.Generator, steps: int, chains: int, width: int) -> Array:
    """Return which columns two rows exchange: mostly one, sometimes several."""
    found = np.zeros((steps, chains, width), dtype=np.int64)
    np.put_along_axis(found, rng.integers(width, size=(steps, chains, 1)), 1, axis=2)
    several = rng.random((steps, chains)) < 0.3
    found[several] = rng.integers(2, size=(int(several.sum()), width))
    return found


def guessed(table: Table, rng: np.random.Generator, count: int = 400) -> Array:
    """Return tables of the site's margins, cells shape (count, n)."""
    return table.at(table.permuted(rng, count))
