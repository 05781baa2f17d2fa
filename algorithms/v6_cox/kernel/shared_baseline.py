"""One baseline hazard for all sites: sums over the risk sets of the federation's event times.

A risk set now spans sites, so each site sends its part of S0, S1, S2 (and of D0, D1, D2 for Efron)
at every event time, and the centre adds them and evaluates the likelihood of
:mod:`v6_cox.kernel.partial_likelihood`. Memory is O(n p + K p^2) for K event times. This gives
away event times and, by differencing, rows of patients with events: only for sites whose policy
allows it.

The covariates are taken from an origin that all sites share and the linear predictor is
(x - origin) b + offset, not shifted further: agree on an origin amid the data, such as the pooled
means, or products lose digits and the exponential overflows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from v6_clinical.numerics.arrays import Array, Index
from v6_clinical.numerics.halves import of_half
from v6_clinical.numerics.newton import Evaluation
from v6_cox.kernel.jumps import Jumps, hazard_jumps
from v6_cox.kernel.proportional_hazards import PHSums, Transform, pooled_km, transformed
from v6_cox.kernel.residuals import HazardSteps, hazard_steps, residuals_at
from v6_cox.kernel.risk_sets import Rows, Ties, sums_at_risk, sums_of_deaths
from v6_cox.kernel.sorted_data import SortedData, with_event_times


@dataclass(frozen=True)
class EventTimes:
    """Strata and event times, shape (K,): by stratum, the latest first, no pair twice."""

    strata: Index
    times: Array


@dataclass(frozen=True)
class RiskSums:
    """Sums over the rows at risk and over those that die at each of K event times.

    They add over sites, entry by entry. With P = p (p + 1) / 2 products, the upper triangle row by
    row:

    Attributes
    ----------
    risk, moments, products
        S0 (K,), S1 (K, p) and S2 (K, P).
    death_risk, death_moments, death_products
        D0 (K,), D1 (K, p) and D2 (K, P); all 0 with Breslow's ties, which do not need them.
    deaths, death_weight, death_design
        Number of deaths (K,), sum of their weights (K,) and of their weighted covariates (K, p).
    death_predictor
        Sum of the weighted linear predictors of all deaths.
    """

    risk: Array
    moments: Array
    products: Array
    death_risk: Array
    death_moments: Array
    death_products: Array
    deaths: Array
    death_weight: Array
    death_design: Array
    death_predictor: float


def risk_sums(
    data: SortedData, beta: Array, times: EventTimes, origin: Array | None = None
) -> RiskSums:
    """Return a site's sums at the federation's event times.

    Parameters
    ----------
    beta
        Shape (p,).
    times
        Every event time of the data must be among them; strata codes are the federation's.
    origin
        Shape (p,), None for zeros.
    """
    sets = with_event_times(data, times.strata, times.times).sets
    design, predictor = _about(data, beta, origin)
    scores = data.weights * np.exp(predictor)
    left, right = np.triu_indices(len(beta))

    def zeroth(rows: Rows) -> Array:
        return scores[rows]

    def first(rows: Rows) -> Array:
        return design[rows] * scores[rows, None]

    def second(rows: Rows) -> Array:
        x = design[rows]
        return x[:, left] * x[:, right] * scores[rows, None]

    efron, dead = float(data.ties == "efron"), sets.death_rows
    return RiskSums(
        risk=sums_at_risk(sets, zeroth),
        moments=sums_at_risk(sets, first, len(beta)),
        products=sums_at_risk(sets, second, len(left)),
        death_risk=efron * sums_of_deaths(sets, zeroth),
        death_moments=efron * sums_of_deaths(sets, first),
        death_products=efron * sums_of_deaths(sets, second),
        deaths=sets.deaths.astype(float),
        death_weight=sets.death_weight,
        death_design=sums_of_deaths(sets, lambda rows: design[rows] * data.weights[rows, None]),
        death_predictor=float(data.weights[dead] @ predictor[dead]),
    )


def moved(total: RiskSums, step: Array) -> RiskSums:
    """Return S0 and S1 (D0 and D1) as they are at coefficients further by ``step`` (p,).

    To second order, S0 + S1 d + d' S2 d / 2 and S1 + S2 d: a relative error of the order of the
    squared change of a linear predictor. All other sums stay as they are.
    """
    risk, moments = _moved(total.risk, total.moments, total.products, step)
    death_risk, death_moments = _moved(
        total.death_risk, total.death_moments, total.death_products, step
    )
    return replace(
        total, risk=risk, moments=moments, death_risk=death_risk, death_moments=death_moments
    )


def _moved(zeroth: Array, first: Array, second: Array, step: Array) -> tuple[Array, Array]:
    # of a product in the packed triangle
    place = of_half(np.arange(second.shape[1], dtype=np.float64), len(step)).astype(np.intp)
    change = np.array([second[:, row] @ step for row in place]).T
    return zeroth + (first + change / 2) @ step, first + change


def combine(total: RiskSums, ties: Ties) -> Evaluation:
    """Return the likelihood, score and information of the sums over all sites."""
    jumps = jumps_of(total, ties)
    score, information = _derivatives(total, jumps, np.ones(len(total.risk)))
    return Evaluation(total.death_predictor - jumps.log_risk, score, information)


def combine_ph(
    total: RiskSums,
    times: EventTimes,
    ties: Ties,
    transform: Transform = "identity",
    at_risk: Array | None = None,
) -> PHSums:
    """Return the sums of the proportional-hazards test.

    Parameters
    ----------
    at_risk
        Rows at risk, of all strata, at each different event time in increasing order: what "km"
        needs.
    """
    jumps, g = jumps_of(total, ties), _scale_of_time(total, times, transform, at_risk)
    parts = [_derivatives(total, jumps, factor) for factor in (np.ones_like(g), g, g * g)]
    (score, information), (score_g, information_g), (_, information_gg) = parts
    return PHSums(score, score_g, information, information_g, information_gg)


def _scale_of_time(
    total: RiskSums, times: EventTimes, transform: Transform, at_risk: Array | None
) -> Array:
    if transform != "km" or at_risk is None:
        return transformed(times.times, transform)
    different, place = np.unique(times.times, return_inverse=True)
    deaths = np.bincount(place, total.deaths, minlength=len(different)).astype(np.float64)
    return pooled_km(times.times, different, deaths, at_risk)


def jumps_of(total: RiskSums, ties: Ties) -> Jumps:
    """Return the jumps of the common hazard at the origin, in the order of the times."""
    return hazard_jumps(total.risk, total.death_risk, total.deaths, total.death_weight, ties)


def combine_steps(total: RiskSums, ties: Ties) -> HazardSteps:
    """Return the common steps, which sites need for score residuals."""
    jumps = jumps_of(total, ties)
    return hazard_steps(jumps, total.moments, total.death_moments, total.death_weight)


def shared_score_residuals(
    data: SortedData,
    beta: Array,
    times: EventTimes,
    steps: HazardSteps,
    origin: Array | None = None,
) -> Array:
    """Return a site's score residuals at the common steps, in the caller's order, shape (n, p)."""
    here = with_event_times(data, times.strata, times.times)
    design, predictor = _about(data, beta, origin)
    return residuals_at(here, design, np.exp(predictor), steps)


def _about(data: SortedData, beta: Array, origin: Array | None) -> tuple[Array, Array]:
    design = data.design + (data.centre if origin is None else data.centre - origin)
    return design, design @ beta + data.offset


def _derivatives(total: RiskSums, jumps: Jumps, factor: Array) -> tuple[Array, Array]:
    """Return score and information with each risk set times a factor (K,)."""
    hazard, tied_hazard = factor * jumps.hazard, factor * jumps.of_all(jumps.tied_hazard)
    deaths = total.death_moments
    score = factor @ total.death_design - hazard @ total.moments + tied_hazard @ deaths
    mean = total.moments - jumps.of_all(jumps.mean_fraction)[:, None] * deaths
    minus = (mean * (factor * jumps.square)[:, None]).T @ mean
    squares = jumps.of_all(jumps.fraction_squares)
    minus += (deaths * (factor * squares)[:, None]).T @ deaths
    packed = hazard @ total.products - tied_hazard @ total.death_products
    information = of_half(packed, len(minus))
    return score, information - (minus + minus.T) / 2
