"""What noise in the sites' sums does to a fit's tables."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from v6_clinical.numerics.arrays import Array
from v6_clinical.protocol.sums import Sums
from v6_clinical.regression.centre.fit import Fit

Record = dict[str, Any]


def noise_of(fit: Fit, to_user: Array) -> Array | None:
    """Return the covariance of the noise in the analyst's estimates, shape (k, k); None without."""
    return None if fit.noise is None else to_user @ fit.noise @ to_user.T


def widened(covariance: Array, noise: Array | None) -> Array:
    """Return the covariance of estimates, that of their noise added; shape (k, k)."""
    return covariance if noise is None else covariance + noise


def precision_of(covariance: Array, noise: Array | None) -> float:
    """Return the largest standard deviation of an estimate's noise, in its standard errors."""
    if noise is None:
        return 0.0
    share = np.maximum(np.diag(noise), 0.0) / np.diag(covariance)
    return float(np.sqrt(share.max(initial=0.0)))


def score_variance(total: Sums) -> float:
    """Return the largest variance of a site's noise in a score, its information the unit."""
    kept = total.arrays.get("noise/information")
    return 0.0 if kept is None else float(kept[0]) ** 2


def null_noise(
    precision: float, rows: float, log_likelihood: float, dispersion: float = 1.0
) -> float:
    """Return about the sd of the noise in a null model's log-likelihood, where it has any.

    A site tells the sd of no single number. It is d sqrt(sum l_i^2) over the rows' parts l_i, of
    which each is taken to be as large as their mean, and at least the dispersion.
    """
    return precision * math.sqrt(rows) * max(dispersion, abs(log_likelihood) / rows)


def with_precision(record: Record, likelihood: float, ratio: float | None = None) -> Record:
    """Return the row of ``fit`` with the sd of the declared noise beside likelihoods; 0: exact.

    Parameters
    ----------
    likelihood
        That of the log-likelihood; AIC and BIC have twice as much.
    ratio
        That of the statistic of the likelihood ratio test, where the row has one.
    """
    told = {"log_likelihood": likelihood, "aic": 2 * likelihood, "bic": 2 * likelihood}
    if ratio is not None:
        told["lr_statistic"] = ratio
    found: Record = {}
    for name, value in record.items():
        found[name] = value
        if name in told:
            key = f"{name.removesuffix('_statistic')}_precision"
            found[key] = None if value is None else told[name]
    return found
