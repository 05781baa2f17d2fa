"""The Grambsch-Therneau test of proportional hazards as a score test of x times g(time).

In the model with covariates x and x g(t), at (beta, 0), risk set k contributes its score and
information times 1, g(t_k) and g(t_k)^2. Those sums add over sites. The centre of g, its mean over
all deaths, is taken off afterwards:  U_g - c U,  I_g - c I,  I_gg - 2 c I_g + c^2 I.

Sources: Grambsch & Therneau 1994; ``cox.zph`` of R's ``survival`` 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.newton import SingularError, inverse
from v6_clinical.survival.kaplan_meier import failed_before, rows_at_risk
from v6_cox.kernel.partial_likelihood import ONE, Point, derivatives
from v6_cox.kernel.sorted_data import SortedData

Transform = Literal["identity", "log", "km"]
ROUNDING = 1e-10


@dataclass(frozen=True)
class PHSums:
    """What the test needs of a site, which adds over sites.

    Attributes
    ----------
    deaths, times
        The number of deaths and the sum of g over them.
    score, score_g
        Score, and score with each risk set times g, shape (p,).
    information, information_g, information_gg
        Information with each risk set times 1, g and g^2, shape (p, p).
    """

    deaths: float
    times: float
    score: Array
    score_g: Array
    information: Array
    information_g: Array
    information_gg: Array


@dataclass(frozen=True)
class PHTest:
    """Chi-square statistics and degrees of freedom: a term each, then all terms together."""

    statistic: Array
    df: Array


def ph_sums(point: Point, transform: Transform = "identity") -> PHSums:
    """Return the sums at the final coefficients."""
    data = point.data
    g = own_km(data) if transform == "km" else transformed(data.sets.times, transform)
    score, information = derivatives(data, point.risk, point.jumps, [ONE, g, g * g])
    deaths = data.sets.deaths
    return PHSums(float(deaths.sum()), float(deaths @ g), *score[:2], *information)


def transformed(times: Array, transform: Transform) -> Array:
    """Return g of the times themselves, shape (K,)."""
    if transform not in ("identity", "log"):
        raise ValueError(f"transform must be 'identity' or 'log', but was {transform!r}")
    return np.log(times) if transform == "log" else times


def own_km(data: SortedData) -> Array:
    """Return g = 1 - S(t-) at the data's risk sets, S of all rows whatever their stratum; (K,).

    Rows count once, whatever their weights, as in R's ``cox.zph(transform = "km")``.
    """
    times, deaths = np.unique(data.time[data.event], return_counts=True)
    at_risk = rows_at_risk(data.time, data.entry, times)
    return pooled_km(data.sets.times, times, deaths.astype(np.float64), at_risk)


def pooled_km(at: Array, times: Array, deaths: Array, at_risk: Array) -> Array:
    """Return g = 1 - S(t-) at event times ``at`` (K,), of the deaths at increasing times (T,)."""
    return failed_before(deaths, at_risk)[np.searchsorted(times, at)]


def ph_test(total: PHSums, terms: Sequence[Sequence[int]]) -> PHTest:
    """Return the test of each term, its columns jointly, and of all columns.

    Parameters
    ----------
    total
        Sums over all sites.
    terms
        The columns of each term.

    Notes
    -----
    U_t' V_t^-1 U_t with V = I_gg - I_g I^-1 I_g for g centred, rows and columns t those of the
    term. U itself is taken as 0 as R does: beta is the estimate. Not a number where a term's
    coefficient cannot vary with time: all events share one.
    """
    centre = total.times / total.deaths
    scale = np.sqrt(np.diag(total.information))
    square = np.outer(scale, scale)
    i0 = total.information / square
    i1 = total.information_g / square - centre * i0
    i2 = total.information_gg / square - 2 * centre * total.information_g / square
    i2 = i2 + centre**2 * i0
    score = (total.score_g - centre * total.score) / scale
    variance = i2 - i1 @ inverse(i0) @ i1
    # what rounding leaves of g^2 where all events share a time
    least = ROUNDING * np.diag(total.information_gg / square)
    groups = [np.asarray(term, dtype=np.intp) for term in terms]
    groups.append(np.arange(len(score)))
    statistic = [_chi_square(score[g], variance[np.ix_(g, g)], least[g]) for g in groups]
    return PHTest(np.array(statistic), np.array([len(term) for term in groups], dtype=float))


def in_other_columns(total: PHSums, change: Array) -> PHSums:
    """Return the sums for the columns X C, given those for X; C has shape (p, q)."""
    matrices = (total.information, total.information_g, total.information_gg)
    changed = [change.T @ matrix @ change for matrix in matrices]
    return PHSums(
        total.deaths, total.times, change.T @ total.score, change.T @ total.score_g, *changed
    )


def _chi_square(score: Array, variance: Array, least: Array) -> float:
    """Return U' V^-1 U, not a number where V says that there is nothing to test."""
    if (np.diag(variance) <= least).any():
        return float("nan")
    try:
        return float(score @ inverse(variance) @ score)
    except SingularError:
        return float("nan")
