"""The optimum of a site's own likelihood: the pooled fit starts from the sites' quadratics."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.newton import Evaluation
from v6_clinical.regression.site.own_fit import (
    PRIOR_VARIANCE,
    RidgeOptimum,
    ridge_optimum,
    standard_scale,
)
from v6_cox.kernel.partial_likelihood import evaluate
from v6_cox.kernel.sorted_data import SortedData


def own_start(data: SortedData, every: int) -> RidgeOptimum:
    """Return the ``ridge_optimum`` of the likelihood of each so many-th row; 0 where constant."""
    sd = np.sqrt(np.square(data.design).mean(axis=0))
    scale = standard_scale(sd, data.centre)
    standard = replace(data, design=data.design / scale)

    def at(beta: Array) -> Evaluation:
        return evaluate(standard, beta)

    beta = ridge_optimum(at, np.zeros(len(scale))) / scale
    penalty = np.where(np.isfinite(scale), scale, 1.0) ** 2 / PRIOR_VARIANCE
    return RidgeOptimum(beta, penalty, every)
