"""Cubic spline bases as R's ``splines::bs`` and ``splines::ns`` with ``intercept = FALSE``.

With knots t_0 <= t_1 <= ... the B-splines are (de Boor)
B_{j,0}(x) = 1 on [t_j, t_{j+1}),
B_{j,p}(x) = (x - t_j)/(t_{j+p} - t_j) B_{j,p-1}(x)
+ (t_{j+p+1} - x)/(t_{j+p+1} - t_{j+1}) B_{j+1,p-1}(x).
Beyond the boundary ``bs`` continues the outermost polynomial pieces, ``ns`` their tangents.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from v6_clinical.numerics.arrays import Array

DEGREE = 3


def bs(x: Array, placed: Sequence[float]) -> Array:
    """Return the cubic B-spline basis without its first function.

    Parameters
    ----------
    x
        Values, shape (n,).
    placed
        Lower boundary, k interior knots, upper boundary; ascending.

    Returns
    -------
    ndarray of shape (n, k + 3)
    """
    return _basis(x, _clamped(placed), DEGREE)[:, 1:]


def ns(x: Array, placed: Sequence[float]) -> Array:
    """Return the natural cubic spline basis: no curvature at and beyond the boundaries.

    With B the B-spline basis without its first function and C (k + 3, 2) its second derivatives
    at the boundaries, Q from C = QR: the columns of B Q after the first two, as R computes them.

    Parameters
    ----------
    x
        Values, shape (n,).
    placed
        Lower boundary, k interior knots, upper boundary; ascending.

    Returns
    -------
    ndarray of shape (n, k + 1)
    """
    knots = _clamped(placed)
    ends = np.array([placed[0], placed[-1]], dtype=np.float64)
    inside = np.clip(x, ends[0], ends[1])
    slopes = _derivative(ends, knots, 1)
    basis = _basis(inside, knots, DEGREE)
    basis += np.outer(np.minimum(x - ends[0], 0.0), slopes[0])
    basis += np.outer(np.maximum(x - ends[1], 0.0), slopes[1])
    curvature = _derivative(ends, knots, 2)[:, 1:].T
    return _times_q(basis[:, 1:], curvature)[:, 2:]


def _clamped(placed: Sequence[float]) -> Array:
    """Repeat the boundaries so that the basis is complete between them."""
    inner = np.asarray(placed, dtype=np.float64)
    return np.concatenate([np.repeat(inner[0], DEGREE), inner, np.repeat(inner[-1], DEGREE)])


def _basis(x: Array, knots: Array, degree: int) -> Array:
    """Return all B-splines of a degree, shape (n, len(knots) - degree - 1).

    Only degree + 1 of them differ from zero at a value; these are built up by the recursion on
    the interval that holds the value, or the outermost one.
    """
    last = len(knots) - DEGREE - 2
    span = np.clip(np.searchsorted(knots, x, side="right") - 1, DEGREE, last)
    local = [np.ones_like(x)]
    for p in range(1, degree + 1):
        raised = [np.zeros_like(x) for _ in range(p + 1)]
        for r in range(p):
            left, right = knots[span + r + 1 - p], knots[span + r + 1]
            share = local[r] / (right - left)
            raised[r] += (right - x) * share
            raised[r + 1] += (x - left) * share
        local = raised
    basis = np.zeros((len(x), len(knots) - degree - 1))
    rows = np.arange(len(x))
    for r, values in enumerate(local):
        basis[rows, span - degree + r] = values
    return basis


def _derivative(x: Array, knots: Array, order: int) -> Array:
    """Return derivatives of the cubic B-splines, shape (n, len(knots) - 4).

    B'_{j,p} = p B_{j,p-1}/(t_{j+p} - t_j) - p B_{j+1,p-1}/(t_{j+p+1} - t_{j+1}), 0/0 = 0.
    """
    result = _basis(x, knots, DEGREE - order)
    for p in range(DEGREE - order + 1, DEGREE + 1):
        width = knots[p:] - knots[:-p]
        scaled = np.zeros_like(result)
        np.divide(p * result, width, out=scaled, where=width > 0)
        result = scaled[:, :-1] - scaled[:, 1:]
    return result


def _times_q(rows: Array, matrix: Array) -> Array:
    """Return rows @ Q for the Q of matrix = QR by Householder reflections, signs as LINPACK."""
    rows, matrix = rows.copy(), matrix.copy()
    for k in range(matrix.shape[1]):
        vector = matrix[k:, k].copy()
        vector[0] += np.copysign(np.linalg.norm(vector), vector[0])
        scale = 2.0 / (vector @ vector)
        matrix[k:] -= scale * np.outer(vector, vector @ matrix[k:])
        rows[:, k:] -= scale * np.outer(rows[:, k:] @ vector, vector)
    return rows
