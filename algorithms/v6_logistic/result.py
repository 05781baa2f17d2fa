"""The result's tables: flat records, names as in R's broom, null where withheld or undefined."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from v6_clinical.disclosure.cells import Window
from v6_clinical.model.coding import coding_to_json
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.inference import chi_square_tail, sandwich
from v6_clinical.protocol.analysis import Outcome
from v6_clinical.regression.centre.design import Design
from v6_clinical.regression.centre.fit import Fit
from v6_clinical.regression.centre.tables import (
    coefficient_table,
    covariance_table,
    heterogeneity_table,
    plain,
    shared_warnings,
)
from v6_clinical.regression.counts import Counts
from v6_logistic.null_model import NullModel
from v6_logistic.request import LogisticRequest
from v6_logistic.risk import auc_bounds, calibration, pooled_risks, roc

Record = dict[str, Any]

WIDEST_AUC = 0.01  # wider bounds are no estimate


def conclude(
    request: LogisticRequest,
    design: Design,
    fit: Fit,
    null: NullModel,
    rounds: int,
    grid: Window | None,
) -> Outcome:
    """Return every table of the result and the warnings that belong to them."""
    terms = design.terms
    beta = design.to_user @ fit.beta
    covariance = design.to_user @ fit.covariance @ design.to_user.T
    robust = _robust(request, design, fit)
    used = covariance if robust is None else robust
    discrimination, tables = _risks(fit, grid)
    tables = {
        "coefficients": coefficient_table(
            terms, beta, covariance, robust, request.confidence_level, ("odds_ratio", "or")
        ),
        "covariance": covariance_table(terms, used),
        "fit": [_fit(request, fit, null, rounds) | discrimination],
        **tables,
        "heterogeneity": heterogeneity_table(design, fit.total),
        "model": {"coding": coding_to_json(design.raw)},  # levels and references, for tables
    }
    return Outcome(tables, _warnings(request, tables))


def _robust(request: LogisticRequest, design: Design, fit: Fit) -> Array | None:
    """Return the sandwich: HC0, HC1 = HC0 n / (n - k), or HC0 over clusters."""
    if request.robust is None and request.cluster is None:
        return None
    bread = fit.covariance
    found = sandwich(bread, fit.total.form("meat", design.labels))
    found = design.to_user @ found @ design.to_user.T
    if request.robust == "HC1":
        n = Counts.read(fit.total).n
        found *= n / (n - len(bread))
    return found


def _fit(request: LogisticRequest, fit: Fit, null: NullModel, rounds: int) -> Record:
    counts = Counts.read(fit.total)
    k, value = len(fit.beta), fit.log_likelihood
    penalised = request.ridge > 0
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
        "brier": float(fit.total["brier"][0]) / counts.weight,
        "converged": True,
        "rounds": rounds,
    }


def _risks(fit: Fit, grid: Window | None) -> tuple[Record, dict[str, Any]]:
    """Return the AUC's columns of ``fit``, and ``calibration`` and ``roc``."""
    ordered, pairs = fit.total["pairs"].tolist()
    columns: Record = {
        "auc": None,
        "auc_low": None,
        "auc_high": None,
        "auc_within": ordered / pairs if pairs > 0 else None,
    }
    if grid is None:
        return columns, {"calibration": [], "roc": {}}
    counts = Counts.read(fit.total)
    others = counts.weight - counts.event_weight
    totals = np.array([others, counts.event_weight, fit.total["expected"][0]])
    risks = pooled_risks(fit.total["risks"], grid, totals)
    found = auc_bounds(risks)
    if found is not None:
        columns["auc_low"], columns["auc_high"] = found
        if found[1] - found[0] <= WIDEST_AUC:
            columns["auc"] = sum(found) / 2
    return columns, {"calibration": calibration(risks), "roc": roc(risks)}


def _warnings(request: LogisticRequest, tables: dict[str, Any]) -> list[dict[str, str]]:
    found = []
    if tables["fit"][0]["auc"] is None:
        text = "The pooled AUC is not known to .01: see auc_low and auc_high; auc_within is exact."
        found.append(("AUC_COARSE", text))
    found += shared_warnings(request, tables)
    return [{"code": code, "message": message} for code, message in found]
