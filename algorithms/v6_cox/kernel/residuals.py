"""Score residuals: what each row adds to the score, and the meat of the robust variance.

With the sums of :mod:`v6_cox.kernel.partial_likelihood`, mean_kl = (S1 - f_l D1) / s_l and
e_i = r_i / w_i:

    u_i = death_i (x_i - mean over l of mean_kl)
          - e_i sum_k sum_l (1 - f_l [i dies at k]) m (x_i - mean_kl) / s_l

over the risk sets k that row i is in. The weighted rows w_i u_i add up to the score; within sites
and strata that is all the influence a row has, so sums over sites give the pooled meat.

Sources: Lin & Wei 1989; Therneau & Grambsch 2000, section 7.2; R's ``residuals(type="score")``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from v6_clinical.numerics.arrays import Array
from v6_cox.kernel.jumps import Jumps
from v6_cox.kernel.partial_likelihood import Exposure, own_jumps, risk_scores, scored
from v6_cox.kernel.risk_sets import OverTime, Rows, sums_at_risk, sums_of_deaths
from v6_cox.kernel.sorted_data import SortedData


@dataclass(frozen=True)
class HazardSteps:
    """What a row passes through at each risk set.

    Attributes
    ----------
    jumps
        The jumps of the baseline hazard.
    mean
        The mean over l of mean_kl: the covariates expected of a row that dies, shape (K, p).
    mean_hazard
        sum_l m mean_kl / s_l, the jump times the covariates' means, shape (K, p).
    tied_mean_hazard
        sum_l f_l m mean_kl / s_l, which those who die are not exposed to, shape (K, p); None
        without ties.
    """

    jumps: Jumps
    mean: Array
    mean_hazard: Array
    tied_mean_hazard: Array | None


def score_residuals(data: SortedData, beta: Array) -> Array:
    """Return the score residual of each row in the caller's order, not weighted, shape (n, p)."""
    risk = risk_scores(data, beta)
    jumps = own_jumps(data, risk)

    def values(rows: Rows) -> Array:
        return scored(data, risk, rows)

    moments = sums_at_risk(data.sets, values, data.design.shape[1])
    deaths = sums_of_deaths(data.sets, values) if len(jumps.tied) else None
    steps = hazard_steps(jumps, moments, deaths, data.sets.death_weight)
    return residuals_at(data, data.design, risk.scores / data.weights, steps)


def hazard_steps(jumps: Jumps, moments: Array, deaths: Array | None, weight: Array) -> HazardSteps:
    """Return the steps from S1 and D1, shape (K, p), and the sum of the deaths' weights (K,).

    D1 may be None without ties.
    """
    one = np.where(weight > 0, weight, 1.0)
    if deaths is None or not len(jumps.tied):
        mean = moments * (jumps.hazard / one)[:, None]
        return HazardSteps(jumps, mean, moments * jumps.square[:, None], None)
    parts = jumps.tied_hazard, jumps.mean_fraction, jumps.fraction_squares
    tied_hazard, fraction, squares = (jumps.of_all(part)[:, None] for part in parts)
    mean = (moments * jumps.hazard[:, None] - deaths * tied_hazard) / one[:, None]
    mean_hazard = (moments - deaths * fraction) * jumps.square[:, None]
    return HazardSteps(jumps, mean, mean_hazard, mean_hazard * fraction - deaths * squares)


def residuals_at(data: SortedData, design: Array, relative: Array, steps: HazardSteps) -> Array:
    """Return the residuals of rows with relative risks e_i at given steps, in the caller's order.

    Parameters
    ----------
    design, relative
        Covariates, shape (n, p), and e_i, shape (n,), in sorted order, with the same origin and on
        the same scale as the steps.
    """
    rows = data.sets.death_rows
    sets = data.sets.exit_set[rows]
    exposed = Exposure(data, steps.jumps).of()
    residuals = np.empty(design.shape)
    for column, x in enumerate(design.T):
        u = OverTime(data.sets, steps.mean_hazard[:, column]).of()
        if steps.tied_mean_hazard is not None:
            u[rows] -= steps.tied_mean_hazard[sets, column]
        u -= x * exposed
        u *= relative
        u[rows] += x[rows] - steps.mean[sets, column]
        residuals[data.order, column] = u
    return residuals


def meat(
    residuals: Array, weights: Array | None = None, cluster: NDArray[Any] | None = None
) -> Array:
    """Return sum_c u_c u_c', shape (p, p), with u_c the sum of w_i u_i over the rows of a cluster.

    Parameters
    ----------
    residuals
        Shape (n, p).
    weights
        Shape (n,); None means 1.
    cluster
        Any labels, shape (n,); None means that each row is a cluster.
    """
    found = parts(residuals, weights, cluster)
    total: Array = np.dot(found.T, found)
    return total


def parts(
    residuals: Array, weights: Array | None = None, cluster: NDArray[Any] | None = None
) -> Array:
    """Return u_c, what each cluster adds to the score, shape (clusters, p); see ``meat``."""
    weighted = residuals if weights is None else residuals * weights[:, None]
    if cluster is None:
        return weighted
    labels, code = np.unique(cluster, return_inverse=True)
    sums = np.empty((len(labels), weighted.shape[1]))
    for column, values in enumerate(weighted.T):
        sums[:, column] = np.bincount(code, values, minlength=len(labels))
    return sums
