"""The methods paragraph of a paper: what was done, by the options of the request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from v6_clinical.analyst.report.references import Citations

Record = Mapping[str, Any]
TIME_SCALES = {
    "identity": "time",
    "log": "the logarithm of time",
    "km": "the Kaplan-Meier estimate",
}


def methods(result: Record) -> tuple[str, list[str]]:
    """Return a paragraph ready to paste, and its references in the order of their numbers.

    It says what the request asked for and what the result holds, nothing about the node
    operators' settings, which a result does not carry.
    """
    cite = Citations()
    writers = {
        "summary": _summary,
        "logistic_regression": _logistic,
        "cox_regression": _cox,
    }
    sentences = [*_federated(result, cite), *writers[result["analysis"]](result, cite)]
    sentences += _disclosure(result, cite)
    return " ".join(sentences), cite.entries


def _federated(result: Record, cite: Citations) -> Iterator[str]:
    sites = [site for site in result["sites"] if site["status"] == "ok"]
    yield (
        f"Data of {len(sites)} sites were analysed without pooling patient records: each site "
        f"computed sums over its own rows, and only these were sent and added (v6-clinical "
        f"{result['version']}, federated analyses for vantage6 {cite('vantage6')})."
    )
    left_out = [site for site in result["sites"] if site["status"] == "refused"]
    if left_out:
        yield f"{_count(len(left_out), 'further site')} declined to answer and took no part."


def _summary(result: Record, cite: Citations) -> Iterator[str]:
    yield (
        "Means, standard deviations, skewness and excess kurtosis were computed from pooled power "
        f"sums {cite('moments')} and are those of the pooled rows."
    )
    yield (
        f"Quantiles (type 7 {cite('quantiles')}) were derived from the sum of the sites' "
        "cumulative counts on a fixed grid; for each the interval is given that certainly "
        "contains the quantile of the pooled rows."
    )
    tests = {row["test"] for row in result.get("comparison", [])}
    if tests:
        names = []
        if "welch_t" in tests:
            names.append("means with Welch's t test")
        if "welch_anova" in tests:
            names.append(f"means with Welch's one-way test {cite('welch')}")
        if "chi_square" in tests:
            names.append("proportions with Pearson's chi-square test without correction")
        by = result["request"]["group_by"]
        yield f"Groups of {by} were compared: {' and '.join(names)}."
        yield (
            "Standardised mean differences are absolute differences over the root mean variance "
            f"(for categories in Mahalanobis form {cite('smd')})."
        )
    if result.get("correlation"):
        yield (
            "Pearson correlations used the rows with both values; their intervals are from "
            "Fisher's z."
        )
    if any(row["suppressed"] for row in result["categorical"]):
        yield "Counts too small to publish at a site were suppressed."


def _logistic(result: Record, cite: Citations) -> Iterator[str]:
    request = result["request"]
    yield (
        f"Odds ratios for {request['outcome']} were estimated by logistic regression "
        f"{cite('glm')} on {_terms(request)}, fitted by Newton's method on the likelihood of all "
        "sites together; the estimates are those of a fit to the pooled rows."
    )
    if request["site_effect"]:
        yield "Every site had an intercept of its own."
    yield from _columns(request, cite)
    yield from _rows(result)
    if request["cluster"] is not None:
        yield (
            "Standard errors are robust, from scores summed over clusters of "
            f"{request['cluster']} {cite('liang')}."
        )
    elif request["robust"] is not None:
        source = cite("white") if request["robust"] == "HC0" else cite("hc1")
        yield f"Standard errors are heteroskedasticity-robust ({request['robust']} {source})."
    yield from _inference(result)
    if request["ridge"] == 0:
        yield "The model was compared with the null model by a likelihood ratio test."
    yield (
        f"Discrimination is the area under the ROC curve {cite('roc')}: exact for pairs within "
        "sites, and with certain bounds for all pairs; accuracy is the Brier score "
        f"{cite('brier')}."
    )
    yield from _heterogeneity(result, cite)


def _cox(result: Record, cite: Citations) -> Iterator[str]:
    request = result["request"]
    left = f", with entry at {request['entry']} (left truncation)" if request["entry"] else ""
    yield (
        f"Hazard ratios for {request['event']} over {request['time']}{left} were estimated by Cox "
        f"regression {cite('cox')} on {_terms(request)}, fitted by Newton's method on the partial "
        f"likelihood of all sites together {cite('webdisco')}; the estimates are those of a fit "
        "to the pooled rows."
    )
    if request["baseline"] == "site":
        yield "Every site had a baseline hazard of its own (stratification by site)."
    else:
        yield "One baseline hazard was common to all sites, which sent their event times."
    if request["strata"]:
        yield f"The model was stratified by {_and(request['strata'])}."
    ties = request["ties"]
    yield f"Tied event times were handled by {ties.capitalize()}'s method {cite(ties)}."
    yield from _columns(request, cite)
    yield from _rows(result)
    if request["cluster"] is not None or request["robust"]:
        over = f", summed over clusters of {request['cluster']}" if request["cluster"] else ""
        yield f"Standard errors are robust (Lin and Wei {cite('lin_wei')}{over})."
    yield from _inference(result)
    if result["proportional_hazards"]:
        time = TIME_SCALES[request["zph_transform"]]
        yield (
            "Proportional hazards were tested by term and globally against interaction with "
            f"{time} {cite('ph')}."
        )
    yield f"Concordance {cite('concordance')} counts pairs within sites and strata."
    if result["baseline_hazard"]:
        yield (
            "Survival curves are exp(−H(t)) from cumulative hazards at fixed times, shown only "
            "where enough patients stand between two of them."
        )
    yield from _heterogeneity(result, cite)


def _terms(request: Record) -> str:
    return str(request["formula"]) if request["formula"] else _and(request["predictors"])


def _columns(request: Record, cite: Citations) -> Iterator[str]:
    """Say what of weights, offset, splines and penalty the request used."""
    formula = request["formula"] or ""
    if "ns(" in formula or "bs(" in formula:
        kinds = [("ns(", "natural cubic splines"), ("bs(", "cubic B-splines")]
        used = _and([words for call, words in kinds if call in formula])
        yield (
            f"Non-linear effects were modelled by {used} {cite('splines')} with knots placed from "
            "pooled means and standard deviations or as given, the same at every site."
        )
    if request["weights"] is not None:
        yield f"Rows were weighted by {request['weights']}."
    if request["offset"] is not None:
        yield f"{request['offset']} entered as an offset."
    if request["ridge"] > 0:
        yield (
            f"Coefficients were penalised by a ridge {cite('ridge')} of {request['ridge']:g} per "
            "pooled standard deviation; intervals are from the penalised information."
        )


def _rows(result: Record) -> Iterator[str]:
    fit = result["fit"][0]
    dropped = fit["n_missing"]
    without = f"; {_count(dropped, 'row')} lacked a value" if dropped else ""
    rows, events = _count(fit["n"], "row"), _count(fit["events"], "event")
    yield f"Complete cases were used: {rows} with {events}{without}."


def _inference(result: Record) -> Iterator[str]:
    level = 100 * result["request"]["confidence_level"]
    yield f"Intervals are {level:g}% Wald confidence intervals; P values are two-sided."


def _heterogeneity(result: Record, cite: Citations) -> Iterator[str]:
    if result["heterogeneity"]:
        yield (
            "Differences between the sites' own estimates were assessed by Cochran's Q, I² "
            f"{cite('heterogeneity')} and tau² {cite('tau2')}."
        )


def _disclosure(result: Record, cite: Citations) -> Iterator[str]:
    yield (
        "Each site checked limits on disclosure before it answered (numbers of rows and of "
        "patients in a cell, parameters for each row, dominance of single patients "
        f"{cite('disclosure')})."
    )
    rounds = len(result["ledger"])
    most = max((line["numbers_per_site"] for line in result["ledger"]), default=0)
    yield (
        f"The analysis took {_count(rounds, 'round')} of questions; a site sent at most "
        f"{_count(most, 'number')} in one."
    )


def _and(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
