"""The result's tables: flat records, names as in R's broom, null where undefined."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.inference import f_tail
from v6_clinical.numerics.newton import inverse
from v6_clinical.protocol.analysis import Outcome
from v6_clinical.regression.centre.fit import Fit
from v6_clinical.regression.centre.noise import with_precision
from v6_clinical.regression.counts import Counts
from v6_clinical.regression.glm import result as glm
from v6_clinical.regression.glm.fitting import Fitting
from v6_glm.request import GeneralizedLinearRequest

Record = dict[str, Any]
CONSTANTS = {"gaussian": 1, "poisson": 2, "gamma": 2, "binomial": 0}


def bread_of(fitting: Fitting, fit: Fit) -> Array:
    """Return the inverse of the (penalised) expected information, shape (k, k)."""
    if fitting.family.canonical:
        return fit.covariance
    expected = fit.total.form("expected", fitting.design.labels)
    return inverse(expected + np.diag(fitting.penalty))


def conclude(
    request: GeneralizedLinearRequest, fitting: Fitting, fit: Fit, rounds: int, bread: Array
) -> Outcome:
    """Return every table of the result and the warnings that belong to them."""
    record = _fit(request, fitting, fit)
    dispersed = fitting.family.dispersed
    dispersion = record["dispersion"] if dispersed else 1.0
    errors = glm.Errors(
        bread,
        dispersion=1.0 if dispersion is None else dispersion,
        df=record["df_residual"] if dispersed else None,
    )
    return glm.conclude(fitting, fit, rounds, record, {}, [], errors)


def _fit(request: GeneralizedLinearRequest, fitting: Fitting, fit: Fit) -> Record:
    """Return the row of ``fit``: likelihoods and deviances as R's, none of them under a ridge."""
    counts, family, k = Counts.read(fit.total), fitting.family, len(fit.beta)
    constants: Array = np.asarray(fit.total.get("constants", (CONSTANTS[request.family],)))
    null, value = fitting.null.log_likelihood, fit.log_likelihood
    deviance = -2 * value
    if request.family == "gaussian":  # beside a large null deviance a difference has few digits
        deviance = float(fit.total["pearson"][0])
    elif family.saturates:
        deviance = 2 * (float(constants[-1]) - (value - fitting.null.value))
    null_deviance = deviance + 2 * (value - null)
    df = round(counts.n) - k
    dispersion: float | None = 1.0
    if family.dispersed:
        dispersion = float(fit.total["pearson"][0]) / df if df > 0 else None
    whole = family.log_likelihood(value, deviance, constants, counts)
    told = whole is not None and request.ridge == 0
    free = k + family.dispersed  # the dispersion is a parameter too
    record: Record = {"n": round(counts.n), "n_missing": round(counts.dropped)}
    if request.family == "binomial":
        record["events"] = round(counts.events)
    record |= {
        "log_likelihood": whole,
        "null_log_likelihood": family.log_likelihood(null, null_deviance, constants, counts),
        "deviance": deviance,
        "null_deviance": null_deviance,
        "df_residual": df,
        "dispersion": dispersion,
        "aic": 2 * free - 2 * whole if told and whole is not None else None,
        "bic": free * math.log(counts.n) - 2 * whole if told and whole is not None else None,
    }
    noise = _likelihood_noise(fitting, fit, constants, deviance, dispersion or 1.0)
    record = with_precision(record, noise)
    if request.family == "gaussian":
        record |= _linear(deviance, null_deviance, df, k - fitting.null.df)
    return record


def _likelihood_noise(
    fitting: Fitting, fit: Fit, constants: Array, deviance: float, dispersion: float
) -> float:
    """Return the sd of the noise in the log-likelihood as it is shown, a dispersion in it."""
    if not fit.likelihood_noise:
        return 0.0
    family, counts, value = fitting.family, Counts.read(fit.total), fit.log_likelihood
    sd = math.hypot(fit.likelihood_noise, glm.null_noise_of(fitting, fit, dispersion))
    if not family.dispersed:
        return sd
    if family.quadratic:  # from the squared residuals, a number of their own
        sd = glm.null_noise_of(fitting, fit, dispersion)
    whole = (
        family.log_likelihood(value - less, deviance + 2 * less, constants, counts)
        for less in (0.0, sd)
    )
    best, worse = (0.0 if one is None else one for one in whole)
    return best - worse


def _linear(deviance: float, null: float, df: int, slopes: int) -> Record:
    """Return what R's ``summary(lm)`` has: sigma, R-squared, F against the null model."""
    r_squared = 1 - deviance / null if null > 0 else None
    adjusted = None
    statistic = None
    if r_squared is not None and df > 0:
        adjusted = 1 - (1 - r_squared) * (df + slopes) / df
        if slopes and deviance > 0:
            statistic = (null - deviance) / slopes / (deviance / df)
    return {
        "sigma": math.sqrt(deviance / df) if df > 0 else None,
        "r_squared": r_squared,
        "adj_r_squared": adjusted,
        "f_statistic": statistic,
        "f_df": slopes,
        "f_df2": df,
        "f_p_value": None if statistic is None else f_tail(statistic, slopes, df),
    }
