"""What a site shows of its survival curve: points of the grid that its limits allow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from v6_clinical.numerics.arrays import Array, Index
from v6_clinical.survival.grid import Exits, TimeGrid, at_risk
from v6_clinical.survival.rounding import decimal
from v6_cox.kernel.baseline import baseline
from v6_cox.kernel.sorted_data import SortedData, retimed

if TYPE_CHECKING:
    from v6_clinical.disclosure import Policy


def own_curves(
    data: SortedData, beta: Array, reference: Array, grid: TimeGrid, policy: Policy
) -> Array:
    """Return the curve of each stratum of the site, shape (strata, 3, times).

    Rows: 1 where the point is shown, cumulative hazard at the reference, rows that remain; 0 where
    not shown.
    """
    data = retimed(data, decimal)
    curve = baseline(data, beta, grid.times(), reference)
    shown, remain = _at_risk(data, curve.strata.tolist(), grid, policy)
    return np.stack([shown, np.where(shown > 0, curve.cumulative_hazard, 0.0), remain], axis=1)


def remaining(data: SortedData, strata: int, grid: TimeGrid, policy: Policy) -> Array:
    """Return for each stratum of the federation 1, 1 where the site shows its rows, and these.

    Returns
    -------
    ndarray of shape (strata, 3, times)
    """
    shown, remain = _at_risk(retimed(data, decimal), range(strata), grid, policy)
    return np.stack([np.ones_like(shown), shown, remain], axis=1)


def _at_risk(
    data: SortedData, strata: Sequence[int], grid: TimeGrid, policy: Policy
) -> tuple[Array, Array]:
    found = [at_risk(_exits(data, code, policy), grid) for code in strata]
    shape = len(found), grid.count
    shown = np.array([shown for shown, _ in found], dtype=float).reshape(shape)
    return shown, np.array([remain for _, remain in found], dtype=float).reshape(shape)


def _exits(data: SortedData, stratum: int, policy: Policy) -> Exits:
    """Return when the rows of a stratum die, leave and enter; a site without rows shows zeros."""
    rows: Index | slice = slice(None)
    if data.strata is not None:
        rows = np.flatnonzero(data.strata == stratum)
    time, event = data.time[rows], data.event[rows]
    entry = np.full(len(time), -np.inf) if data.entry is None else data.entry[rows]
    times = np.sort(time[event]), np.sort(time[~event]), np.sort(entry)
    return Exits(times, policy.min_cell, policy.allow_min_max or not len(time))
