"""Tables of a regression of single rows: flat records, names as in R's broom."""

from __future__ import annotations

import math
from typing import Any

from v6_clinical.model.coding import coding_to_json, shown_references
from v6_clinical.model.moments import placed_knots
from v6_clinical.model.terms import raw_columns
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.inference import chi_square_tail, sandwich
from v6_clinical.protocol.analysis import Outcome
from v6_clinical.regression.centre.fit import Fit
from v6_clinical.regression.centre.tables import (
    coefficient_table,
    covariance_table,
    heterogeneity_table,
    plain,
    shared_warnings,
)
from v6_clinical.regression.counts import Counts
from v6_clinical.regression.glm.fitting import Fitting

Record = dict[str, Any]
Warnings = list[tuple[str, str]]


def conclude(
    fitting: Fitting, fit: Fit, rounds: int, more: Record, tables: dict[str, Any], found: Warnings
) -> Outcome:
    """Return every table of the result and the warnings that belong to them.

    Parameters
    ----------
    more, tables, found
        A family's own columns of ``fit``, its own tables, and its own warnings.
    """
    request, design = fitting.request, fitting.design
    beta = design.to_user @ fit.beta
    covariance = design.to_user @ fit.covariance @ design.to_user.T
    robust = _robust(fitting, fit)
    used = covariance if robust is None else robust
    coefficients = coefficient_table(
        design.terms, beta, covariance, robust, request.confidence_level, fitting.family.ratio
    )
    end = {"converged": True, "rounds": rounds}
    whole = {
        "coefficients": coefficients,
        "covariance": covariance_table(design.terms, used),
        "fit": [_fit(fitting, fit) | more | end],
        **tables,
        "heterogeneity": heterogeneity_table(design, fit.total),
        "model": {
            "coding": coding_to_json(design.raw),
            "references": shown_references(design.user),
            "knots": placed_knots(design.user.terms),
        },
    }
    columns = [*raw_columns(design.user.terms), request.outcome]
    found = [*found, *shared_warnings(request, whole, columns)]
    return Outcome(whole, [{"code": code, "message": message} for code, message in found])


def _robust(fitting: Fitting, fit: Fit) -> Array | None:
    """Return the sandwich: HC0, HC1 = HC0 n / (n - k), or HC0 over clusters."""
    if not fitting.robust:
        return None
    design, bread = fitting.design, fit.covariance
    found = sandwich(bread, fit.total.form("meat", design.labels))
    found = design.to_user @ found @ design.to_user.T
    if fitting.request.robust == "HC1":
        n = Counts.read(fit.total).n
        found *= n / (n - len(bread))
    return found


def _fit(fitting: Fitting, fit: Fit) -> Record:
    """Return the row of ``fit``; likelihoods are not compared under a ridge."""
    counts, null = Counts.read(fit.total), fitting.null
    k, value = len(fit.beta), fit.log_likelihood
    penalised = fitting.request.ridge > 0
    statistic = 2 * (value - null.log_likelihood)
    df = k - null.df
    return {
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
        "lr_statistic": None if penalised else statistic,
        "lr_df": None if penalised else df,
        "lr_p_value": None if penalised else chi_square_tail(statistic, df),
    }
