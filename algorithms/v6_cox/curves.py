"""What a site shows of its survival curve: points of the grid that its limits allow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from v6_clinical.disclosure.row_key import powers_of
from v6_clinical.numerics.arrays import Array, Index
from v6_clinical.regression.site.noise import NoiseAt, parts_of
from v6_clinical.survival.curves import countable, shown_at_risk
from v6_clinical.survival.grid import TimeGrid
from v6_clinical.survival.rounding import decimal
from v6_cox.kernel.baseline import baseline
from v6_cox.kernel.partial_likelihood import own_jumps, risk_scores
from v6_cox.kernel.sorted_data import SortedData, retimed

if TYPE_CHECKING:
    from v6_clinical.disclosure import Policy

LARGEST_HAZARD = 1e299  # stands for all beyond, which no message takes: nobody survives
DIGITS = 3  # of a cumulative hazard, where there is noise


def own_curves(
    data: SortedData,
    kinds: Index,
    beta: Array,
    reference: Array,
    grid: TimeGrid,
    policy: Policy,
    noise: NoiseAt,
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
    hazard = curve.cumulative_hazard
    if noise.noisy.on:
        hazard = with_noise(data, beta, hazard, shown > 0, grid.times(), noise)
    hazard = np.minimum(hazard, LARGEST_HAZARD)
    return np.stack([shown, np.where(shown > 0, hazard, 0.0), remain], axis=1)


def with_noise(
    data: SortedData,
    beta: Array,
    hazard: Array,
    shown: NDArray[np.bool_],
    grid: Array,
    noise: NoiseAt,
) -> Array:
    """Return cumulative hazards, shape (strata, times), of which those shown have noise.

    What a cell between two points that are shown adds is a number of its own, a sum over its
    deaths, with the same noise on whatever grid the cell is seen, and at whatever covariates. A
    hazard does not fall, and has three digits.
    """
    rows = data.sets.death_rows
    jumps = own_jumps(data, risk_scores(data, beta)).hazard / np.maximum(data.sets.deaths, 1)
    each, times = jumps[data.sets.exit_set[rows]], data.time[rows]
    codes = np.zeros(len(data), np.intp) if data.strata is None else data.strata
    clusters = noise.noisy.clusters
    patients = np.arange(len(data)) if clusters is None else clusters[data.order]
    found = np.zeros_like(hazard)
    for place, stratum in enumerate(np.unique(codes).tolist()):
        points, own = np.flatnonzero(shown[place]), codes[rows] == stratum
        with np.errstate(invalid="ignore"):
            added = np.diff(hazard[place, points], prepend=0.0)
        cells = np.searchsorted(grid[points], times[own])
        key = powers_of(data.time[codes == stratum]).digest().key.hex()
        for k in range(len(points)):
            inside = cells == k
            if inside.any() and np.isfinite(added[k]):
                died = f"{np.count_nonzero(cells < k)}-{np.count_nonzero(cells <= k)}"
                share = _shares(each[own][inside], patients[rows][own][inside])
                added[k] *= max(noise.number(f"curve/{key}/{died}", 1.0, parts_of(share)), 0.0)
        found[place, points] = _three_digits(np.cumsum(np.nan_to_num(added, nan=0.0)))
    return found


def _shares(each: Array, patients: Index) -> Array:
    """Return what share of a sum over deaths is each patient's, shape (patients,)."""
    _, code = np.unique(patients, return_inverse=True)
    return np.asarray(np.bincount(code, each) / each.sum())


def _three_digits(values: Array) -> Array:
    return np.array([float(f"{value:.{DIGITS}g}") for value in values.tolist()])


def remaining(data: SortedData, kinds: Index, strata: int, grid: TimeGrid, policy: Policy) -> Array:
    """Return the rows that remain in each stratum of the federation, see ``countable``."""
    data = retimed(data, decimal)
    return countable(*_at_risk(data, kinds, range(strata), grid, policy))


def _at_risk(
    data: SortedData, kinds: Index, strata: Sequence[int], grid: TimeGrid, policy: Policy
) -> tuple[Array, Array]:
    kinds = kinds[data.order]
    return shown_at_risk(data.time, data.entry, kinds, data.strata, strata, grid, policy)
