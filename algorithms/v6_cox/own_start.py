"""The optimum of a site's own likelihood: the pooled fit starts from the sites' quadratics."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from v6_clinical.newton import Evaluation, optimum
from v6_clinical.regression.own_fit import PRIOR_VARIANCE, START_TOLERANCE
from v6_cox.cumulative import Array
from v6_cox.partial_likelihood import evaluate
from v6_cox.sorted_data import SortedData


def own_start(data: SortedData) -> Array:
    """Return the optimum of the likelihood plus a weak ridge, which exists under separation too.

    Prior variance 4 of a coefficient per standard deviation of its column at the site; the
    coefficient of a constant column is 0.

    Returns
    -------
    ndarray of shape (p,)
    """
    spread = np.sqrt(np.square(data.design).mean(axis=0))
    varies = spread > 1e-9 * np.abs(data.centre)
    scale = np.where(varies & (spread > 0), spread, np.inf)
    standard = replace(data, design=data.design / scale)
    penalty = np.full(len(scale), 1 / PRIOR_VARIANCE)

    def at(beta: Array) -> Evaluation:
        return evaluate(standard, beta)

    found, _ = optimum(at, np.zeros(len(scale)), penalty, START_TOLERANCE)
    return found / scale
