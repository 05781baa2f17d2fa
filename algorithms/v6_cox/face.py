"""What ``cox_regression`` tells about itself: names, tables, words, figures, methods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from v6_clinical.face import Cite, Effect, Face, Page, Record, Table
from v6_clinical.face import regression as shared
from v6_clinical.face.words import listed, number, p_value, site_name

HAZARD_RATIO: Final = Effect("hazard ratio", "HR", "hazard_ratio", "hr_conf_low", "hr_conf_high")
TIME_SCALES: Final = {
    "identity": "time",
    "log": "the logarithm of time",
    "km": "the Kaplan-Meier estimate",
}
MOST_LINES: Final = 12  # of a curve in a terminal

CURVE: Final = {
    "organization_id": "the site; null for one baseline of all sites",
    "stratum": "the stratum; empty without strata",
    "time": "time, on a fixed grid",
    "cumulative_hazard": "cumulative hazard at that time",
    "survival": "survival at that time",
}
TABLES: Final = {
    "coefficients": shared.coefficients(HAZARD_RATIO, "Coefficients and hazard ratios"),
    "fit": Table(
        "Fit",
        {
            "n": "rows used",
            "n_missing": "rows left out as incomplete",
            "events": "events",
            "log_likelihood": "partial log-likelihood at the estimates",
            "null_log_likelihood": "at coefficients of 0",
            "lr_statistic": "likelihood ratio test of all coefficients; none under a ridge",
            "lr_p_value": "its p-value",
            "wald_statistic": "Wald test of all coefficients",
            "wald_p_value": "its p-value",
            "score_statistic": "score (log-rank) test; none under a ridge",
            "score_p_value": "its p-value",
            "df": "coefficients",
            "aic": "-2 log-likelihood + 2 k; none under a ridge",
            "bic": "-2 log-likelihood + k log(events); none under a ridge",
            "concordance": "of pairs within sites and strata",
            **shared.PRECISION,
            **shared.RATIO_PRECISION,
            "converged": "always true: a fit that has not converged is none",
            "rounds": "rounds of questions",
        },
    ),
    "proportional_hazards": Table(
        "Test of proportional hazards",
        {
            "term": "term of the model; the last row is of all, GLOBAL",
            "statistic": "score test of the term times time",
            "df": "its degrees of freedom",
            "p_value": "its p-value",
        },
    ),
    "baseline_hazard": Table(
        "Baseline hazard",
        {**CURVE, "n_at_risk": "rows that remain after that time; null where not shown"},
        shown=False,
    ),
    "prediction": Table(
        "Predicted survival",
        {"profile": "number of the profile in the request", **CURVE},
        shown=False,
    ),
    "heterogeneity": shared.HETEROGENEITY,
    "covariance": shared.COVARIANCE,
}


def model(request: Record) -> str:
    """Return the model as R's ``coxph`` is told it."""
    left = [request[name] for name in ("entry", "time", "event") if request[name] is not None]
    strata = "".join(f" + strata({name})" for name in request["strata"])
    return f"Surv({', '.join(left)}) ~ {shared.right_hand_side(request)}{strata}"


def terminal(result: Record, page: Page) -> None:
    """Print in the order of R's ``summary(coxph)``, then ``cox.zph`` and the curves."""
    request, fit = result["request"], result["fit"][0]
    site = " + strata(site)" if request["baseline"] == "site" else ""
    page.line(f"Cox regression, {request['ties']} ties: {model(request)}{site}")
    if more := _more(request):
        page.line(more)
    counts = f"n = {fit['n']}, number of events = {fit['events']}{shared.left_out(fit)}"
    page.line(counts + "\n")
    shared.show_coefficients(result, HAZARD_RATIO, page)
    shared.show_knots(result, page)
    for line in _tests(fit):
        page.line(line)
    if any("robust_se" in row for row in result["coefficients"]) and request["ridge"] == 0:
        note = "Likelihood ratio and score test take rows as independent; the Wald test does not.\n"
        page.line(note)
    _proportional_hazards(result, page)
    _curves(result, "baseline_hazard", "Baseline (at the means of the columns)", "n_at_risk", page)
    _curves(result, "prediction", "Predicted survival", "profile", page)
    shared.show_heterogeneity(result, page)


def _more(request: Record) -> str:
    """Return what R's call would say besides its formula."""
    names = [name for name in ("offset", "weights", "cluster") if request[name] is not None]
    said = [f"{name} = {request[name]}" for name in names]
    return ", ".join([*said, *([f"ridge = {request['ridge']:g}"] if request["ridge"] else [])])


def _tests(fit: Record) -> list[str]:
    lines = [f"Concordance = {number(fit['concordance'], 4)} (pairs within sites and strata)"]
    names = {"lr": "Likelihood ratio test", "wald": "Wald test", "score": "Score (logrank) test"}
    for name, title in names.items():
        if fit[f"{name}_statistic"] is not None:
            p = p_value(fit[f"{name}_p_value"])
            lines.append(f"{title:<22}= {fit[f'{name}_statistic']:.4f} on {fit['df']} df, p {p}")
    likelihood = f"Log-likelihood: {fit['log_likelihood']:.4f}"
    if fit["aic"] is not None:
        likelihood += f"  AIC: {fit['aic']:.4f}  BIC (events): {fit['bic']:.4f}"
    return [*lines, likelihood + "\n"]


