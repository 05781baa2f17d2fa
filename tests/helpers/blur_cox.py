"""The decoder of a Cox model: columns are permuted against the order of events and censorings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from helpers.blur_decoder import Block, Draws, Table
from v6_clinical.disclosure.blur import factor_of
from v6_clinical.numerics.arrays import Array


def cox_sums(design: Array, events: Array, beta: Array) -> tuple[Array, Array]:
    """Return score, shape (..., p), and information, shape (..., p, p), of rows in order of time.

    ``design`` has shape (..., n, p). Each row at risk counts for those before it (Breslow).
    """
    r = np.exp(np.clip(design @ beta, -30, 30))[..., None]
    square = design[..., :, None] * design[..., None, :]

    def at_risk(parts: Array, axis: int) -> Array:
        turned = np.flip(parts, axis)
        return np.asarray(np.flip(np.cumsum(turned, axis), axis))

    s0, s1 = at_risk(r, -2), at_risk(r * design, -2)
    s2 = at_risk(r[..., None] * square, -3)
    mean = s1 / s0
    score = np.einsum("n,...np->...p", events, design - mean)
    spread = s2 / s0[..., None] - mean[..., :, None] * mean[..., None, :]
    return score, np.einsum("n,...npq->...pq", events, spread)


@dataclass(frozen=True)
class Order:
    """What the attacker sees of rows in the order of their times, in units of the noise.

    Parameters
    ----------
    design
        Of all cells, shape (cells, p), centred.
    events
        In the order of times, shape (n,).
    points
        Per coefficient vector: it, T^+ and the noise's weights of score and information.
    target
        What is told, shape (m,).
    """

    design: Array
    events: Array
    points: tuple[tuple[Array, Array, float, float], ...]
    target: Array

    def numbers(self, cells: Array) -> Array:
        """Return what tables of cells, shape (..., n), would tell; shape (..., m)."""
        rows, found = self.design[cells], []
        for beta, back, d, e in self.points:
            score, matrix = cox_sums(rows, self.events, beta)
            j, k = np.triu_indices(len(back))
            found += [score @ back.T / d, (back @ matrix @ back.T)[..., j, k] / e]
        return np.concatenate(found, axis=-1)

    @classmethod
    def of(cls, draws: Draws, table: Table, design: Array) -> Order:
        """Read what a site has drawn, the noise of equal points taken together."""
        blocks = [block for block in draws.blocks.values() if block.name == "evaluation"]
        events = table.values[-1][table.rows[:, -1]].astype(np.float64)
        rows = design[table.at()]
        found: list[tuple[Array, list[Block]]] = []
        for block in blocks:
            beta = _asked_at(block, rows, events)
            same = [group for at, group in found if np.abs(rows @ (at - beta)).max() < 0.7]
            if same:
                same[0].append(block)
            else:
                found.append((beta, [block]))
        points, noise = [], []
        for beta, group in found:
            matrix = cox_sums(rows, events, beta)[1]
            factor = factor_of(matrix, None)
            times = len(group) ** 0.5
            d, e = group[0].scale.d / times, group[0].scale.e / times
            points.append((beta, np.linalg.inv(factor.root), d, e))
            j, k = np.triu_indices(len(beta))
            drawn = [b.told_score - b.score for b in group]
            moved = [(b.told_matrix - np.eye(len(beta)))[j, k] for b in group]
            noise += [np.mean(drawn, axis=0) / d, np.mean(moved, axis=0) / e]
        order = cls(design, events, tuple(points), np.zeros(0))
        truth = order.numbers(table.at())
        return cls(design, events, tuple(points), truth + np.concatenate(noise))


def _asked_at(block: Block, rows: Array, events: Array) -> Array:
    """Return about the coefficients at which a block was told."""
    beta = np.zeros(rows.shape[1])
    for _ in range(30):
        score, matrix = cox_sums(rows, events, beta)
        root = factor_of(matrix, block.columns).root
        step = np.linalg.solve(matrix, score - root @ block.score)
        beta += step / max(1.0, float(np.abs(rows @ step).max()))
    return beta


def told_bits(table: Table, order: Order, rng: np.random.Generator) -> float:
    """Return 1/2 log2 det(1 + V), V the covariance over columns permuted against times."""
    tables = order.numbers(_permuted(table, rng, 500))
    variance = np.linalg.eigvalsh(np.cov(tables.T))
    return float(np.log2(1 + np.maximum(variance, 0.0)).sum() / 2)


def held_bits(table: Table) -> float:
    """Return -log2 of the chance of the rows, columns permuted against distinct times."""
    n, found = len(table.rows), 0.0
    for column in table.rows.T[:-1]:
        counts = np.bincount(column)
        found += sum(np.log2(np.arange(1, n + 1)).sum() for _ in (0,))
        found -= sum(np.log2(np.arange(1, count + 1)).sum() for count in counts)
    return float(found)


def _permuted(table: Table, rng: np.random.Generator, count: int) -> Array:
    rows = table.permuted(rng, count)
    rows[..., -1] = table.rows[:, -1]
    return table.at(rows)


def sampled_orders(
    table: Table,
    order: Order,
    rng: np.random.Generator,
    *,
    chains: int = 12,
    steps: int = 2500,
    at_truth: int = 0,
    keep: int = 25,
) -> Array:
    """Return tables from the posterior, cells shape (tables, n); see ``blur_decoder.sampled``."""
    n, width = len(table.rows), table.rows.shape[1] - 1
    rows = table.permuted(rng, chains)
    rows[..., -1] = table.rows[:, -1]
    rows[:at_truth] = table.rows
    strides, each, first = table.strides, np.arange(chains), steps // 2
    cells = table.at(rows)
    energy = _energy(order, cells)
    kept = []
    for step in range(steps):
        heat = np.full(chains, min(1.0, 1e-3 ** (1 - step / first)))
        heat[:at_truth] = 1.0
        i, k = rng.integers(n, size=(2, chains))
        moved = np.zeros((chains, width + 1), dtype=np.int64)
        moved[each, rng.integers(width, size=chains)] = 1
        moved[rng.random(chains) < 0.2, :width] = 1
        change = (rows[each, k] - rows[each, i]) * moved
        tried = cells.copy()
        tried[each, i] += change @ strides
        tried[each, k] -= change @ strides
        found = _energy(order, tried)
        log_chance = np.log(rng.random(chains)) / heat
        taken = np.flatnonzero((energy - found > log_chance) & (i != k))
        cells[taken], energy[taken] = tried[taken], found[taken]
        rows[taken, i[taken]] += change[taken]
        rows[taken, k[taken]] -= change[taken]
        if step >= first and (step - first) % max((steps - first) // keep, 1) == 0:
            kept.append(cells.copy())
    return np.concatenate(kept)


def guessed_orders(table: Table, rng: np.random.Generator, count: int = 400) -> Array:
    """Return columns permuted against times, cells shape (count, n)."""
    return _permuted(table, rng, count)


def _energy(order: Order, cells: Array) -> Array:
    return np.asarray(np.square(order.numbers(cells) - order.target).sum(axis=-1) / 2)
