"""Answers of more digits than float64 holds, to count the digits of everybody's.

Newton's method on scores in long double (80 bits on x86), with an information matrix that need
not be as exact; the standard errors come from a long double information at the optimum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from v6_clinical.numerics.arrays import Array

Long = NDArray[np.longdouble]
MOST_DIGITS = 16.0
BLOCK = 50_000


def digits(found: Array, reference: Array) -> float:
    """Return -log10 of the largest error relative to the largest number, at most 16."""
    error = float(np.max(np.abs(found - reference)) / np.max(np.abs(reference)))
    return MOST_DIGITS if error < 10**-MOST_DIGITS else -float(np.log10(error))


def moments(columns: Array) -> tuple[Array, Array]:
    """Return means and standard deviations, shape (p,), of columns of shape (n, p)."""
    long = columns.astype(np.longdouble)
    mean = long.mean(axis=0)
    variance = np.square(long - mean).sum(axis=0) / (len(long) - 1)
    return mean.astype(np.float64), np.sqrt(variance).astype(np.float64)


def logistic(design: Array, events: Array, start: Array) -> tuple[Array, Array]:
    """Return the maximum likelihood estimates and standard errors of a design (n, p)."""

    def parts(beta: Long) -> Iterator[tuple[Long, Long, Long]]:
        for first in range(0, len(design), BLOCK):
            rows = slice(first, first + BLOCK)
            x = design[rows].astype(np.longdouble)
            yield x, events[rows], 1 / (1 + np.exp(-x @ beta))

    def score(beta: Long) -> Long:
        return sum(((y - mu) @ x for x, y, mu in parts(beta)), np.zeros(len(beta), np.longdouble))

    def information(beta: Long) -> Long:
        none = np.zeros((len(beta),) * 2, np.longdouble)
        return sum(((x * (mu * (1 - mu))[:, None]).T @ x for x, _, mu in parts(beta)), none)

    return _optimum(score, information, start)


def cox(
    design: Array, time: Array, events: Array, strata: Array | None, start: Array
) -> tuple[Array, Array]:
    """Return maximum partial likelihood estimates and standard errors; no times may be tied.

    ``strata`` holds a code of each row, shape (n,), or is None.
    """
    codes = np.zeros(len(time)) if strata is None else strata
    parts = []
    for code in np.unique(codes):
        rows = np.flatnonzero(codes == code)
        rows = rows[np.argsort(-time[rows])]
        parts.append((design[rows].astype(np.longdouble), events[rows] == 1))

    def means(x: Long, beta: Long) -> tuple[Long, Long, Long]:
        risk = np.exp(x @ beta)
        total = np.cumsum(risk)
        return risk, total, np.cumsum(risk[:, None] * x, axis=0) / total[:, None]

    def score(beta: Long) -> Long:
        none = np.zeros(len(beta), np.longdouble)
        return sum(((x - means(x, beta)[2])[died].sum(axis=0) for x, died in parts), none)

    def information(beta: Long) -> Long:
        found = np.zeros((len(beta),) * 2, np.longdouble)
        for x, died in parts:
            risk, total, mean = means(x, beta)
            for i in range(len(beta)):
                weighted = risk * x[:, i]
                for j in range(i + 1):
                    second = np.cumsum(weighted * x[:, j])[died] / total[died]
                    found[i, j] += (second - mean[died, i] * mean[died, j]).sum()
        return found + np.tril(found, -1).T

    return _optimum(score, information, start)


def _optimum(
    score: Callable[[Long], Long], information: Callable[[Long], Long], start: Array
) -> tuple[Array, Array]:
    beta = start.astype(np.longdouble)
    inverse = np.linalg.inv(information(beta).astype(np.float64))
    for _ in range(20):
        step = inverse @ score(beta)
        beta = beta + step
        if np.max(np.abs(step)) < 1e-18 * np.max(np.abs(beta)):
            break
    covariance = np.linalg.inv(information(beta).astype(np.float64))
    return beta.astype(np.float64), np.sqrt(np.diag(covariance))
