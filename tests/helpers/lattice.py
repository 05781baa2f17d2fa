"""Whole numbers from sums of them: reduction of a lattice, after Lenstra, Lenstra and Lovasz."""

from __future__ import annotations

import numpy as np

from v6_clinical.numerics.arrays import Array

DELTA = 0.99


def reduced(basis: Array) -> Array:
    """Return a reduced basis, rows of whole numbers below 2^52; shape (k, d)."""
    b = basis.astype(np.float64)
    k = len(b)
    star, norm = np.zeros_like(b), np.zeros(k)

    def project(row: int) -> None:
        for j in range(row - 1, -1, -1):
            q = np.rint(b[row] @ star[j] / norm[j])
            if q:
                b[row] -= q * b[j]
        rest = b[row].copy()
        for _ in range(2):
            rest -= (rest @ star[:row].T / norm[:row]) @ star[:row]
        star[row], norm[row] = rest, max(rest @ rest, 1e-30)

    project(0)
    row = 1
    while row < k:
        project(row)
        mu = b[row] @ star[row - 1] / norm[row - 1]
        if norm[row] >= (DELTA - mu * mu) * norm[row - 1]:
            row += 1
        else:
            b[[row, row - 1]] = b[[row - 1, row]]
            row = max(row - 1, 1)
            if row == 1:
                project(0)
    return b


def counts_of(parts: Array, told: Array, n: int, digits: float = 1e6) -> Array:
    """Return whole numbers c, shape (cells,), with parts' c about told, near n / cells each.

    Kannan's embedding: the difference from the target is a short vector of the lattice.
    ``parts`` has shape (cells, m) and ``told`` shape (m,); zeros where no vector is short enough.
    """
    parts, told = np.column_stack([parts, np.ones(len(parts))]), np.append(told, n)
    size = np.abs(parts).max(axis=0)
    cells, even = len(parts), n // len(parts)
    scaled = np.rint(parts / size * digits)
    basis = np.zeros((cells + 1, cells + parts.shape[1] + 1))
    basis[:cells, :cells] = np.eye(cells)
    basis[:cells, cells:-1] = scaled
    basis[-1, :cells] = -even
    basis[-1, cells:-1] = -np.rint(told / size * digits)
    basis[-1, -1] = 1
    for row in reduced(basis):
        if abs(row[-1]) == 1:
            found = row[:cells] * row[-1] + even
            if (found >= 0).all() and found.sum() == n:
                return np.asarray(found)
    return np.zeros(cells)
