"""Cumulative sums that restart at each stratum and keep the digits that subtraction would lose."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from v6_clinical.numerics.arrays import Array, Index


class RunningSums:
    """Cumulative sums down the rows of one block after another.

    Parameters
    ----------
    compensate
        Also carry what rounding loses (:func:`cumulate_twice`). Needed where values of both signs
        come: a small risk set would inherit the rounding errors of a large one before it.
    """

    def __init__(self, compensate: bool = False) -> None:
        self._compensate = compensate
        self._sum: Array | float = 0.0
        self._lost: Array | float = 0.0

    def add(self, values: Array, restarts: Index) -> Array:
        """Return the sums down to each row of the next block.

        Parameters
        ----------
        values
            Shape (m,) or (m, p), m >= 1.
        restarts
            Increasing rows of the block at which the sums start from nothing.
        """
        if not self._compensate:
            sums = cumulate(values, restarts, self._sum)
            self._sum = sums[-1]
            return sums
        sums, lost = cumulate_twice(values, restarts, self._sum, self._lost)
        self._sum, self._lost = sums[-1], lost[-1]
        return sums + lost


def cumulate_twice(
    values: Array, restarts: Index, carry: Array | float = 0.0, carry_lost: Array | float = 0.0
) -> tuple[Array, Array]:
    """Return cumulative sums in twice the working precision, as a rounded sum and the rest.

    Notes
    -----
    With s_i = fl(s_{i-1} + y_i), the error of each addition is known exactly (Knuth's two-sum):
    g = s_i - s_{i-1},  e_i = (s_{i-1} - (s_i - g)) + (y_i - g).  The rest is the cumulative sum of
    the e_i: no loop over rows. Source: Ogita, Rump & Oishi 2005, Accurate sum and dot product.
    """
    sums = cumulate(values, restarts, carry)
    before = np.empty_like(sums)
    before[:1] = carry
    before[1:] = sums[:-1]
    before[restarts] = 0
    grown = sums - before
    lost = (before - (sums - grown)) + (values - grown)
    return sums, cumulate(lost, restarts, carry_lost)


def cumulate(values: Array, restarts: Index, carry: Array | float = 0.0) -> Array:
    """Return cumulative sums down the rows, from ``carry``, from nothing again at the restarts.

    Parameters
    ----------
    values
        Shape (m,) or (m, p).
    restarts
        Increasing rows, shape (r,). Subtracting the sum before a restart would lose digits, so with
        restarts the sums are the solution of s_i - a_i s_{i-1} = y_i with a_i = 0 at a restart and
        1 elsewhere: a triangular band of width 2, which LAPACK solves row by row.
    """
    sums = np.array(values, order="C")
    if not (len(restarts) and restarts[0] == 0):
        sums[:1] += carry
    if not len(restarts) or not sums.size:
        # an even number of columns is added in pairs, as complex numbers: half of the steps
        paired = sums.size > 0 and sums.ndim == 2 and sums.shape[1] % 2 == 0
        pairs: NDArray[Any] = sums.view(complex) if paired else sums
        np.cumsum(pairs, axis=0, out=pairs)
        return sums
    from scipy.linalg.lapack import dtbtrs  # only stratified data pay for the import

    band = np.ones((2, len(sums)), order="F")
    band[1] = -1
    band[1, restarts[restarts > 0] - 1] = 0
    solved, _ = dtbtrs(band, sums.reshape(len(sums), -1), uplo="L", diag="U")
    return np.asarray(solved, dtype=float).reshape(values.shape)
