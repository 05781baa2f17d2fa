"""The optimum of a site's own likelihood: the pooled fit starts from the sites' quadratics."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from v6_clinical.errors import RefusalError
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.newton import Evaluation, SingularError, inverse, propose
from v6_clinical.regression.site.own_fit import own_optimum
from v6_clinical.regression.site.rows import Rows
from v6_logistic import likelihood
from v6_logistic.report import check_range

if TYPE_CHECKING:
    from v6_clinical.disclosure import Policy


SAMPLE_ERRORS = 10  # standard errors in the sample; a longer step tells of separation
FORESEEN = 0.25  # standard errors: what is foreseen beyond the quadratic is small, or not foreseen


def evaluate_at(
    beta: Array, design: Array, events: Array, rows: Rows, policy: Policy
) -> tuple[likelihood.Pointwise, Evaluation]:
    """Return the likelihood at beta, where R9 lets it be told."""
    eta = likelihood.linear_predictor(design, beta, rows.offset)
    at = likelihood.pointwise(events, rows.weights, eta)
    check_range(eta, at, policy)
    return at, likelihood.evaluate(design, at)


def own_start(
    design: Array,
    events: Array,
    rows: Rows,
    intercept: bool,
    policy: Policy,
    every: int,
    sites: int,
) -> tuple[Array, Evaluation] | None:
    """Return about the site's own optimum, and the quadratic there.

    None where there is no optimum, or R9 would not let it be told.

    Parameters
    ----------
    every
        Look for it among each so many-th row, and move by one step of all rows from there.
    sites
        How many sites the federation has.
    """
    y, w, offset = events[::every], rows.weights[::every], rows.offset[::every]
    usual = float(offset.mean()) if intercept else 0.0  # years, say: far from 0
    offset = offset - usual

    def sample(x: Array, beta: Array) -> Evaluation:
        eta = likelihood.linear_predictor(x, beta, offset)
        return likelihood.evaluate(x, likelihood.pointwise(y, w, eta))

    try:
        beta, penalty = own_optimum(sample, design[::every], intercept)
        beta[:1] -= usual
        at, found = evaluate_at(beta, design, events, rows, policy)
        if every > 1:
            step = propose(found.penalised(beta, penalty))
            if step.size < SAMPLE_ERRORS * every**0.5:
                beta = beta + step.step
                at, found = evaluate_at(beta, design, events, rows, policy)
        elif sites > 1:  # of more rows so little is left out that it saves no round
            covariance = inverse(found.information + np.diag(penalty))
            third = likelihood.third_weights(design, at, events, rows.weights, covariance)
            found = _foreseen(found, design, third, covariance, policy, sites)
    except (RefusalError, SingularError):
        return None
    return beta, found


def _foreseen(
    found: Evaluation,
    design: Array,
    third: Array,
    covariance: Array,
    policy: Policy,
    sites: int,
) -> Evaluation:
    """Take off the score what the quadratic is expected to leave out at the pooled optimum.

    That optimum lies off the site's own by an error of covariance C (1 - 1/S) among S sites alike,
    where the quadratic misses half of (1 - 1/S) X' third. It does not cancel over sites. Nothing
    is foreseen where that is not small, or R9 would not let such a sum be told.
    """
    expected = (1 - 1 / sites) / 2 * np.dot(third, design)
    step = covariance @ expected
    try:
        policy.check_residuals(third)
    except RefusalError:
        return found
    if not (step**2 <= FORESEEN**2 * np.diag(covariance)).all():
        return found
    return replace(found, score=found.score - expected)
