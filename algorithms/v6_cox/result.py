"""The result's tables: flat records, names as in R's broom, null where withheld or undefined."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from v6_clinical.model.coding import shown_references
from v6_clinical.model.terms import raw_columns
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.inference import chi_square_tail, quadratic, sandwich
from v6_clinical.numerics.newton import SingularError, inverse
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
from v6_cox.fitting import Fitting
from v6_cox.kernel.proportional_hazards import in_other_columns, ph_test
from v6_cox.predict import model_record, predict
from v6_cox.request import CoxRequest

Record = dict[str, Any]
GLOBAL = "GLOBAL"  # the row of all terms in the test of proportional hazards


def conclude(
    request: CoxRequest, fitting: Fitting, fit: Fit, organizations: Sequence[int], rounds: int
) -> Outcome:
    """Return every table of the result and the warnings that belong to them."""
    design = fitting.design
    terms, change = design.user_slopes, design.to_user
    beta, covariance = change @ fit.beta, change @ fit.covariance @ change.T
    robust = None
    if fitting.robust:
        found = sandwich(fit.covariance, fit.total.form(fitting.baseline.meat, design.labels))
        robust = change @ found @ change.T * of_clusters(request, fit.total)
    noise = noise_of(fit, change)
    precision = precision_of(covariance, noise)
    covariance = widened(covariance, noise)
    robust = None if robust is None else widened(robust, noise)
    used = covariance if robust is None else robust
    curves = []
    if fitting.grid is not None:
        curves = fitting.baseline.curves(fit.total, fitting.grid.times(), organizations)
    tables: dict[str, Any] = {
        "coefficients": coefficient_table(
            terms, beta, covariance, robust, request.confidence_level, ("hazard_ratio", "hr")
        ),
        "covariance": covariance_table(terms, used),
        "fit": [_fit(request, fitting, fit, quadratic(beta, inverse(used)), rounds)],
        "proportional_hazards": _proportional_hazards(request, fitting, fit),
        "baseline_hazard": curves,
        "heterogeneity": heterogeneity_table(design, fit.total),
        "model": model_record(design.raw, fit.beta, design.shift, request.offset)
        | {"references": shown_references(design.user)},
    }
    tables["prediction"] = predict(tables, request.profiles)
    return Outcome(tables, _warnings(request, fitting, tables, fit), precision)


def _fit(request: CoxRequest, fitting: Fitting, fit: Fit, wald: float, rounds: int) -> Record:
    """Return the row of ``fit``; likelihoods are not compared under a ridge."""
    counts = Counts.read(fit.total)
    k, value = len(fit.beta), fit.log_likelihood
    null = fitting.null
    plainly = request.ridge == 0 and null is not None
    record: Record = {
        "n": round(counts.n),
        "n_missing": round(counts.dropped),
        "events": round(counts.events),
        "log_likelihood": value,
        "null_log_likelihood": None if null is None else null.log_likelihood,
    }
    statistics = {
        "lr": 2 * (value - null.log_likelihood) if plainly and null is not None else None,
        "wald": wald,
        "score": _score_test(fitting) if plainly else None,
    }
    for name, statistic in statistics.items():
        record[f"{name}_statistic"] = statistic
        record[f"{name}_p_value"] = None if statistic is None else chi_square_tail(statistic, k)
    record |= {
        "df": k,
        "aic": 2 * k - 2 * value if plainly else None,
        "bic": k * math.log(counts.events) - 2 * value if plainly else None,
        "concordance": _concordance(fit.total["pairs"]),
        "converged": True,
        "rounds": rounds,
    }
    of_null = 0.0
    if fit.noise is not None and null is not None:
        precision = precision_of(fit.covariance, fit.noise)
        of_null = null_noise(precision, counts.events, null.log_likelihood)
    sd = fit.likelihood_noise
    return with_precision(record, math.hypot(sd, of_null), 2 * sd)


def _score_test(fitting: Fitting) -> float | None:
    """Return U' (I + N)^-1 U at coefficients of 0, N the variance of the noise in U."""
    null = fitting.null
    if null is None:
        return None
    variance, e = null.information, 0.0
    if null.noise is not None:
        variance, e = variance + null.noise.score, null.noise.e
    try:
        return quadratic(null.score, inverse(variance, e))
    except SingularError:
        return None


def _concordance(pairs: Array) -> float | None:
    """Return (concordant + tied_x / 2) / comparable, pairs within sites and strata."""
    ordered, comparable = pairs.tolist()
    return ordered / comparable if comparable > 0 else None


def _proportional_hazards(request: CoxRequest, fitting: Fitting, fit: Fit) -> list[Record]:
    """Return the test of each term and ``GLOBAL``; none under a ridge or where times do not differ.

    Terms are the analyst's: the sums are changed to those columns.
    """
    if request.ridge > 0:
        return []
    design = fitting.design
    change: Array = np.linalg.inv(design.to_user).astype(np.float64)
    total = in_other_columns(fitting.baseline.hazards(fit.total), change)
    noise = fitting.baseline.hazards_noise(fit.total)
    if noise is not None:
        twice = np.kron(np.eye(2), change)
        noise = twice.T @ noise @ twice
    labels = design.user.term_labels
    terms = list(dict.fromkeys(labels))
    places = [[i for i, label in enumerate(labels) if label == term] for term in terms]
    found = ph_test(total, places, noise)
    if np.isnan(found.statistic).all():
        return []
    return [
        {
            "term": term,
            "statistic": plain(statistic),
            "df": round(df),
            "p_value": None if np.isnan(statistic) else chi_square_tail(statistic, df),
        }
        for term, statistic, df in zip(
            [*terms, GLOBAL], found.statistic.tolist(), found.df.tolist(), strict=True
        )
    ]


def _warnings(
    request: CoxRequest, fitting: Fitting, tables: dict[str, Any], fit: Fit
) -> list[dict[str, str]]:
    found = [*fitting.baseline.warnings]
    outcome = (request.time, request.event, *request.strata)
    columns = [*raw_columns(fitting.design.user.terms), *outcome]
    found += shared_warnings(request, tables, columns, fit)
    if not tables["proportional_hazards"]:
        text = "Proportional hazards are not tested under a ridge, or where events share one time."
        found.append(("NO_HAZARDS_TEST", text))
    if fitting.grid is not None and not any(row["time"] for row in tables["baseline_hazard"]):
        text = "No site may show a point of its curve on this grid: use a longer horizon."
        found.append(("CURVES_WITHHELD", text))
    return [{"code": code, "message": message} for code, message in found]
