"""How much of a column few rows make, and of a combination of columns.

A combination may single out a row that none of its columns does.

A task's creator knows X'v for every design column v of a model, the outcome, weights and offset
among them, and so X'(Xc) for every combination c of these. Two dummies that differ in one patient
give that patient's whole row.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from v6_clinical.disclosure.survey import Survey
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.blocks import GLANCE, row_blocks

FARTHEST = (1e8, 1e3)  # of a number taken off a column: in its sd, and in its mean
# Eigenvalues of a correlation matrix: below the first float64 inverts badly; the second is rounding
# of columns that depend on each other, as dummies of all levels do.
CONDITION, NULL = 1e-6, 1e-12
# What rounding leaves of such a combination: of columns of length 1 in a row, and as a singular
# value of columns scaled to 1.
RESIDUE, RANK = 1e-12, 1e-12
SMALLEST = 1e-140  # the squares of smaller numbers are rounded to few digits, or to nothing


def effective_sample_size(weights: Array) -> float:
    """Return (sum w)^2 / sum w^2, the number of equal weights that say as much (Kish)."""
    largest = max(float(weights.max(initial=0.0)), np.finfo(np.float64).tiny)
    total = squares = 0.0
    for rows in row_blocks(len(weights)):
        scaled = weights[rows] / largest
        total, squares = total + float(scaled.sum()), squares + float(np.dot(scaled, scaled))
    return total**2 / squares if squares > 0 else 0.0


def is_distant(about: Survey, numbers: Array, share: float = 1.0) -> NDArray[np.bool_]:
    """Tell whether taking a number off a design column would round it to few values, shape (p,).

    Of x - 2^58 is left whether x is below 32 or above: a cut point of the caller's. A column that
    does not vary cannot be cut. ``share`` is that of the limits that holds.
    """
    n, p = about.design.shape
    mean, varies = about.mean[:p], about.high[:p] > about.low[:p]
    sd = np.sqrt(np.maximum(np.diag(about.products)[:p], 0.0) / max(n, 1))
    beyond = np.abs(numbers - mean) - share * FARTHEST[1] * np.abs(mean)
    far: NDArray[np.bool_] = (beyond > 0) & (beyond > share * FARTHEST[0] * sd) & varies
    return far


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


def spread(about: Survey, enough: Array) -> Array:
    """Return (sum z^2)^2 / sum z^4 of each design column about its mean, 0 for a constant one.

    Where that is ``enough``, shape (p,), the smaller sum z^2 / max z^2 stands for it: fourth powers
    are summed of the other columns only.
    """
    design, p = about.design, about.design.shape[1]
    reach, squares = about.reach[:p], np.diag(about.products)[:p]
    found = np.divide(squares, reach**2, out=np.zeros(p), where=reach > 0)
    places = np.flatnonzero((found < enough) & (reach > 0))
    mean, scale, fourth = about.mean[places], reach[places], np.zeros(len(places))
    for rows in row_blocks(len(design), len(places)) if len(places) else ():
        z = np.square((design[rows][:, places] - mean) / scale)  # at most 1
        fourth += np.square(z).sum(axis=0)
    found[places] = found[places] ** 2 / fourth
    return found


def largest_leverage(about: Survey, enough: float = 0.0) -> float:
    """Return the largest leverage of a row in the span of 1 and these columns.

    It is the largest share max v_i^2 / sum v^2 that a row has of any combination v: 1 where a
    combination is zero in all other rows. Where it is certainly below ``enough``, a bound that is
    below too stands for it, and no row is gone through.
    """
    n = len(about.design)
    if not n or not len(about.mean):
        return 0.0
    size = np.sqrt(np.maximum(np.diag(about.products), 0.0))
    varies = size > 0
    if (size[varies] < 1e-9 * np.sqrt(n) * np.abs(about.mean[varies])).any():
        return _exactly(about)
    scale = np.where(varies, size, np.inf)
    values, vectors = np.linalg.eigh(about.products / np.outer(scale, scale))
    told = values > NULL
    if (values[told] < CONDITION).any():
        return _exactly(about)
    null = vectors[:, ~told] / scale[:, None]
    null = null[:, (null != 0).any(axis=0)]  # not of constant columns
    if null.size and _most(about, null) > RESIDUE**2:  # small, but not rounding
        return _exactly(about)
    # a whitened row is no longer than the row itself over the root of the smallest eigenvalue
    reach = about.reach / scale
    bound = 1 / n + float(reach @ reach) / float(values[told].min(initial=np.inf))
    if bound < enough:
        return bound
    most = _most(about, vectors[:, told] / np.sqrt(values[told]) / scale[:, None])
    return min(1 / n + most, 1.0)


def _most(about: Survey, whiten: Array) -> float:
    """Return the largest squared length of a row, centred and whitened."""
    largest = 0.0
    for block in about.blocks():
        z = np.dot(block[:, 1:], whiten)
        largest = max(largest, float(np.einsum("ij,ij->i", z, z).max()))
    return largest


def _exactly(about: Survey) -> float:
    """Return the largest leverage from a QR decomposition of the rows, not from their products.

    For columns that depend on each other, or hardly vary: rounding in the products hides those.
    """
    size = len(about.mean)
    scale = np.where(about.high > about.low, about.reach, np.inf)
    triangle = np.zeros((0, size))
    for block in about.blocks():
        stacked = np.vstack([triangle, block[:, 1:] / scale])
        triangle = np.asarray(np.linalg.qr(stacked, mode="r"))
    _, values, vectors = np.linalg.svd(triangle)
    values = values[values > RANK * max(values.max(initial=0.0), 1.0)]
    whiten = (vectors[: len(values)].T / values) / scale[:, None]
    return min(1 / len(about.design) + _most(about, whiten), 1.0)  # more is rounding


def differing_rows(about: Survey) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count the rows in which two columns of two values differ, and those in which they agree.

    Whatever the two values are: 1 and 2, or 0 and 1 over a standard deviation.

    Returns
    -------
    places : ndarray of shape (q,)
        Which of the columns have two values.
    rows : ndarray of shape (2, q, q)
    """
    n, columns = len(about.design), [*about.design.T, *about.others]
    higher = two_valued(columns)
    both = np.zeros((len(higher),) * 2)
    for rows in row_blocks(n, len(higher)) if higher else ():
        marks = np.array([columns[k][rows] == top for k, top in higher.items()], dtype=np.float64)
        both += np.dot(marks, marks.T)
    count = np.diag(both)
    differ = (count[:, None] + count - 2 * both).astype(np.int64)
    return np.array([*higher], dtype=np.int64), np.array([differ, n - differ])


def two_valued(columns: Sequence[Array]) -> dict[int, float]:
    """Return the places of the columns of two values, and the higher value of each."""
    tops = {place: _higher_of_two(column) for place, column in enumerate(columns)}
    return {place: top for place, top in tops.items() if top is not None}


def _higher_of_two(column: Array) -> float | None:
    """Return the higher of a column's two values, None where it has not two."""
    if not len(column) or len(np.unique(column[:GLANCE])) > 2:
        return None
    low, high = column.min(), column.max()
    parts = (column[rows] for rows in row_blocks(len(column)))
    two = low < high and all(bool(((part == low) | (part == high)).all()) for part in parts)
    return float(high) if two else None


def vanishing(about: Survey) -> NDArray[np.bool_]:
    """Tell of which columns (q,) the squares are too small to be compared, the sums are not."""
    small: NDArray[np.bool_] = (about.reach > 0) & (about.reach < SMALLEST)
    return small
