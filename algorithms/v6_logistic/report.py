"""What the tables need of a site at the final coefficients: the last answer of a fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from v6_clinical.errors import RefusalError
from v6_clinical.newton import Evaluation
from v6_clinical.regression.own_fit import own_estimates
from v6_clinical.regression.rows import Rows
from v6_clinical.sums import Form, Sums
from v6_logistic import likelihood
from v6_logistic.questions import Report
from v6_logistic.risk import concordance, risk_counts

if TYPE_CHECKING:
    from v6_clinical.disclosure import Policy

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Fitted:
    """The rows of a site and the coefficients at which they were evaluated.

    Parameters
    ----------
    events, eta
        Outcomes and linear predictor, shape (n,).
    design, shift, beta
        Shapes (n, p), (p,) and (p,).
    residuals
        w (y - mu), shape (n,).
    evaluation, labels
        The site's evaluation there, and the labels of its p parameters.
    """

    rows: Rows
    events: Array
    design: Array
    shift: Array
    beta: Array
    eta: Array
    residuals: Array
    evaluation: Evaluation
    labels: tuple[str, ...]


def report(fit: Fitted, wanted: Report, policy: Policy) -> Sums:
    """Return sums for Brier score, discrimination, calibration, sandwich and heterogeneity."""
    weights, mu = fit.rows.weights, likelihood.probability(fit.eta)
    slopes, rounding = _without_constant(fit)
    order = np.argsort(slopes)
    eta = slopes[order] + (fit.eta - slopes).mean()
    events, sorted_weights = fit.events[order], weights[order]
    # a tied pair by itself may be two patients, and with weights tells the product of theirs
    concordant, tied, pairs = concordance(slopes[order], events, sorted_weights, rounding)
    arrays = {
        "brier": np.array([weights @ np.square(fit.events - mu)]),
        "pairs": np.array([concordant + tied / 2, pairs]),
    }
    if wanted.grid is not None:
        grid = wanted.grid.window()
        arrays["risks"] = risk_counts(eta, events, sorted_weights, mu[order], grid, policy.min_cell)
        arrays["expected"] = np.array([weights @ mu])
    sums = Sums(arrays)
    if wanted.meat:
        found = likelihood.meat(fit.design, fit.shift, fit.residuals, fit.rows.clusters)
        sums += Sums(forms={"meat": Form(fit.labels, found)})
    if wanted.own_estimates and policy.allow_per_site:  # R15
        sums += _own_estimates(fit, policy)
    return sums


def check_range(
    eta: Array, at: likelihood.Pointwise, policy: Policy, *, meat: bool = False
) -> None:
    """R9: these linear predictors do not aim at few patients."""
    with np.errstate(over="ignore", invalid="ignore"):
        policy.check_coefficients(eta, at.weights)
    policy.check_residuals(at.residuals, squared=meat)


def _without_constant(fit: Fitted) -> tuple[Array, float]:
    """Return the linear predictor about the site's means, and what rounding may add to it.

    No constant of the caller's choice is in it: beside a large one rows would seem tied.
    """
    mean, offset = fit.design.mean(axis=0), fit.rows.offset - fit.rows.offset.mean()
    slopes = likelihood.linear_predictor(fit.design, mean, fit.beta, offset)
    size = np.abs(offset)
    for column, at, beta in zip(fit.design.T, mean, fit.beta, strict=True):
        size = size + np.abs((column - at) * beta)
    largest = float(size.max(initial=0.0))
    return slopes, 4 * (len(fit.beta) + 1) * float(np.finfo(float).eps) * largest


def _own_estimates(fit: Fitted, policy: Policy) -> Sums:
    def rows_at(beta: Array) -> tuple[Array, likelihood.Pointwise]:
        eta = likelihood.linear_predictor(fit.design, fit.shift, beta, fit.rows.offset)
        return eta, likelihood.pointwise(fit.events, fit.rows.weights, eta)

    def at(beta: Array) -> Evaluation:
        return likelihood.evaluate(fit.design, fit.shift, rows_at(beta)[1])

    ones = float(fit.events.sum())
    fewest = min(ones, len(fit.events) - ones)

    def told(beta: Array) -> bool:
        """R9: the site's own estimates do not rest on few patients."""
        try:
            check_range(*rows_at(beta), policy)
        except RefusalError:
            return False
        return True

    return own_estimates(at, fit.labels, fit.beta, fit.evaluation, fewest, told)
