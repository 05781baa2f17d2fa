"""What few rows make of columns within strata.

The residuals of a stratified survival model add up to nothing within each stratum: whatever is
constant there falls out of its sums. A dummy that is the stratum's in all rows but one leaves that
row's residual, though it singles nobody out among all rows.

``columns`` are p columns of shape (n,) each; ``strata`` are codes, shape (n,).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from v6_clinical.disclosure.dominance import rows_off_commonest, two_valued
from v6_clinical.disclosure.survey import Survey, survey
from v6_clinical.numerics.arrays import Array

Codes = NDArray[np.intp]
ROUNDING = 1e-12  # of a column that is constant within strata, about its means


def centred_within(columns: Sequence[Array], strata: Codes) -> Survey:
    """Return the survey of the columns about their means within strata."""
    rows = np.maximum(np.bincount(strata), 1)
    centred = np.empty((len(strata), len(columns)), order="F")
    for out, x in zip(centred.T, columns, strict=True):
        np.subtract(x, (np.bincount(strata, x) / rows)[strata], out=out)
        out[np.abs(out) <= ROUNDING * np.abs(x)] = 0.0
    return survey(centred)


def rows_off_within(columns: Sequence[Array], strata: Codes, cell: int) -> NDArray[np.int64]:
    """Count the rows off each column's commonest value of their stratum, shape (p,).

    Right wherever they are under a cell.
    """
    off = np.zeros(len(columns), dtype=np.int64)
    for code in np.unique(strata):
        here = np.flatnonzero(strata == code)
        few = np.flatnonzero(off < cell).tolist()
        if not few:
            break
        off[few] += rows_off_commonest(np.array([columns[k][here] for k in few]).T, cell)
    return off


def differing_within(
    columns: Sequence[Array], strata: Codes
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count the rows that keep two columns of two values from being alike within strata.

    With their values as 0 and 1, the rows off the commonest difference in each stratum, and off
    the commonest sum: but for these rows one column is the other, or its opposite, up to constants.

    Returns
    -------
    places : ndarray of shape (q,)
        Which of the columns have two values.
    rows : ndarray of shape (2, q, q)
    """
    higher = two_valued(columns)
    rows = np.zeros((2, len(higher), len(higher)))
    for code in np.unique(strata) if higher else ():
        here = np.flatnonzero(strata == code)
        ones: Array = np.array([columns[k][here] == top for k, top in higher.items()], dtype=float)
        zeros = 1 - ones
        both, neither = np.dot(ones, ones.T), np.dot(zeros, zeros.T)
        first = np.dot(ones, zeros.T)
        rows[0] += len(here) - np.maximum(np.maximum(first, first.T), both + neither)
        rows[1] += len(here) - np.maximum(np.maximum(both, neither), first + first.T)
    return np.array([*higher], dtype=np.int64), rows.astype(np.int64)
