"""The stratified partial likelihood of Cox and its derivatives, from cumulative sums.

For risk set k with weighted risk scores r_i = w_i exp(x_i b + offset_i) let

    S0 = sum r_i,  S1 = sum r_i x_i  over the rows at risk,  D0, D1 the same over those that die,
    d the number of deaths, m the mean of their weights,
    f_l = l / d (Efron),  or 0 (Breslow),  l = 0, ..., d - 1.

    log L       = sum_deaths w_i eta_i - sum_k sum_l m log(S0 - f_l D0)
    score       = sum_deaths w_i x_i   - sum_k sum_l m (S1 - f_l D1) / (S0 - f_l D0)
    information = sum_k sum_l m [(S2 - f_l D2) / (S0 - f_l D0) - mean mean'],
                  mean = (S1 - f_l D1) / (S0 - f_l D0)

Nothing above needs the p x p sums S2 of each risk set: a row contributes r_i x_i x_i' to every set
it is in, so the first part of the information is X' diag(r_i A_i) X with A_i the hazard that the
row was exposed to. The sum over l of the second part is quadratic in S1 and D1 and needs three
numbers of each risk set (:class:`Jumps`). All is O(n log n + n p^2) time and O(n p) memory.

Sources: Cox 1972; Efron 1977; Therneau & Grambsch 2000, section 3.3; weights as R's ``survival``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from v6_clinical.blocks import row_blocks
from v6_clinical.newton import Evaluation
from v6_cox.cumulative import Array, Index
from v6_cox.risk_sets import (
    BLOCK,
    OverTime,
    Rows,
    Ties,
    at_risk,
    sums_at_risk,
    sums_of_deaths,
)
from v6_cox.sorted_data import SortedData

Factors = Sequence[Array]
ONE = np.array(1.0)


@dataclass(frozen=True)
class RiskScores:
    """Linear predictor less ``shift``, and w exp(of that), shape (n,) each.

    The shift, the middle of the linear predictor's range, cancels out of the likelihood and keeps
    the exponential from overflowing.
    """

    predictor: Array
    scores: Array
    shift: float


@dataclass(frozen=True)
class Jumps:
    """What the sums over l leave of each risk set, shape (K,) each.

    With s_l = S0 - f_l D0:

    Attributes
    ----------
    hazard
        sum_l m / s_l, the jump of the baseline hazard.
    own
        sum_l f_l m / s_l, the part of it that those who die are not exposed to.
    square
        sum_l m / s_l^2.
    lag
        The mean of f_l with weights m / s_l^2.
    spread
        sum_l (f_l - lag)^2 m / s_l^2.
    tied
        Whether any of ``own``, ``lag`` and ``spread`` is not zero.
    log_risk
        sum_k sum_l m log s_l.
    """

    hazard: Array
    own: Array
    square: Array
    lag: Array
    spread: Array
    tied: bool
    log_risk: float


@dataclass(frozen=True)
class Point:
    """Rows at coefficients ``beta`` (p,): each part is computed once, when it is first asked for.

    Not finite where the linear predictor ranges so widely that its exponential overflows.
    """

    data: SortedData
    beta: Array

    @cached_property
    def risk(self) -> RiskScores:
        """Linear predictor and weighted risk scores."""
        with np.errstate(over="ignore", invalid="ignore"):
            return risk_scores(self.data, self.beta)

    @cached_property
    def jumps(self) -> Jumps:
        """The jumps at the data's own event times."""
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            return own_jumps(self.data, self.risk)

    @cached_property
    def expected(self) -> Array:
        """Deaths expected of each row, r_i A_i, shape (n,)."""
        with np.errstate(over="ignore", invalid="ignore"):
            return self.risk.scores * Exposure(self.data, self.jumps)()

    @cached_property
    def residuals(self) -> Array:
        """Martingale residuals, w_i (death_i) - r_i A_i, shape (n,)."""
        rows, found = self.data.sets.death_rows, -self.expected
        found[rows] += self.data.weights[rows]
        return found

    @cached_property
    def evaluation(self) -> Evaluation:
        """Log partial likelihood, its score X' residuals, and its information."""
        data = self.data
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            information = _minus_means(data, self.risk, self.jumps, [ONE])[0]
            information += second_moments(data.design, self.expected)
            score = self.residuals @ data.design
        value = log_likelihood(data, self.risk, self.jumps)
        return Evaluation(value, score, (information + information.T) / 2)

    def risks_only(self) -> Point:
        """Return the point without what takes memory and follows from risk scores and jumps."""
        lean = Point(self.data, self.beta)
        vars(lean).update(risk=self.risk, jumps=self.jumps)
        return lean


