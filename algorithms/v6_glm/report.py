"""What the report of a generalized linear model adds at a site."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from v6_clinical.numerics.arrays import Array
from v6_clinical.protocol.sums import Form, Sums
from v6_clinical.regression.glm.likelihood import ExpectedPoint, row_values
from v6_clinical.regression.glm.null_told import constant_sums
from v6_clinical.regression.glm.reach import SumsThere
from v6_clinical.regression.glm.told import GLMTold
from v6_clinical.regression.site.guard import check, squares_to_tell

if TYPE_CHECKING:
    from v6_clinical.disclosure import Policy


def report(told: GLMTold, policy: Policy) -> Sums:
    """Return constants of the likelihood, the expected information, squared residuals.

    R5 has looked at each of the constants' columns when the outcome was read.
    """
    data, family = told.data, told.data.family
    found, noise = {}, told.noise
    constants = _constants(told, policy)
    if len(constants):
        found["constants"] = constants
    if family.dispersed:
        residuals = family.pearson(data.outcome, data.weights, told.predictor)
        squares = noise.sum("pearson", squares_to_tell(residuals, policy))
        found["pearson"] = np.array([max(squares, 0.0)])
    forms = {}
    if not family.canonical:
        here = check(ExpectedPoint(data, told.asked.beta), policy)
        information, weights = here.evaluation.information, here.point.parts.weights
        sums = SumsThere(information, told.residuals, weights, noise.question, "expected")
        hidden = replace(noise, scale=told.likelihood.hiding(noise.scale, sums))
        expected = hidden.matrix("expected", information)
        forms["expected"] = Form(told.asked.labels, expected)
    return Sums(found, forms=forms, noise=noise.noisy.told([*found, *forms]))


def _constants(told: GLMTold, policy: Policy) -> Array:
    """Return sums over rows that outcome and weights fix, whatever the design.

    Of families of which the saturated log-likelihood is not told otherwise, the last of them is
    that one less the log-likelihood which differences are from: half of the null deviance.
    """
    data, family, noisy = told.data, told.data.family, told.noise.noisy
    columns = [*family.features(data.outcome, data.weights).T]
    if family.saturates:
        null, origin = told.likelihood.null, told.likelihood.origin_asked[0]
        saturated = data.weights * family.saturated(data.outcome)
        columns.append(saturated - row_values(data, origin if null is None else null.intercept))
    sums = constant_sums(noisy, columns)
    if family.saturates:
        sums[-1] -= told.likelihood.null_told.origin_gain(policy)
    return sums
