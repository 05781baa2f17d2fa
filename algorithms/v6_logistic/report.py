"""Brier score, discrimination and calibration: what the report of logistic regression adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.blocks import row_blocks
from v6_clinical.protocol.sums import Sums
from v6_clinical.regression.glm.likelihood import squared_error
from v6_clinical.regression.glm.site_likelihood import GLMTold
from v6_logistic.questions import Evaluate
from v6_logistic.risk import concordance, risk_counts

if TYPE_CHECKING:
    from v6_clinical.disclosure import Policy


def discrimination(told: GLMTold, policy: Policy) -> Sums:
    """Return the Brier score's sum, pairs and, asked for, cumulative counts of rows by risk."""
    slopes, rounding = _without_constant(told)
    constant = float((told.predictor - slopes).mean())
    order = np.argsort(slopes)
    data = told.data
    slopes, events, weights = slopes[order], data.outcome[order], data.weights[order]
    # a tied pair by itself may be two patients, and with weights tells the product of theirs
    concordant, tied, pairs = concordance(slopes, events, weights, rounding)
    found = {
        "brier": np.array([squared_error(told.residuals, data.weights)]),
        "pairs": np.array([concordant + tied / 2, pairs]),
    }
    question = told.cases.question
    if isinstance(question, Evaluate) and question.report and question.report.grid:
        expected = weights * events - told.residuals[order]  # w mu
        slopes += constant
        grid = question.report.grid.window()
        counts = risk_counts(slopes, events, weights, expected, grid, policy.min_cell)
        found["risks"] = counts.array()
        found["expected"] = np.array([expected.sum()])
    return Sums(found)


def _without_constant(told: GLMTold) -> tuple[Array, float]:
    """Return the linear predictor about the site's means, and what rounding may add to it.

    No constant of the caller's choice is in it: beside a large one rows would seem tied.
    """
    asked, data = told.asked, told.data
    offset, usual = data.offset, data.offset.mean()
    slopes = np.empty(len(told.predictor))
    for rows in row_blocks(len(slopes), len(asked.mean)):
        slopes[rows] = np.dot(data.design[rows] - asked.mean, asked.beta) + (offset[rows] - usual)
    largest = float(asked.reach @ np.abs(asked.beta) + np.ptp(offset))  # no row's terms are more
    return slopes, 4 * (len(asked.mean) + 1) * float(np.finfo(float).eps) * largest
