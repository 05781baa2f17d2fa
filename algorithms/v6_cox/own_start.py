"""The optimum of a site's own likelihood: the pooled fit starts from the sites' quadratics."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.newton import Evaluation
from v6_clinical.regression.site.own_fit import ridge_optimum, standard_scale
from v6_cox.kernel.partial_likelihood import evaluate
from v6_cox.kernel.sorted_data import SortedData


def own_start(data: SortedData) -> Array:
    """Return the ``ridge_optimum`` of a site's likelihood; 0 for a constant column.

    Returns
    -------
    ndarray of shape (p,)
    """
    spread = np.sqrt(np.square(data.design).mean(axis=0))
    scale = standard_scale(spread, data.centre)
    standard = replace(data, design=data.design / scale)

    def at(beta: Array) -> Evaluation:
        return evaluate(standard, beta)

    return ridge_optimum(at, np.zeros(len(scale))) / scale
