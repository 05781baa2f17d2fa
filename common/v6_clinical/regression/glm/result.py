"""Tables of a regression of single rows: flat records, names as in R's broom."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from v6_clinical.model.coding import coding_to_json, shown_references
from v6_clinical.model.moments import placed_knots
from v6_clinical.model.terms import raw_columns
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.inference import chi_square_tail, sandwich
from v6_clinical.protocol.analysis import Outcome
from v6_clinical.regression.centre.fit import Fit
from v6_clinical.regression.centre.noise import (
    noise_of,
    null_noise,
    precision_of,
    widened,
    with_precision,
)
from v6_clinical.regression.centre.tables import (
    coefficient_table,
    covariance_table,
    heterogeneity_table,
    of_clusters,
    plain,
    shared_warnings,
)
from v6_clinical.regression.counts import Counts
from v6_clinical.regression.glm.fitting import Fitting

Record = dict[str, Any]
Warnings = list[tuple[str, str]]


@dataclass(frozen=True)
class Errors:
    """What standard errors are made from, where not the inverse of the last information alone.

    Parameters
    ----------
    bread
        Inverse of the information that they are from, of a dispersion of 1, shape (k, k).
    dispersion
        What it is multiplied by.
    df
        Degrees of freedom of Student's t; None for the normal.
    """

    bread: Array
    dispersion: float = 1.0
    df: float | None = None


def conclude(
    fitting: Fitting,
    fit: Fit,
    rounds: int,
    record: Record,
    tables: dict[str, Any],
    found: Warnings,
    errors: Errors | None = None,
) -> Outcome:
    """Return every table of the result and the warnings that belong to them.

    Parameters
    ----------
    record, tables, found
        The row of ``fit``, a family's own tables, and its own warnings.
    """
    request, design = fitting.request, fitting.design
    errors = errors or Errors(fit.covariance)
    beta = design.to_user @ fit.beta
    covariance = errors.dispersion * design.to_user @ errors.bread @ design.to_user.T
    robust, noise = _robust(fitting, fit, errors), noise_of(fit, design.to_user)
    precision = precision_of(covariance, noise)
    covariance = widened(covariance, noise)
    robust = None if robust is None else widened(robust, noise)
    used = covariance if robust is None else robust
    level, ratio = request.confidence_level, fitting.family.ratio
    coefficients = coefficient_table(
        design.terms, beta, covariance, robust, level, ratio, errors.df
    )
    end = {"converged": True, "rounds": rounds}
    whole = {
        "coefficients": coefficients,
        "covariance": covariance_table(design.terms, used),
        "fit": [record | end],
        **tables,
        "heterogeneity": heterogeneity_table(design, fit.total, errors.dispersion),
        "model": {
            "coding": coding_to_json(design.raw),
            "references": shown_references(design.user),
            "knots": placed_knots(design.user.terms),
        },
    }
    columns = [*raw_columns(design.user.terms), request.outcome]
    if request.site_effect and fitting.null_of_sites is None:
        text = "Beside an offset the model of the sites' intercepts alone is not fitted: no "
        found.append(("NO_RATIO_TEST", text + "likelihood ratio test."))
    found = [*found, *shared_warnings(request, whole, columns, fit)]
    warnings = [{"code": code, "message": message} for code, message in found]
    return Outcome(whole, warnings, precision)


def _robust(fitting: Fitting, fit: Fit, errors: Errors) -> Array | None:
    """Return the sandwich: HC0, HC1 = HC0 n / (n - k), either over clusters if there are any.

    Adjusted for G clusters they are R's ``vcovCL(cadjust = TRUE)``: HC0 G / (G - 1), and HC1 that
    times (n - 1) / (n - k).
    """
    if not fitting.robust:
        return None
    design, bread = fitting.design, errors.bread
    found = sandwich(bread, fit.total.form("meat", design.labels))
    found = design.to_user @ found @ design.to_user.T
    if fitting.request.robust == "HC1":
        n = Counts.read(fit.total).n
        found *= (n - fitting.request.cluster_adjust) / (n - len(bread))
    return found * of_clusters(fitting.request, fit.total)


def fit_record(fitting: Fitting, fit: Fit) -> Record:
    """Return the row of ``fit``; likelihoods are not compared under a ridge.

    The likelihood ratio test is of the predictors: beside sites' intercepts against the model with
    these alone, R's ``anova(glm(y ~ site), glm(y ~ site + x))``. The null model is R's, of one
    intercept.
    """
    counts, null, request = Counts.read(fit.total), fitting.null, fitting.request
    k, value = len(fit.beta), fit.log_likelihood
    penalised = request.ridge > 0
    without: float | None = null.log_likelihood
    df = k - null.df
    if request.site_effect:
        without, df = fitting.null_of_sites, k - len(fitting.design.intercepts)
    untested = penalised or without is None
    statistic = 2 * (value - (without or 0.0))
    record: Record = {
        "n": round(counts.n),
        "n_missing": round(counts.dropped),
        "events": round(counts.events),
        "log_likelihood": value,
        "null_log_likelihood": null.log_likelihood,
        "deviance": -2 * value,
        "null_deviance": -2 * null.log_likelihood,
        "df_residual": round(counts.n) - k,
        "aic": None if penalised else 2 * k - 2 * value,
        "bic": None if penalised else k * math.log(counts.n) - 2 * value,
        "mcfadden_r2": plain(1 - value / null.log_likelihood) if null.log_likelihood else None,
        "lr_statistic": None if untested else statistic,
        "lr_df": None if untested else df,
        "lr_p_value": None if untested else chi_square_tail(statistic, df),
    }
    of_null = null_noise_of(fitting, fit)
    of_ratio = math.hypot(fit.likelihood_noise, of_null if request.site_effect else 0.0)
    return with_precision(record, math.hypot(fit.likelihood_noise, of_null), 2 * of_ratio)


def null_noise_of(fitting: Fitting, fit: Fit, dispersion: float = 1.0) -> float:
    """Return about the sd of the noise in the null model's log-likelihood.

    Of an outcome of 0 and 1 without weights it follows from counts, and has none.
    """
    request, null, counts = fitting.request, fitting.null, Counts.read(fit.total)
    counted = fitting.family.classes and request.weights is None and null.at is None
    if counted or fit.noise is None:
        return 0.0
    precision = precision_of(dispersion * fit.covariance, fit.noise)
    # what is the same in all models of the rows aside, a row's part is about the dispersion
    value = 0.0 if fitting.family.dispersed else null.log_likelihood
    return null_noise(precision, counts.n, value, dispersion)