def evaluate(data: SortedData, beta: Array) -> Evaluation:
    """Return the log partial likelihood at ``beta`` (p,), its score and its information."""
    return Point(data, beta).evaluation


def log_likelihood(data: SortedData, risk: RiskScores, jumps: Jumps) -> float:
    """Return the log partial likelihood."""
    rows = data.sets.death_rows
    return float(data.weights[rows] @ risk.predictor[rows]) - jumps.log_risk


def risk_scores(data: SortedData, beta: Array) -> RiskScores:
    """Return the linear predictor and the weighted risk scores."""
    predictor = data.offset + data.design @ beta
    shift = 0.0
    if len(predictor):
        shift = float(predictor.max() + predictor.min()) / 2
        predictor -= shift
    scores = np.exp(predictor)
    scores *= data.weights
    return RiskScores(predictor, scores, shift)


def effective_sample_size(data: SortedData, beta: Array) -> float:
    """Return (sum r)^2 / sum r^2 of the weighted risk scores: the rows that matter at ``beta``."""
    scores = risk_scores(data, beta).scores
    return float(scores.sum() ** 2 / (scores @ scores)) if len(scores) else 0.0


def own_jumps(data: SortedData, risk: RiskScores) -> Jumps:
    """Return the jumps at the data's own event times."""
    sets = data.sets
    risk_sums = sums_at_risk(sets, lambda rows: risk.scores[rows])
    death_sums = None
    if has_ties(sets.deaths, data.ties):
        death_sums = sums_of_deaths(sets, lambda rows: risk.scores[rows])
    return hazard_jumps(risk_sums, death_sums, sets.deaths, sets.death_weight, data.ties)


def has_ties(deaths: Array | Index, ties: Ties) -> bool:
    """Tell whether tied deaths, (K,) at each time, are to be treated apart (Efron)."""
    return ties == "efron" and bool((deaths > 1).any())


def hazard_jumps(
    risk_sums: Array,
    death_sums: Array | None,
    deaths: Array | Index,
    death_weight: Array,
    ties: Ties,
) -> Jumps:
    """Return the jumps from S0, D0, d and the sum of the deaths' weights, shape (K,) each.

    D0 may be None without ties.
    """
    if death_sums is None or not has_ties(deaths, ties):
        live = np.where(deaths > 0, risk_sums, 1.0)
        hazard = death_weight / live
        log_risk = float(death_weight @ np.log(live))
        zeros = np.broadcast_to(np.float64(0), len(live))  # takes no memory
        return Jumps(hazard, zeros, hazard / live, zeros, zeros, False, log_risk)
    count = deaths.astype(np.intp)
    of = np.repeat(np.arange(len(count)), count)  # the risk set of each death
    fraction = (np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count)) / count[of]
    mean_weight = death_weight[of] / count[of]
    live = risk_sums[of] - fraction * death_sums[of]

    def over_deaths(values: Array) -> Array:
        return np.bincount(of, values, minlength=len(count)).astype(float)

    jump = mean_weight / live
    square = over_deaths(jump / live)
    lag = over_deaths(fraction * jump / live) / np.where(count > 0, square, 1.0)
    return Jumps(
        hazard=over_deaths(jump),
        own=over_deaths(fraction * jump),
        square=square,
        lag=lag,
        spread=over_deaths((fraction - lag[of]) ** 2 * jump / live),
        tied=True,
        log_risk=float(mean_weight @ np.log(live)),
    )


