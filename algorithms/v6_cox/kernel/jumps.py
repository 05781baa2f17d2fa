"""The jumps of the baseline hazard at each risk set, tied deaths in Breslow's or Efron's way.

Notation as in :mod:`v6_cox.kernel.partial_likelihood`: S0, D0, d, m and f_l of each of K risk sets.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from v6_clinical.numerics.arrays import Array, Index
from v6_cox.kernel.risk_sets import Ties


@dataclass(frozen=True)
class Jumps:
    """What the sums over l leave of each risk set, with s_l = S0 - f_l D0.

    Attributes
    ----------
    hazard
        sum_l m / s_l, the jump of the baseline hazard, shape (K,).
    square
        sum_l m / s_l^2, shape (K,).
    tied
        The risk sets with tied deaths, increasing, shape (T,): in others the rest is zero.
    tied_hazard
        sum_l f_l m / s_l, the part of the jump that those who die are not exposed to, (T,).
    mean_fraction
        The mean of f_l with weights m / s_l^2, (T,).
    fraction_squares
        The weighted squares about it, sum_l (f_l - mean_fraction)^2 m / s_l^2, (T,).
    log_risk
        sum_k sum_l m log s_l.
    log_sums
        The mean over l of log s_l, shape (K,).
    """

    hazard: Array
    square: Array
    tied: Index
    tied_hazard: Array
    mean_fraction: Array
    fraction_squares: Array
    log_risk: float
    log_sums: Array

    def of_all(self, values: Array) -> Array:
        """Return one of the attributes of T tied sets for every risk set, shape (K,), else 0."""
        found = np.zeros(len(self.hazard))
        found[self.tied] = values
        return found

    def part(self, some: slice) -> Jumps:
        """Return those of a run of risk sets."""
        low, high = np.searchsorted(self.tied, [some.start, some.stop])
        return Jumps(
            self.hazard[some],
            self.square[some],
            self.tied[low:high] - some.start,
            self.tied_hazard[low:high],
            self.mean_fraction[low:high],
            self.fraction_squares[low:high],
            0.0,
            self.log_sums[some],
        )


def tied_sets(deaths: Array | Index, ties: Ties) -> Index:
    """Return the risk sets with more than one death, (K,) deaths each; none for Breslow's ties."""
    return np.flatnonzero(deaths > 1) if ties == "efron" else np.zeros(0, dtype=np.intp)


def hazard_jumps(
    risk_sums: Array,
    death_sums: Array | None,
    deaths: Array | Index,
    death_weight: Array,
    ties: Ties,
) -> Jumps:
    """Return the jumps from S0, D0, d and the sum of the deaths' weights, shape (K,) each.

    D0 may be None without ties, and matters for tied deaths only.
    """
    live = np.where(deaths > 0, risk_sums, 1.0)
    hazard = death_weight / live
    square = hazard / live
    tied = tied_sets(deaths, ties)
    log_live = np.log(live)
    if death_sums is None or not len(tied):
        none = np.zeros(0)
        log_risk = float(death_weight @ log_live)
        return Jumps(hazard, square, tied[:0], none, none, none, log_risk, log_live)
    count = deaths[tied].astype(np.intp)
    of = np.repeat(np.arange(len(tied)), count)  # the tied risk set of each death
    fraction = (np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count)) / count[of]
    less = live[tied][of] - fraction * death_sums[tied][of]
    jump = (death_weight[tied] / count)[of] / less

    def over_deaths(values: Array) -> Array:
        return np.bincount(of, values, minlength=len(tied)).astype(float)

    hazard[tied], square[tied] = over_deaths(jump), over_deaths(jump / less)
    log_live[tied] = over_deaths(np.log(less)) / count
    tied_hazard = over_deaths(fraction * jump)
    mean = over_deaths(fraction * jump / less) / square[tied]
    squares = over_deaths((fraction - mean[of]) ** 2 * jump / less)
    log_risk = float(death_weight @ log_live)
    return Jumps(hazard, square, tied, tied_hazard, mean, squares, log_risk, log_live)
