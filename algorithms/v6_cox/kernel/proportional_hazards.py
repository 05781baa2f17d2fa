"""The Grambsch-Therneau test of proportional hazards as a score test of x times g(time).

In the model with covariates x and x g(t), at (beta, 0), risk set k contributes its score and
information times 1, g(t_k) and g(t_k)^2. Those sums add over sites. What is tested is the score
of x g(t) where that of x is 0,  U_g - I_g I^-1 U,  with variance  I_gg - I_g I^-1 I_g.  A number
taken off g changes neither.

Sources: Grambsch & Therneau 1994; ``cox.zph`` of R's ``survival`` 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
    score, score_g
        Score, and score with each risk set times g, shape (p,).
    information, information_g, information_gg
        Information with each risk set times 1, g and g^2, shape (p, p). With noise the second has
        rows x and columns x g(t).
    """

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
    g = times_of(point.data, transform)
    score, information = derivatives(point.data, point.risk, point.jumps, [ONE, g, g * g])
    return PHSums(*score[:2], *information)


def times_of(data: SortedData, transform: Transform) -> Array:
    """Return g at the data's risk sets, shape (K,)."""
    return own_km(data) if transform == "km" else transformed(data.sets.times, transform)


def moved(total: PHSums, centre: float) -> PHSums:
    """Return the sums for g less a number."""
    first = total.information_g - centre * total.information
    second = total.information_gg - centre * (total.information_g + total.information_g.T)
    return replace(
        total,
        score_g=total.score_g - centre * total.score,
        information_g=first,
        information_gg=second + centre**2 * total.information,
    )


def stack(total: PHSums) -> tuple[Array, Array]:
    """Return score and information of x and x g(t) together, shapes (2 p,) and (2 p, 2 p)."""
    upper = np.hstack([total.information, total.information_g])
    lower = np.hstack([total.information_g.T, total.information_gg])
    return np.concatenate([total.score, total.score_g]), np.vstack([upper, lower])


def unstack(score: Array, information: Array) -> PHSums:
    """Return the sums that ``stack`` has put together."""
    (u, u_g), (upper, lower) = np.split(score, 2), np.split(information, 2)
    (first, second), (_, third) = np.hsplit(upper, 2), np.hsplit(lower, 2)
    return PHSums(u, u_g, first, second, third)


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


def ph_test(total: PHSums, terms: Sequence[Sequence[int]], noise: Array | None = None) -> PHTest:
    """Return the test of each term, its columns jointly, and of all columns.

    Parameters
    ----------
    total
        Sums over all sites.
    terms
        The columns of each term.
    noise
        Covariance of the noise in the scores of x and x g(t), shape (2 p, 2 p).

    Notes
    -----
    U_t' V_t^-1 U_t with U = U_g - I_g I^-1 U and V = I_gg - I_g I^-1 I_g plus the noise's variance
    in U, rows and columns t those of the term. At the estimate the score of x is 0 and U that of
    x g(t), as in R. Not a number where a term's coefficient cannot vary with time: all events
    share one.
    """
    scale = np.sqrt(np.diag(total.information))
    square = np.outer(scale, scale)
    covariance = inverse(total.information / square)
    # about the mean of g over the information: digits are lost far from it
    centre = float(np.sum(covariance * total.information_g / square)) / max(len(scale), 1)
    about = moved(total, centre)
    slope = (about.information_g / square).T @ covariance
    score = (about.score_g - scale * (slope @ (about.score / scale))) / scale
    variance = about.information_gg / square - slope @ (about.information_g / square)
    # what rounding leaves of g^2 where all events share a time
    least = ROUNDING * np.diag(total.information_gg / square)
    testable, found = np.diag(variance) > least, variance
    if noise is not None:
        to_score = np.hstack([-slope - centre * np.eye(len(scale)), np.eye(len(scale))])
        twice = np.concatenate([scale, scale])
        found = variance + to_score @ (noise / np.outer(twice, twice)) @ to_score.T
    groups = [np.asarray(term, dtype=np.intp) for term in terms]
    groups.append(np.arange(len(score)))
    statistic = [
        _chi_square(score[g], found[np.ix_(g, g)]) if testable[g].all() else float("nan")
        for g in groups
    ]
    return PHTest(np.array(statistic), np.array([len(term) for term in groups], dtype=float))


def in_other_columns(total: PHSums, change: Array) -> PHSums:
    """Return the sums for the columns X C, given those for X; C has shape (p, q)."""
    matrices = (total.information, total.information_g, total.information_gg)
    changed = [change.T @ matrix @ change for matrix in matrices]
    return PHSums(change.T @ total.score, change.T @ total.score_g, *changed)


def _chi_square(score: Array, variance: Array) -> float:
    """Return U' V^-1 U, not a number where V has no inverse."""
    try:
        return float(score @ inverse(variance) @ score)
    except SingularError:
        return float("nan")
