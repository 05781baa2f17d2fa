"""What the report of a generalized linear model adds at a site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from v6_clinical.protocol.sums import Form, Sums
from v6_clinical.regression.glm.likelihood import ExpectedPoint
from v6_clinical.regression.glm.site import GLMTold
from v6_clinical.regression.site.guard import check, sum_of_squares

if TYPE_CHECKING:
    from v6_clinical.disclosure import Policy


def report(told: GLMTold, policy: Policy) -> Sums:
    """Return constants of the likelihood, the expected information, squared residuals.

    R5 has looked at each of the constants' columns when the outcome was read.
    """
    data, family = told.data, told.data.family
    found = {}
    features = family.features(data.outcome, data.weights)
    if features.shape[1]:
        found["constants"] = features.sum(axis=0)
    if family.dispersed:
        residuals = family.pearson(data.outcome, data.weights, told.predictor)
        found["pearson"] = np.array([sum_of_squares(residuals, policy)])
    forms = {}
    if not family.canonical:
        here = check(ExpectedPoint(data, told.asked.beta), policy)
        forms["expected"] = Form(told.asked.labels, here.evaluation.information)
    return Sums(found, forms=forms)
