"""Tables that every regression reports, with the names of R's broom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.inference import heterogeneity, wald
from v6_clinical.protocol.sums import Sums
from v6_clinical.regression.centre.design import Design
from v6_clinical.regression.centre.fit import Fit
from v6_clinical.regression.centre.noise import score_variance
from v6_clinical.regression.request import RegressionRequest

Record = dict[str, Any]
MANY_MISSING = 0.1  # a share of the rows that is worth a word

# What a site answers that has no estimates of its own to tell.
WHY_NOT = {
    "BAD_OUTCOME": "the outcome is the same in all of its rows",
    "SINGULAR": "a term does not vary among its rows, or terms determine each other there",
    "SEPARATION": "estimates from its rows alone are infinite",
    "NOT_CONVERGED": "a fit to its rows alone does not converge",
    "COEFFICIENT_RANGE": "estimates from its rows alone would rest on few of them",
}


def plain(value: float | None) -> float | None:
    """Return a plain number, or None where it does not exist: NaN never reaches JSON."""
    return None if value is None or not np.isfinite(value) else float(value)


def coefficient_table(
    terms: Sequence[str],
    beta: Array,
    covariance: Array,
    robust: Array | None,
    confidence_level: float,
    ratio: tuple[str, str] | None,
    df: float | None = None,
) -> list[Record]:
    """Return a record for each term; with ``robust`` errors these make statistic and interval.

    Parameters
    ----------
    ratio
        Names of exp(estimate) and of the prefix of its interval: ``("odds_ratio", "or")``; None
        for a table without.
    df
        Degrees of freedom of Student's t; None for the normal.
    """
    model_error = np.sqrt(np.diag(covariance))
    found = wald(beta, covariance if robust is None else robust, confidence_level, df)
    records = []
    for i, term in enumerate(terms):
        record: Record = {
            "term": term,
            "estimate": float(found.estimate[i]),
            "std_error": float(model_error[i]),
        }
        if robust is not None:
            record["robust_se"] = float(found.std_error[i])
        record |= {
            "statistic": plain(found.statistic[i]),
            "p_value": plain(found.p_value[i]),
            "conf_low": float(found.conf_low[i]),
            "conf_high": float(found.conf_high[i]),
        }
        if ratio is not None:
            name, prefix = ratio
            record |= {
                name: _exp(found.estimate[i]),
                f"{prefix}_conf_low": _exp(found.conf_low[i]),
                f"{prefix}_conf_high": _exp(found.conf_high[i]),
            }
        records.append(record)
    return records


def covariance_table(terms: Sequence[str], covariance: Array) -> list[Record]:
    """Return a record for each row: ``term`` and a column for each term."""
    return [
        {"term": term, **dict(zip(terms, row.tolist(), strict=True))}
        for term, row in zip(terms, covariance, strict=True)
    ]


def heterogeneity_table(design: Design, total: Sums, dispersion: float = 1.0) -> list[Record]:
    """Return Q, I2 and tau2 of the sites' own estimates, for each slope that two sites have.

    Left out are terms that a change of unit mixes with others: their sites' estimates are of
    another parameter. The sites' variances are those of a ``dispersion`` of 1 times it, and the
    estimates' noise adds d^2 to that of each.
    """
    first, noise = len(design.intercepts), score_variance(total)
    records: list[Record] = []
    if not dispersion + noise > 0:  # a perfect fit, of which no estimate has an error
        return records
    for i, (label, term) in enumerate(zip(design.slopes, design.user_slopes, strict=True)):
        row = design.to_user[first + i]
        mixed = np.flatnonzero(row).tolist() != [first + i]
        k, w, wd, wdd, ww = (
            total.tallies.get(f"own_{what}", {}).get(label, 0.0)
            for what in ("sites", "weight", "shifted", "squares", "weight_squares")
        )
        if mixed or k < 2 or w <= 0:
            continue
        inverse = 1 / (dispersion + noise)
        found = heterogeneity(k, w * inverse, wd * inverse, wdd * inverse, ww * inverse**2)
        records.append(
            {
                "term": term,
                "k": found.k,
                "q": found.q,
                "df": found.df,
                "p_value": found.p_value,
                "i2": found.i2,
                "tau2": found.tau2 * float(row[first + i]) ** 2,
            }
        )
    return records


def of_clusters(request: RegressionRequest, total: Sums) -> float:
    """Return what a covariance over clusters is multiplied by: G / (G - 1) if asked for, else 1."""
    if not request.cluster_adjust:
        return 1.0
    clusters = float(total.get("clusters", (1,))[0])
    return clusters / (clusters - 1) if clusters > 1 else 1.0


def shared_warnings(
    request: RegressionRequest, tables: dict[str, Any], columns: Sequence[str], fitted: Fit
) -> list[tuple[str, str]]:
    """Return codes and messages that hold of any regression.

    Parameters
    ----------
    columns
        The predictors and the outcome.
    """
    found = []
    fit = tables["fit"][0]
    if fit["n_missing"] >= MANY_MISSING * (fit["n"] + fit["n_missing"]) > 0:
        text = f"{fit['n_missing']} of {fit['n'] + fit['n_missing']} rows are left out: a value is "
        text += f"missing in one of the model's columns ({', '.join(dict.fromkeys(columns))})."
        found.append(("MANY_MISSING", text))
    if request.cluster is not None:
        text = "Rows of one cluster are taken to be at one site; clusters across sites count apart."
        found.append(("CLUSTERS_WITHIN_SITES", text))
    if not tables["heterogeneity"]:
        text = "Fewer than two sites have estimates of their own that they may send."
        found.append(("NO_HETEROGENEITY", text))
    return found + _not_compared(fitted)


def _not_compared(fit: Fit) -> list[tuple[str, str]]:
    """Say which sites are missing from the heterogeneity, and why."""
    sites, tallies = fit.organizations, fit.total.tallies
    told = [
        (place, why)
        for place in range(len(sites))
        for why in tallies.get(f"site/{place}/own_missing", {})
        if why in WHY_NOT
    ]
    here = "is not part of the heterogeneity"
    found = [
        ("SITE_NOT_COMPARED", f"Organisation {sites[place]} {here}: {why}, {WHY_NOT[why]}.")
        for place, why in told
    ]
    compared = round(max(tallies.get("own_sites", {}).values(), default=0.0))
    silent = len(sites) - len(told) - compared
    if silent > 0 and (told or compared):
        text = f"{silent} of the organisations {here}: without rows, or V6C_ALLOW_PER_SITE is off."
        found.append(("SITE_NOT_COMPARED", text))
    return found


def _exp(value: float) -> float | None:
    with np.errstate(over="ignore"):
        return plain(float(np.exp(value)))
