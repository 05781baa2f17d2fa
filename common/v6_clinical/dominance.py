"""How much of a column few rows make, and of a combination of columns.

A combination may single out a row that none of its columns does.

A task's creator knows X'v for every design column v of a model, the outcome, weights and offset
among them, and so X'(Xc) for every combination c of these. Two dummies that differ in one patient
give that patient's whole row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from v6_clinical.blocks import row_blocks

Array = NDArray[np.float64]

LARGEST = 1e70  # its fourth power would overflow a sum
FARTHEST = (1e8, 1e3)  # of a number taken off a column: in its sd, and in its mean
# Eigenvalues of a correlation matrix: below the first float64 inverts badly; the second is rounding
# of columns that depend on each other, as dummies of all levels do.
CONDITION, NULL = 1e-6, 1e-12
RANK = 1e-10  # singular values below, of columns scaled to 1, are rounding


def effective_sample_size(weights: Array) -> float:
    """Return (sum w)^2 / sum w^2, the number of equal weights that say as much (Kish)."""
    scaled = weights / max(weights.max(initial=0.0), np.finfo(np.float64).tiny)
    squares = float(scaled @ scaled)
    return float(scaled.sum()) ** 2 / squares if squares > 0 else 0.0


def is_distant(number: float, column: Array) -> bool:
    """Tell whether taking a number off a column would round it to few values.

    Of x - 2^58 is left whether x is below 32 or above: a cut point of the caller's. A column that
    does not vary cannot be cut.
    """
    mean = float(column.mean()) if len(column) else number
    beyond = abs(number - mean) - FARTHEST[1] * abs(mean)
    if not beyond > 0:
        return False
    return beyond > FARTHEST[0] * float(column.std()) and bool(column.min() < column.max())


def rows_off_commonest(design: Array, cell: int) -> NDArray[np.int64]:
    """Count the rows off each column's commonest value, right wherever they are under a cell.

    If fewer rows than a cell are off a value, it is the median of any 2 cell - 1 rows. A column's
    count ends with the block of rows that brings it to a cell.
    """
    if not len(design):
        return np.zeros(design.shape[1], dtype=np.int64)
    if len(design) < 2 * cell:
        return np.array([len(x) - np.unique(x, return_counts=True)[1].max() for x in design.T])
    commonest = np.sort(design[: 2 * cell - 1], axis=0)[cell - 1]
    off, few = np.zeros(design.shape[1], dtype=np.int64), np.arange(design.shape[1])
    for rows in row_blocks(len(design)):
        off[few] += np.count_nonzero(design[rows][:, few] != commonest[few], axis=0)
        few = few[off[few] < cell]
        if not len(few):
            break
    return off


def spread(design: Array, enough: Array) -> Array:
    """Return (sum z^2)^2 / sum z^4 of each column about its mean, 0 for a constant one.

    Where that is ``enough``, shape (p,), the smaller sum z^2 / max z^2 stands for it: fourth powers
    are summed of the other columns only.
    """
    found = np.zeros(design.shape[1])
    if not design.size:
        return found
    scale = np.ones(design.shape[1])
    if max(design.max(), -design.min()) > LARGEST:  # its fourth power would overflow
        scale = np.maximum(np.abs(design).max(axis=0), 1.0)
    mean = np.full(len(design), 1 / len(design)) @ design / scale
    second, largest = np.zeros_like(found), np.zeros_like(found)
    for rows in row_blocks(len(design)):
        z = design[rows] / scale
        z -= mean
        z *= z
        second += z.sum(axis=0)
        np.maximum(largest, z.max(axis=0), out=largest)
    np.divide(second, largest, out=found, where=largest > 0)
    places = np.flatnonzero(found < enough)
    fourth = np.zeros(len(places))
    for rows in row_blocks(len(design)) if len(places) else ():
        z = np.square(design[rows][:, places] / scale[places] - mean[places])
        fourth += np.square(z).sum(axis=0)
    squared = second[places] ** 2
    found[places] = np.divide(squared, fourth, out=np.zeros_like(fourth), where=fourth > 0)
    return found


def blocks(design: Array, others: Sequence[Array]) -> Iterator[Array]:
    """Yield blocks of rows of the columns of ``design`` (n, p) and ``others`` (n,), by column."""
    p = design.shape[1]
    for rows in row_blocks(len(design)):
        part = design[rows]
        block = np.empty((len(part), p + len(others)), order="F")
        block[:, :p] = part
        for place, x in enumerate(others):
            block[:, p + place] = x[rows]
        yield block


def largest_leverage(design: Array, others: Sequence[Array], enough: float = 0.0) -> float:
    """Return the largest leverage of a row in the span of 1 and these columns.

    It is the largest share max v_i^2 / sum v^2 that a row has of any combination v: 1 where a
    combination is zero in all other rows. Where it is certainly below ``enough``, a bound that is
    below too stands for it, and the rows are gone through once.
    """
    if not len(design) or not (design.shape[1] or others):
        return 0.0
    n, first = len(design), next(blocks(design, others))
    shift, total = first.mean(axis=0), np.zeros(first.shape[1])
    gram, low, high = np.zeros((len(shift),) * 2), np.zeros_like(shift), np.zeros_like(shift)
    for z in blocks(design, others):
        z -= shift
        total += np.ones(len(z)) @ z
        gram += z.T @ z
        np.minimum(low, z.min(axis=0), out=low)
        np.maximum(high, z.max(axis=0), out=high)
    gram -= np.outer(total, total) / n
    mean, spread = shift + total / n, np.sqrt(np.maximum(np.diag(gram), 0.0))
    varies = spread > 0
    if (spread[varies] < 1e-9 * np.sqrt(n) * np.abs(mean[varies])).any():
        return _exactly(design, others)
    scale = np.where(varies, spread, np.inf)
    values, vectors = np.linalg.eigh(gram / np.outer(scale, scale))
    told = values > NULL
    if (values[told] < CONDITION).any():
        return _exactly(design, others)
    # a whitened row is no longer than the row itself over the root of the smallest eigenvalue
    reach = np.maximum(high - total / n, total / n - low) / scale
    bound = 1 / n + float(reach @ reach) / float(values[told].min(initial=np.inf))
    if bound < enough:
        return bound
    return 1 / n + _most(
        design, others, mean, vectors[:, told] / np.sqrt(values[told]) / scale[:, None]
    )


def _most(design: Array, others: Sequence[Array], mean: Array, whiten: Array) -> float:
    """Return the largest squared length of a row, centred and whitened."""
    largest = 0.0
    for block in blocks(design, others):
        z = (block - mean) @ whiten
        largest = max(largest, float(np.einsum("ij,ij->i", z, z).max()))
    return largest


def _exactly(design: Array, others: Sequence[Array]) -> float:
    """Return the same where columns may depend on each other, or hardly vary."""
    size = design.shape[1] + len(others)
    mean, low, high = np.zeros(size), np.full(size, np.inf), np.full(size, -np.inf)
    for block in blocks(design, others):
        mean += block.sum(axis=0) / len(design)
        low, high = np.minimum(low, block.min(axis=0)), np.maximum(high, block.max(axis=0))
    scale = np.where(high > low, np.maximum(high - mean, mean - low), np.inf)
    triangle = np.zeros((0, size))
    for block in blocks(design, others):
        stacked = np.vstack([triangle, (block - mean) / scale])
        triangle = np.asarray(np.linalg.qr(stacked, mode="r"))
    _, values, vectors = np.linalg.svd(triangle)
    values = values[values > RANK * max(values.max(initial=0.0), 1.0)]
    whiten = (vectors[: len(values)].T / values) / scale[:, None]
    return 1 / len(design) + _most(design, others, mean, whiten)


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
    places = np.arange(design.shape[1] + len(others))
    some = np.zeros((2, len(places)), dtype=bool)
    for block in blocks(design, others):
        zero, one = (block[:, places] == value for value in (0, 1))
        binary = (zero | one).all(axis=0)
        some = some[:, binary] | [zero[:, binary].any(axis=0), one[:, binary].any(axis=0)]
        places = places[binary]
        if not len(places):
            break
    places = places[some.all(axis=0)]
    differ = np.zeros((len(places),) * 2)
    for block in blocks(design, others) if len(places) > 1 else ():
        ones = block[:, places]
        count = ones.sum(axis=0)
        differ += count[:, None] + count - 2 * ones.T @ ones
    whole = np.rint(differ).astype(np.int64)
    return places.astype(np.int64), np.array([whole, len(design) - whole])
