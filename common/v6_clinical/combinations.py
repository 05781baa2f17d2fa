"""What columns tell together: a combination of them may single out a row that none does alone.

A task's creator knows X'v for every design column v of a model, the outcome, weights and offset
among them, and so X'(Xc) for every combination c of these. Two dummies that differ in one patient
give that patient's whole row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

BLOCK_ROWS = 8_192
RANK = 1e-10  # singular values below, of columns scaled to 1, are rounding


def blocks(design: Array, others: Sequence[Array]) -> Iterator[Array]:
    """Yield blocks of rows of the columns of ``design`` (n, p) and ``others`` (n,)."""
    for start in range(0, len(design), BLOCK_ROWS):
        rows = slice(start, start + BLOCK_ROWS)
        yield np.column_stack([design[rows], *(x[rows] for x in others)])


def largest_leverage(design: Array, others: Sequence[Array], enough: float) -> float:
    """Return the largest leverage of a row in the span of 1 and these columns.

    It is the largest share max v_i^2 / sum v^2 that a row has of any combination v: 1 where a
    combination is zero in all other rows. Where a bound on it is below ``enough``, the bound.
    """
    if not design.size and not others:
        return 0.0
    n, size = len(design), design.shape[1] + len(others)
    mean, low, high = np.zeros(size), np.full(size, np.inf), np.full(size, -np.inf)
    for block in blocks(design, others):
        mean += block.sum(axis=0) / n
        low, high = np.minimum(low, block.min(axis=0)), np.maximum(high, block.max(axis=0))
    scale = np.where(high > low, np.maximum(high - mean, mean - low), np.inf)
    gram = np.zeros((size, size))
    for block in blocks(design, others):
        z = (block - mean) / scale
        gram += z.T @ z
    varies = high > low
    smallest = np.linalg.eigvalsh(gram[np.ix_(varies, varies)]).min(initial=np.inf)
    # no row is longer than the root of ``size``
    if smallest > 1e-9 * n and 1 / n + size / smallest <= enough:
        return float(1 / n + size / smallest)
    return _exactly(design, others, mean, scale)


def _exactly(design: Array, others: Sequence[Array], mean: Array, scale: Array) -> float:
    triangle = np.zeros((0, len(mean)))
    for block in blocks(design, others):
        stacked = np.vstack([triangle, (block - mean) / scale])
        triangle = np.asarray(np.linalg.qr(stacked, mode="r"))
    _, values, vectors = np.linalg.svd(triangle)
    values = values[values > RANK * max(values.max(initial=0.0), 1.0)]
    whiten = (vectors[: len(values)].T / values) / scale[:, None]
    largest = 0.0
    for block in blocks(design, others):
        share = np.einsum("ij,ij->i", z := (block - mean) @ whiten, z)
        largest = max(largest, float(share.max()))
    return 1 / len(design) + largest


def differing_rows(
    design: Array, others: Sequence[Array]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count the rows in which two columns of zeros and ones differ, and those in which they agree.

    Returns
    -------
    places : ndarray of shape (q,)
        Which of the columns are of zeros and ones; the intercept's, all ones, is not of them.
    rows : ndarray of shape (2, q, q)
    """
    size = design.shape[1] + len(others)
    binary, some = np.ones(size, dtype=bool), np.zeros((2, size), dtype=bool)
    for block in blocks(design, others):
        zero, one = block == 0, block == 1
        binary &= (zero | one).all(axis=0)
        some |= zero.any(axis=0), one.any(axis=0)
        if not binary.any():
            break
    places = np.flatnonzero(binary & some.all(axis=0))
    differ = np.zeros((len(places),) * 2)
    for block in blocks(design, others) if len(places) > 1 else ():
        ones = block[:, places]
        count = ones.sum(axis=0)
        differ += count[:, None] + count - 2 * ones.T @ ones
    whole = np.rint(differ).astype(np.int64)
    return places.astype(np.int64), np.array([whole, len(design) - whole])
