"""Bits told against bits held: of each column, each pair of columns, and all of them.

Told: 1/2 log2 det(1 + V), V the covariance, in units of the noise, of what is told over tables
drawn from the prior. Held: -log2 of the chance of the true table. In a regression columns are
permuted against the rest, which stays as it is: the attacker knows every other column. In a summary
a column's values are drawn from its own margin, given the counts of cells that are shown.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np

from helpers.blur_decoder import Draws, Table
from v6_clinical.numerics.arrays import Array

CELL = 5  # rows of a cell that a summary shows


def log2_det(variance: Array) -> float:
    """Return 1/2 log2 det(1 + V)."""
    found = np.linalg.eigvalsh(np.atleast_2d(variance))
    return float(np.log2(1 + np.maximum(found, 0.0)).sum() / 2)


def subsets(width: int) -> Iterator[tuple[int, ...]]:
    """Yield each column, each pair of columns, and all columns but the outcome, the last."""
    places = range(width - 1)
    found = [*itertools.combinations(places, 1), *itertools.combinations(places, 2)]
    yield from dict.fromkeys([*found, tuple(places)])


def regression_bits(
    table: Table, parts: Array, rng: np.random.Generator, count: int = 500
) -> dict[tuple[int, ...], tuple[float, float]]:
    """Return bits told and held of sets of columns; ``parts`` are what a row of a cell adds."""
    found = {}
    for some in subsets(table.rows.shape[1]):
        rows = np.tile(table.rows, (count, 1, 1))
        rows[:, :, list(some)] = table.permuted(rng, count)[:, :, list(some)]
        tables = parts[table.at(rows)].sum(axis=1)
        found[some] = (log2_det(np.cov(tables.T)), held_of(table, some))
    return found


def held_of(table: Table, some: Sequence[int]) -> float:
    """Return -log2 of the chance of these columns beside the others, their margins known."""
    rest = np.delete(table.rows, list(some), axis=1)
    columns = [table.rows[:, j] for j in some]
    columns.append(np.unique(rest, axis=0, return_inverse=True)[1].ravel())
    return Table.of([str(j) for j in range(len(columns))], columns).held()


def column_parts(draws: Draws, column: Array) -> Array:
    """Return what a row adds to a column's own moments in a summary, shape (n, 4)."""
    n, u = len(column), (column - column.mean()) / column.std()
    block = next(b for b in draws.blocks.values() if b.name == "summary")
    found = [u / n**0.5 / block.scale.d, u * u / n / block.scale.e]
    for power, name in ((3, "/3"), (4, "/4")):
        value = float((u**power).sum())
        near = [s for s in draws.numbers.values() if s.name.endswith(name)]
        sd = min(near, key=lambda s: abs(abs(s.value) - abs(value))).sd
        found.append(u**power / sd)
    return np.column_stack(found)


def column_bits(draws: Draws, column: Array) -> tuple[float, float]:
    """Return bits told and held of one column of a summary, given the counts of shown cells."""
    order = np.argsort(column, kind="stable")
    parts, values = column_parts(draws, column)[order], column[order]
    variance, held, start = np.zeros((4, 4)), 0.0, 0
    for end in _ends(values):
        cell = parts[start:end]
        variance += (end - start) * np.cov(cell.T, bias=True)
        counts = np.unique(values[start:end], return_counts=True)[1]
        held -= log2_multinomial(counts)
        start = end
    return log2_det(variance), held


def _ends(values: Array) -> list[int]:
    """Return where cells of at least CELL rows end: between two values."""
    found, start = [], 0
    for place in range(1, len(values)):
        wide = place - start >= CELL and len(values) - place >= CELL
        if wide and values[place] > values[place - 1]:
            found.append(place)
            start = place
    return [*found, len(values)]


def log2_multinomial(counts: Array) -> float:
    n = int(counts.sum())
    found = math.lgamma(n + 1)
    found += sum(c * math.log(c / n) - math.lgamma(c + 1) for c in counts.tolist())
    return found / math.log(2)


def summary_parts(draws: Draws, site: Array, cells: Array) -> tuple[Array, Array]:
    """Return what a row of each cell adds to a summary, shape (cells, m), and what is told.

    ``site`` and ``cells`` are the columns of the site's rows and of all cells.
    """
    block = next(b for b in draws.blocks.values() if b.name == "summary")
    mean = site.mean(axis=0)
    back = np.linalg.inv(np.linalg.cholesky((site - mean).T @ (site - mean)))
    h = (cells - mean) @ back.T
    j, k = np.triu_indices(h.shape[1])
    parts = [h / block.scale.d, h[:, j] * h[:, k] / block.scale.e]
    target = [block.told_score / block.scale.d, block.told_matrix[j, k] / block.scale.e]
    for column in range(site.shape[1]):
        u = (site[:, column] - mean[column]) / site[:, column].std()
        each = (cells[:, column] - mean[column]) / site[:, column].std()
        for power, name in ((3, "/3"), (4, "/4")):
            value = float((u**power).sum())
            near = [s for s in draws.numbers.values() if s.name.endswith(name)]
            one = min(near, key=lambda s: abs(abs(s.value) - abs(value)))
            turned = 1.0 if one.value * value >= 0 else -1.0
            parts.append(turned * each[:, None] ** power / one.sd)
            target.append(np.array([one.told / one.sd]))
    return np.concatenate(parts, axis=1), np.concatenate(target)
