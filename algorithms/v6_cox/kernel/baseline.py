"""The cumulative baseline hazard on a grid of times, and the survival that it predicts.

H0(t) is the sum up to t of the hazard's jumps (:class:`~v6_cox.kernel.partial_likelihood.Jumps`):
Breslow's estimate, with tied deaths handled as in the likelihood. As R's ``basehaz`` and
``survfit``, whose default follows the ties of the model; but here the offset is 0, where R takes
the offset's mean. The reference is what keeps exp(x b) a number: take the pooled means.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from v6_clinical.numerics.arrays import Array, Index
from v6_cox.kernel.partial_likelihood import own_jumps, risk_scores
from v6_cox.kernel.sorted_data import SortedData


@dataclass(frozen=True)
class BaselineCurve:
    """Curves of S strata on a grid of G times; cell g is the interval (grid[g-1], grid[g]].

    Attributes
    ----------
    grid
        Increasing times, shape (G,).
    strata
        Code of each stratum, shape (S,).
    reference
        The covariates whose hazard this is, shape (p,).
    cumulative_hazard
        At each time of the grid, shape (S, G).
    events, leavers, entries
        Rows that die, that leave otherwise, and that enter in each cell, shape (S, G). The first
        cell has those that were there from the start.
    at_risk
        Rows still under observation just after each time of the grid, shape (S, G). Not those at
        risk at that time: their difference would be the rows that leave at one exact time.
    """

    grid: Array
    strata: Index
    reference: Array
    cumulative_hazard: Array
    events: Array
    leavers: Array
    entries: Array
    at_risk: Array


def baseline(
    data: SortedData, beta: Array, grid: Array, reference: Array | None = None
) -> BaselineCurve:
    """Return the curve of each stratum, with the counts that a disclosure check needs.

    Parameters
    ----------
    beta
        Shape (p,).
    grid
        Increasing times, shape (G,).
    reference
        Shape (p,), None for zeros. Choose the pooled means where a covariate lies far from 0, or
        exp(x b) leaves the range of floating-point numbers.
    """
    origin = np.zeros(len(beta)) if reference is None else reference
    risk = risk_scores(data, beta)
    strata, row_stratum = np.unique(_strata(data), return_inverse=True)
    set_stratum = np.searchsorted(strata, data.sets.strata)

    def count(stratum: Index, time: Array, weights: NDArray[Any] | None = None) -> Array:
        return per_cell(grid, len(strata), stratum, time, weights)

    jumps = own_jumps(data, risk).hazard
    events = count(row_stratum, data.time, data.event)
    leavers = count(row_stratum, data.time, ~data.event)
    start = np.full(len(data.time), -np.inf) if data.entry is None else data.entry
    entries = count(row_stratum, start)
    at_risk = np.cumsum(entries - events - leavers, axis=1)
    hazard = np.cumsum(count(set_stratum, data.sets.times, jumps), axis=1)
    # R10: not times exp(scale), which overflows where the middle of the predictor's range says
    scale = (origin - data.centre) @ beta - risk.middle
    with np.errstate(divide="ignore", over="ignore"):
        hazard = np.exp(np.log(hazard) + scale)
    return BaselineCurve(grid, strata, origin, hazard, events, leavers, entries, at_risk)


def survival(curve: BaselineCurve, beta: Array, profiles: Array) -> Array:
    """Return S(t|x) = exp(-H0(t) exp((x - reference) b)), shape (profiles, S, G).

    Parameters
    ----------
    profiles
        Covariates, shape (profiles, p).
    """
    relative = np.exp((profiles - curve.reference) @ beta)
    return np.exp(-curve.cumulative_hazard * relative[:, None, None])


def per_cell(
    grid: Array, strata: int, stratum: Index, time: Array, weights: NDArray[Any] | None = None
) -> Array:
    """Return sums of weights, or counts, by stratum and cell, shape (strata, G)."""
    cells = len(grid) + 1  # the last one, beyond the grid, is left out
    cell = stratum * cells + np.searchsorted(grid, time)
    total = np.bincount(cell, weights, minlength=strata * cells).astype(float)
    return total.reshape(strata, cells)[:, :-1]


def _strata(data: SortedData) -> Index:
    return np.zeros(len(data.time), dtype=np.intp) if data.strata is None else data.strata
