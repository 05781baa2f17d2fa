"""What the tables need of a site at the final coefficients: the last answer of a fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from v6_clinical.errors import RefusalError
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.blocks import row_blocks
from v6_clinical.numerics.newton import Evaluation
from v6_clinical.protocol.analysis import Place
from v6_clinical.protocol.sums import Form, Sums
from v6_clinical.regression.site.own_fit import own_estimates
from v6_clinical.regression.site.rows import Rows
from v6_logistic import likelihood
from v6_logistic.questions import Report
from v6_logistic.risk import concordance, risk_counts

if TYPE_CHECKING:
    from v6_clinical.disclosure import Policy


@dataclass(frozen=True)
class Fitted:
    """The rows of a site and the coefficients at which they were evaluated.

    Parameters
    ----------
    events, eta
        Outcomes and linear predictor, shape (n,).
    design, beta
        Covariates less the shift, shape (n, p), and coefficients, shape (p,).
    mean, reach
        The columns' means, and the largest distance of a row from each, shape (p,).
    residuals
        w (y - mu), shape (n,).
    evaluation, labels
        The site's evaluation there, and the labels of its p parameters.
    """

    rows: Rows
    events: Array
    design: Array
    beta: Array
    eta: Array
    mean: Array
    reach: Array
    residuals: Array
    evaluation: Evaluation
    labels: tuple[str, ...]


def report(fit: Fitted, wanted: Report, policy: Policy, place: Place) -> Sums:
    """Return sums for Brier score, discrimination, calibration, sandwich and heterogeneity."""
    arrays = {"brier": np.array([likelihood.squared_error(fit.residuals, fit.rows.weights)])}
    arrays |= _discrimination(fit, wanted, policy)
    sums = Sums(arrays)
    if wanted.meat:
        found = likelihood.meat(fit.design, fit.residuals, fit.rows.clusters)
        sums += Sums(forms={"meat": Form(fit.labels, found)})
    # R15; one site differs from no other
    if policy.allow_per_site and place.count > 1:
        sums += _own_estimates(fit, policy)
    return sums


def check_range(
    eta: Array, at: likelihood.Pointwise, policy: Policy, *, meat: bool = False
) -> None:
    """R9: these linear predictors do not aim at few patients."""
    with np.errstate(over="ignore", invalid="ignore"):
        policy.check_coefficients(eta, at.weights)
    policy.check_residuals(at.residuals, squared=meat)


def _discrimination(fit: Fitted, wanted: Report, policy: Policy) -> dict[str, Array]:
    """Return pairs and, asked for, cumulative counts of the rows sorted by risk."""
    slopes, rounding = _without_constant(fit)
    constant = float((fit.eta - slopes).mean())
    order = np.argsort(slopes)
    slopes, events, weights = slopes[order], fit.events[order], fit.rows.weights[order]
    # a tied pair by itself may be two patients, and with weights tells the product of theirs
    concordant, tied, pairs = concordance(slopes, events, weights, rounding)
    found = {"pairs": np.array([concordant + tied / 2, pairs])}
    if wanted.grid is not None:
        expected = weights * events - fit.residuals[order]  # w mu
        slopes += constant
        grid = wanted.grid.window()
        found["risks"] = risk_counts(slopes, events, weights, expected, grid, policy.min_cell)
        found["expected"] = np.array([expected.sum()])
    return found


def _without_constant(fit: Fitted) -> tuple[Array, float]:
    """Return the linear predictor about the site's means, and what rounding may add to it.

    No constant of the caller's choice is in it: beside a large one rows would seem tied.
    """
    offset, usual = fit.rows.offset, fit.rows.offset.mean()
    slopes = np.empty(len(fit.eta))
    for rows in row_blocks(len(slopes), len(fit.mean)):
        slopes[rows] = np.dot(fit.design[rows] - fit.mean, fit.beta) + (offset[rows] - usual)
    largest = float(fit.reach @ np.abs(fit.beta) + np.ptp(offset))  # no row's terms are more
    return slopes, 4 * (len(fit.mean) + 1) * float(np.finfo(float).eps) * largest


def _own_estimates(fit: Fitted, policy: Policy) -> Sums:
    def at(beta: Array) -> tuple[Evaluation, bool]:
        eta = likelihood.linear_predictor(fit.design, beta, fit.rows.offset)
        here = likelihood.pointwise(fit.events, fit.rows.weights, eta)
        return likelihood.evaluate(fit.design, here), _may_tell(eta, here, policy)

    ones = float(fit.events.sum())
    fewest = min(ones, len(fit.events) - ones)
    return own_estimates(at, fit.labels, fit.beta, fit.evaluation, fewest)


def _may_tell(eta: Array, at: likelihood.Pointwise, policy: Policy) -> bool:
    """R9: tell whether the site's own estimates do not rest on few patients."""
    try:
        check_range(eta, at, policy)
    except RefusalError:
        return False
    return True
