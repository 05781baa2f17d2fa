"""What the report of a generalized linear model adds at a site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from v6_clinical.numerics.arrays import Array
from v6_clinical.protocol.sums import Form, Sums
from v6_clinical.regression.glm.likelihood import ExpectedPoint
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
    features = family.features(data.outcome, data.weights)
    if features.shape[1]:
        found["constants"] = _constants(features, told)
    if family.dispersed:
        residuals = family.pearson(data.outcome, data.weights, told.predictor)
        squares = noise.sum("pearson", squares_to_tell(residuals, policy))
        found["pearson"] = np.array([max(squares, 0.0)])
    forms = {}
    if not family.canonical:
        here = check(ExpectedPoint(data, told.asked.beta), policy)
        expected = noise.matrix("expected", here.evaluation.information)
        forms["expected"] = Form(told.asked.labels, expected)
    return Sums(found, forms=forms, noise=noise.noisy.told([*found, *forms]))


def _constants(features: Array, told: GLMTold) -> Array:
    """Return sums over rows that the outcome and the weights fix, whatever the design."""
    noisy = told.noise.noisy
    if not noisy.on:
        return np.asarray(features.sum(axis=0))
    sums = [noisy.sum(f"constants/{k}", b"", x, alone=True) for k, x in enumerate(features.T)]
    return np.array(sums)
