"""Symmetric matrices by their upper half, row by row: the other half says the same."""

from __future__ import annotations

import numpy as np

from v6_clinical.numerics.arrays import Array


def half_of(matrix: Array) -> Array:
    """Return the upper half of a symmetric matrix, shape (k, k), row by row: k (k + 1) / 2."""
    return matrix[np.triu_indices(len(matrix))]


def of_half(half: Array, k: int) -> Array:
    """Return the symmetric matrix, shape (k, k), of its upper half."""
    found = np.zeros((k, k))
    found[np.triu_indices(k)] = half
    return found + np.triu(found, 1).T
