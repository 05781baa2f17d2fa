"""Coefficients on a grid of powers of two, so that everybody who computes them comes to the same.

Linear algebra differs in its last bits from machine to machine. The steps of the grid are far above
these, and far below what a fit still moves: rounding costs neither a round nor a digit, and leaves
nobody a choice.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from v6_clinical.numerics.arrays import Array

COARSEST: Final = 2.0**-10  # of a standard error
OF_STEP: Final = 2.0**-20  # of a Newton step's length: linear algebra errs by a share of that
OF_TOLERANCE: Final = 2.0**-3  # of the step at which a fit has converged


def grid_steps(information: Array, size: float, tolerance: float) -> Array:
    """Return the grid's step for each coefficient, 2^floor(log2(share / sqrt(A_jj))); shape (p,).

    1 / sqrt(A_jj) is a coefficient's standard error were all others known: rounding by such shares
    is small in every direction, however much the columns resemble each other.

    Parameters
    ----------
    information
        A, shape (p, p).
    size
        Length of the step that led there, in standard errors.
    tolerance
        Length of a step, in standard errors, at which the fit has converged.
    """
    share = min(max(OF_STEP * size, OF_TOLERANCE * tolerance), COARSEST)
    own = np.diag(information)
    error = np.divide(1.0, np.sqrt(np.abs(own)), out=np.ones(len(own)), where=own > 0)
    found: Array = np.ldexp(1.0, np.frexp(share * error)[1] - 1)
    return found


def on_grid(beta: Array, steps: Array | None) -> Array:
    """Return the nearest point of the grid, shape (p,); without a grid ``beta`` itself.

    Both products are exact: a step is a power of two.
    """
    if steps is None:
        return beta
    found: Array = np.round(beta / steps) * steps
    return found + 0.0  # no minus zero


def is_near(found: Array, own: Array, steps: Array, middle: float) -> NDArray[np.bool_]:
    """Tell which coefficients are one's own on the grid, shape (p,).

    That is the nearest point of the grid, or the second nearest where one's own value lies within
    ``middle`` steps of the middle between them.

    Parameters
    ----------
    own
        Before rounding, shape (p,).
    """
    exact = np.round(found / steps) * steps == found
    near: NDArray[np.bool_] = exact & (np.abs(found - own) <= (0.5 + middle) * steps)
    return near