def _proportional_hazards(result: Record, page: Page) -> None:
    rows = [
        [row["term"], number(row["statistic"], 4), str(row["df"]), p_value(row["p_value"])]
        for row in result["proportional_hazards"]
    ]
    if rows:
        transform = result["request"]["zph_transform"]
        title = f"Proportional hazards (cox.zph, {transform})"
        page.table(title, ["term", "chisq", "df", "p"], rows)


def _curves(result: Record, name: str, title: str, more: str, page: Page) -> None:
    """Print some lines of each curve."""
    for curve in result[name]:
        site = curve["organization_id"]
        parts = ["common" if site is None else site_name(result, site)]
        parts += [curve["stratum"]] if curve["stratum"] else []
        parts += [f"profile {curve['profile']}"] if more == "profile" else []
        columns = ["time", "cumulative_hazard", "survival"]
        columns += [more] if more == "n_at_risk" else []
        every = max(1, len(curve["time"]) // MOST_LINES)
        lines = list(zip(*(curve[column] for column in columns), strict=True))[every - 1 :: every]
        rows = [[number(value, 4) for value in line] for line in lines]
        if rows:
            page.table(f"{title}: {', '.join(parts)}", columns, rows, left=0)


def facts(result: Record) -> Sequence[tuple[str, str]]:
    """Return rows, events and the concordance."""
    concordance = result["fit"][0]["concordance"]
    found = [] if concordance is None else [("concordance", f"{concordance:.3f}")]
    return [*shared.facts(result), *found]


def methods(result: Record, cite: Cite) -> Iterator[str]:
    """Yield what a paper says of the fit, by the options of the request."""
    request = result["request"]
    left = f", with entry at {request['entry']} (left truncation)" if request["entry"] else ""
    yield (
        f"Hazard ratios for {request['event']} over {request['time']}{left} were estimated by Cox "
        f"regression {cite('cox')} on {shared.terms(request)}, fitted by Newton's method on the "
        f"partial likelihood of all sites together {cite('webdisco')}; the estimates are those of "
        "a fit to the pooled rows."
    )
    if request["baseline"] == "site":
        yield "Every site had a baseline hazard of its own (stratification by site)."
    else:
        yield "One baseline hazard was common to all sites, which sent their event times."
    if request["strata"]:
        yield f"The model was stratified by {listed(request['strata'])}."
    ties = request["ties"]
    yield f"Tied event times were handled by {ties.capitalize()}'s method {cite(ties)}."
    yield from shared.columns_used(request, cite)
    yield from shared.knots_used(result)
    yield from shared.rows_used(result)
    if request["cluster"] is not None or request["robust"]:
        over = f", summed over clusters of {request['cluster']}" if request["cluster"] else ""
        yield f"Standard errors are robust (Lin and Wei {cite('lin_wei')}{over})."
    yield from shared.inference(result)
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
    yield from shared.heterogeneity(result, cite)


def notes(result: Record) -> Sequence[str]:
    """Return what stands below a manuscript's table about the baseline."""
    request = result["request"]
    own, common = "Each site has its own baseline hazard", "One baseline hazard for all sites"
    strata = f", stratified by {', '.join(request['strata'])}" if request["strata"] else ""
    return [f"{own if request['baseline'] == 'site' else common}{strata}."]


FACES: Final = (
    Face(
        package="v6_cox",
        method="cox_regression",
        short="cox",
        title="Cox regression",
        about="Fit a Cox regression over all sites: what R's ``coxph`` and ``cox.zph`` give.",
        tables=TABLES,
        example={
            "time": "time",
            "event": "cens",
            "predictors": ["age", "tsize", "horTh"],
            "time_horizon": 2000,
            "robust": True,
        },
        result="PredictingResult",
        predict="predict",
        effect=HAZARD_RATIO,
        figures=("forest", "survival", "heterogeneity"),
        terminal=terminal,
        model=model,
        facts=facts,
        methods=methods,
        notes=notes,
        references={
            "breslow": "Breslow N. Covariance analysis of censored survival data. Biometrics "
            "1974;30:89–99.",
            "concordance": "Harrell FE, Califf RM, Pryor DB, Lee KL, Rosati RA. Evaluating the "
            "yield of medical tests. JAMA 1982;247:2543–6.",
            "cox": "Cox DR. Regression models and life-tables. J R Stat Soc B 1972;34:187–220.",
            "efron": "Efron B. The efficiency of Cox's likelihood function for censored data. J "
            "Am Stat Assoc 1977;72:557–65.",
            "lin_wei": "Lin DY, Wei LJ. The robust inference for the Cox proportional hazards "
            "model. J Am Stat Assoc 1989;84:1074–8.",
            "ph": "Grambsch PM, Therneau TM. Proportional hazards tests and diagnostics based on "
            "weighted residuals. Biometrika 1994;81:515–26.",
            "webdisco": "Lu CL, Wang S, Ji Z, et al. WebDISCO: a web service for distributed Cox "
            "model learning without patient-level data sharing. J Am Med Inform Assoc "
            "2015;22:1212–9.",
        },
    ),
)