class Exposure:
    """A_i, the hazard that rows were exposed to, jumps times ``factor`` (K,).

    A row that dies is not exposed to all of the jump at which it dies (Efron).
    """

    def __init__(self, data: SortedData, jumps: Jumps, factor: Array | float = 1.0) -> None:
        self._data, self._over_time = data, OverTime(data.sets, jumps.hazard * factor)
        self._own = np.append(jumps.own * factor, 0.0) if jumps.tied else None

    def __call__(self, rows: slice = slice(None)) -> Array:
        """Return those of a slice of the rows."""
        total = self._over_time(rows)
        if self._own is not None:
            total -= self._own[self._data.sets.exit_set[rows]] * self._data.event[rows]
        return total


def derivatives(
    data: SortedData, risk: RiskScores, jumps: Jumps, factors: Factors
) -> tuple[Array, Array]:
    """Return score and information with the contribution of each risk set times a factor.

    Parameters
    ----------
    factors
        Shape (K,) each, one for each of the q weightings that are wanted; ``ONE`` for none.

    Returns
    -------
    tuple
        Scores, shape (q, p), and information, shape (q, p, p).

    Notes
    -----
    The score is X' residual with the martingale residual, death_i w_i - r_i A_i.
    """
    score, information = _first_and_second(data, risk, jumps, factors)
    information += _minus_means(data, risk, jumps, factors)
    return score, (information + information.transpose(0, 2, 1)) / 2


def _first_and_second(
    data: SortedData, risk: RiskScores, jumps: Jumps, factors: Factors
) -> tuple[Array, Array]:
    """Return X' residual (q, p) and X' diag(r A) X (q, p, p), all factors in one pass."""
    p, exit_set = data.design.shape[1], data.sets.exit_set
    exposed = [Exposure(data, jumps, factor) for factor in factors]
    score, second = np.zeros((len(factors), p)), np.zeros((len(factors) * p, p))
    for rows in row_blocks(len(data), max(p, 1) * len(factors)):
        x, scores = np.asfortranarray(data.design[rows]), risk.scores[rows]
        dead = np.flatnonzero(data.event[rows])
        died, weights = exit_set[rows][dead], data.weights[rows][dead]
        expected = np.array([scores * one(rows) for one in exposed])
        second += np.concatenate([x.T * e for e in expected]) @ x
        score -= expected @ x
        score += np.array([weights * _of(factor, died) for factor in factors]) @ x[dead]
    return score, second.reshape(len(factors), p, p)


def second_moments(design: Array, weights: Array) -> Array:
    """Return X' diag(weights) X, shape (p, p), in blocks of rows."""
    columns = design.shape[1]
    total = np.zeros((columns, columns))
    step = max(BLOCK // max(columns, 1), 1024)
    for start in range(0, len(design), step):
        block = design[start : start + step]
        total += (block * weights[start : start + step, None]).T @ block
    return total


def scored(data: SortedData, risk: RiskScores, rows: Rows) -> Array:
    """Return r_i x_i of some rows."""
    return data.design[rows] * risk.scores[rows, None]


def _minus_means(data: SortedData, risk: RiskScores, jumps: Jumps, factors: Factors) -> Array:
    """Return - sum_k sum_l m mean mean' for each factor, shape (q, p, p).

    sum_l m (S1 - f_l D1)(S1 - f_l D1)' / s_l^2 = square v v' + spread D1 D1', v = S1 - lag D1.
    """
    columns = data.design.shape[1]
    total = np.zeros((len(factors), columns, columns))
    for some, sums in at_risk(data.sets, lambda rows: scored(data, risk, rows), columns):
        if jumps.tied:
            tied = sums_of_deaths(data.sets, lambda rows: scored(data, risk, rows), some)
            sums -= tied * jumps.lag[some, None]
        for q, factor in enumerate(factors):
            times = _of(factor, some)
            total[q] -= (sums * (times * jumps.square[some])[:, None]).T @ sums
            if jumps.tied:
                total[q] -= (tied * (times * jumps.spread[some])[:, None]).T @ tied
    return total


def _of(factor: Array, some: slice | Index) -> Array:
    return factor[some] if factor.ndim else factor
