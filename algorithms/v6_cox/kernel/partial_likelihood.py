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
numbers of each risk set (:mod:`v6_cox.kernel.jumps`). All is O(n log n + n p^2) time and O(n p)
memory.

Sources: Cox 1972; Efron 1977; Therneau & Grambsch 2000, section 3.3; weights as R's ``survival``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from v6_clinical.numerics.arrays import Array, Index
from v6_clinical.numerics.blocks import row_blocks
from v6_clinical.numerics.newton import Evaluation
from v6_cox.kernel.jumps import Jumps, hazard_jumps, tied_sets
from v6_cox.kernel.risk_sets import (
    BLOCK,
    OverTime,
    Rows,
    at_risk,
    dying_rows,
    sums_at_risk,
    sums_of_deaths,
)
from v6_cox.kernel.sorted_data import SortedData

Factors = Sequence[Array]
ONE = np.array(1.0)
ROUNDING = 1e-11  # of a column's squares: what a difference of second moments leaves of a constant


@dataclass(frozen=True)
class RiskScores:
    """Linear predictor less ``middle``, and w exp(of that), shape (n,) each.

    The middle of the linear predictor's range cancels out of the likelihood, and keeps the
    exponential from overflowing.
    """

    predictor: Array
    scores: Array
    middle: float


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
            return self.risk.scores * Exposure(self.data, self.jumps).of()

    @cached_property
    def residuals(self) -> Array:
        """Martingale residuals, w_i (death_i) - r_i A_i, shape (n,)."""
        rows, found = self.data.sets.death_rows, -self.expected
        found[rows] += self.data.weights[rows]
        return found

    @cached_property
    def log_likelihood(self) -> float:
        """Log partial likelihood."""
        return log_likelihood(self.data, self.risk, self.jumps)

    @cached_property
    def _seconds(self) -> Array:
        """X' diag(r A) X, what the information would be without the means, shape (p, p)."""
        with np.errstate(over="ignore", invalid="ignore"):
            return second_moments(self.data.design, self.expected)

    @cached_property
    def information(self) -> Array:
        """The information, shape (p, p)."""
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            information = _minus_means(self.data, self.risk, self.jumps, [ONE])[0]
            information += self._seconds
        information = (information + information.T) / 2
        # a difference: where rows are all but certain it may be rounding, of either sign
        np.fill_diagonal(information, np.maximum(np.diag(information), 0.0))
        return np.asarray(information)

    @property
    def varies(self) -> NDArray[np.bool_]:
        """Whether information on a column is more than rounding, shape (p,)."""
        found: NDArray[np.bool_] = np.diag(self.information) > ROUNDING * np.diag(self._seconds)
        return found

    @cached_property
    def evaluation(self) -> Evaluation:
        """Log partial likelihood, its score X' residuals, and its information."""
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            score = np.dot(self.residuals, self.data.design)
        return Evaluation(self.log_likelihood, score, self.information)

    def forget(self, *names: str) -> None:
        """Free the memory of parts that are not needed again."""
        for name in names:
            vars(self).pop(name, None)


def evaluate(data: SortedData, beta: Array) -> Evaluation:
    """Return the log partial likelihood at ``beta`` (p,), its score and its information."""
    return Point(data, beta).evaluation


def log_likelihood(data: SortedData, risk: RiskScores, jumps: Jumps) -> float:
    """Return the log partial likelihood."""
    rows = data.sets.death_rows
    return float(np.dot(data.weights[rows], risk.predictor[rows])) - jumps.log_risk


def risk_scores(data: SortedData, beta: Array) -> RiskScores:
    """Return the linear predictor and the weighted risk scores."""
    predictor = data.offset + (np.dot(data.design, beta) if beta.any() else 0.0)
    middle = 0.0
    if len(predictor):
        middle = float(predictor.max() + predictor.min()) / 2
        predictor -= middle
    scores = np.exp(predictor)
    scores *= data.weights
    return RiskScores(predictor, scores, middle)


