"""What a site shows of its survival curve: points of the grid that its limits allow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from v6_clinical.numerics.arrays import Array, Index
from v6_clinical.survival.curves import countable, shown_at_risk
from v6_clinical.survival.grid import TimeGrid
from v6_clinical.survival.rounding import decimal
from v6_cox.kernel.baseline import baseline
from v6_cox.kernel.sorted_data import SortedData, retimed

if TYPE_CHECKING:
    from v6_clinical.disclosure import Policy

LARGEST_HAZARD = 1e299  # stands for all beyond, which no message takes: nobody survives


def own_curves(
    data: SortedData, kinds: Index, beta: Array, reference: Array, grid: TimeGrid, policy: Policy
) -> Array:
    """Return the curve of each stratum of the site, shape (strata, 3, times).

    The second axis holds 1 where the point is shown, the cumulative hazard at the reference, and
    the rows that remain; 0 where not shown.

    Parameters
    ----------
    kinds
        Codes of the ways in which follow-up ended, in the caller's order; shape (n,).
    """
    data = retimed(data, decimal)
    curve = baseline(data, beta, grid.times(), reference)
    shown, remain = _at_risk(data, kinds, curve.strata.tolist(), grid, policy)
    hazard = np.minimum(curve.cumulative_hazard, LARGEST_HAZARD)
    return np.stack([shown, np.where(shown > 0, hazard, 0.0), remain], axis=1)


def remaining(data: SortedData, kinds: Index, strata: int, grid: TimeGrid, policy: Policy) -> Array:
    """Return the rows that remain in each stratum of the federation, see ``countable``."""
    data = retimed(data, decimal)
    return countable(*_at_risk(data, kinds, range(strata), grid, policy))


def _at_risk(
    data: SortedData, kinds: Index, strata: Sequence[int], grid: TimeGrid, policy: Policy
) -> tuple[Array, Array]:
    kinds = kinds[data.order]
    return shown_at_risk(data.time, data.entry, kinds, data.strata, strata, grid, policy)
