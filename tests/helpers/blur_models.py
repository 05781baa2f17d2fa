"""What a row adds to each number that an honest fit tells, in units of the noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from helpers.blur_decoder import Block, Draws
from v6_clinical.disclosure.blur import factor_of
from v6_clinical.model.splines import ns
from v6_clinical.numerics.arrays import Array


def risks(design: Array, beta: Array) -> Array:
    """Return the probabilities of a logistic model."""
    return np.asarray(1 / (1 + np.exp(-np.clip(design @ beta, -30, 30))))


def asked_at(block: Block, design: Array, outcome: Array) -> tuple[Array, Array]:
    """Return the coefficients at which a block was told and T^+', for the rows that told it.

    What the attacker knows from the questions and, of the site's own optimum, is given.
    """
    beta = np.zeros(design.shape[1])
    back = np.eye(len(beta))
    for _ in range(60):
        mu = risks(design, beta)
        matrix = design.T @ (design * (mu * (1 - mu))[:, None])
        factor = factor_of(matrix, block.columns)
        back = np.zeros((len(factor.kept), len(beta)))
        back[:, factor.kept] = np.linalg.inv(factor.root[factor.kept])
        left = design.T @ (outcome - mu) - factor.root @ block.score
        step = np.linalg.lstsq(matrix, left, rcond=1e-12)[0]
        beta += step
        if np.abs(design @ step).max() < 1e-9:
            break
    return beta, back.T


def logistic_parts(
    draws: Draws,
    site: tuple[Array, Array],
    cells: tuple[Array, Array],
) -> tuple[Array, Array]:
    """Return what a row of each cell adds, shape (cells, m), and what is told, shape (m,).

    Parameters
    ----------
    site, cells
        Design and outcome of the site's rows, and of all cells.

    The null model's likelihood, from which likelihoods count, follows from the counts.
    """
    x, y = cells
    parts: list[Array] = []
    target: list[Array] = []
    points: dict[bytes, Array] = {}
    for block in draws.blocks.values():
        if block.name != "evaluation":
            continue
        beta, back = asked_at(block, *site)
        points[block.question] = beta
        mu, h = risks(x, beta), x @ back
        j, k = np.triu_indices(h.shape[1])
        d, e = block.scale.d, block.scale.e
        parts += [(y - mu)[:, None] * h / d, (mu * (1 - mu))[:, None] * h[:, j] * h[:, k] / e]
        target += [block.told_score / d, block.told_matrix[j, k] / e]
    for one in draws.numbers.values():
        if one.question not in points:
            continue
        found = _number(one.name, x, y, points[one.question])
        own = _number(one.name, *site, points[one.question])
        if found is not None and own is not None:
            parts.append(found[:, None] / one.sd)
            target.append(np.array([(own.sum() + one.told - one.value) / one.sd]))
    return np.concatenate(parts, axis=1), np.concatenate(target)


def _number(name: str, x: Array, y: Array, beta: Array) -> Array | None:
    mu = risks(x, beta)
    if name == "brier":
        return np.asarray((y - mu) ** 2)
    if name == "expected":
        return mu
    if name == "likelihood":
        eta = np.clip(x @ beta, -30, 30)
        return np.asarray(y * eta - np.log1p(np.exp(eta)))
    return None


def polynomial(column: Array, degree: int) -> list[Array]:
    """Return powers of a column."""
    return [column.astype(np.float64) ** k for k in range(1, degree + 1)]


def natural(column: Array, placed: Sequence[float]) -> list[Array]:
    """Return natural cubic splines, as a site makes them of these knots."""
    return list(ns(column.astype(np.float64), placed).T)


def design_of(columns: Sequence[Array]) -> Array:
    """Return a design with an intercept."""
    return np.column_stack([np.ones(len(columns[0])), *columns]).astype(np.float64)


def secret(number: int) -> bytes:
    """Return a site's secret."""
    return bytes([number]) * 32