def own_jumps(data: SortedData, risk: RiskScores) -> Jumps:
    """Return the jumps at the data's own event times."""
    sets = data.sets
    risk_sums = sums_at_risk(sets, lambda rows: risk.scores[rows])
    tied = tied_sets(sets.deaths, data.ties)
    death_sums = np.zeros(len(sets)) if len(tied) else None
    if death_sums is not None:
        death_sums[tied] = sums_of_deaths(sets, lambda rows: risk.scores[rows], tied)
    return hazard_jumps(risk_sums, death_sums, sets.deaths, sets.death_weight, data.ties)


class Exposure:
    """A_i, the hazard that rows were exposed to, jumps times ``factor`` (K,).

    A row that dies is not exposed to all of the jump at which it dies (Efron).
    """

    def __init__(self, data: SortedData, jumps: Jumps, factor: Array | float = 1.0) -> None:
        self._sets = sets = data.sets
        self._over_time = OverTime(sets, jumps.hazard * factor)
        self._tied = dying_rows(sets, jumps.tied)
        hazard = jumps.tied_hazard * _of(np.asarray(factor), jumps.tied)
        self._tied_hazard = np.repeat(hazard, sets.deaths[jumps.tied])

    def of(self, rows: slice = slice(None)) -> Array:
        """Return those of a slice of the rows."""
        total, (start, stop, _) = self._over_time.of(rows), rows.indices(len(self._sets.exit_set))
        low, high = np.searchsorted(self._tied, [start, stop])
        total[self._tied[low:high] - start] -= self._tied_hazard[low:high]
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
        expected = np.array([scores * one.of(rows) for one in exposed])
        second += np.dot((x.T * expected[:, None]).reshape(-1, len(x)), x)
        expected[:, dead] -= [weights * _of(factor, died) for factor in factors]
        score -= np.dot(expected, x)
    return score, second.reshape(len(factors), p, p)


def second_moments(design: Array, weights: Array) -> Array:
    """Return X' diag(weights) X, shape (p, p), in blocks of rows."""
    columns = design.shape[1]
    total = np.zeros((columns, columns))
    step = max(BLOCK // max(columns, 1), 1024)
    for start in range(0, len(design), step):
        block = design[start : start + step]
        total += np.dot((block * weights[start : start + step, None]).T, block)
    return total


def scored(data: SortedData, risk: RiskScores, rows: Rows) -> Array:
    """Return r_i x_i of some rows."""
    return data.design[rows] * risk.scores[rows, None]


def _minus_means(data: SortedData, risk: RiskScores, jumps: Jumps, factors: Factors) -> Array:
    """Return - sum_k sum_l m mean mean' for each factor, shape (q, p, p).

    sum_l m (S1 - f_l D1)(S1 - f_l D1)' / s_l^2 = square v v' + squares D1 D1',
    with v = S1 - mean D1, and mean and squares those of the fractions f_l, see ``Jumps``.
    """
    columns = data.design.shape[1]
    total = np.zeros((len(factors), columns, columns))
    for some, sums in at_risk(data.sets, lambda rows: scored(data, risk, rows), columns):
        low, high = np.searchsorted(jumps.tied, [some.start, some.stop])
        tied = jumps.tied[low:high]
        if len(tied):
            dying = sums_of_deaths(data.sets, lambda rows: scored(data, risk, rows), tied)
            sums[tied - some.start] -= dying * jumps.mean_fraction[low:high, None]
        for q, factor in enumerate(factors):
            total[q] -= np.dot((sums * (_of(factor, some) * jumps.square[some])[:, None]).T, sums)
            if len(tied):
                weights = _of(factor, tied) * jumps.fraction_squares[low:high]
                total[q] -= np.dot((dying * weights[:, None]).T, dying)
    return total


def _of(factor: Array, some: slice | Index) -> Array:
    return factor[some] if factor.ndim else factor
