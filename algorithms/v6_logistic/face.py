"""What ``logistic_regression`` tells about itself: names, tables, words, figures, methods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from v6_clinical.face import Cite, Effect, Face, Page, Record, Table
from v6_clinical.face import regression as shared
from v6_clinical.face.words import number, p_value

ODDS_RATIO: Final = Effect("odds ratio", "OR", "odds_ratio", "or_conf_low", "or_conf_high")

TABLES: Final = {
    "coefficients": shared.coefficients(ODDS_RATIO, "Coefficients and odds ratios"),
    "fit": Table(
        "Fit",
        {
            "n": "rows used",
            "n_missing": "rows left out as incomplete",
            "events": "rows with the outcome",
            "log_likelihood": "at the estimates",
            "null_log_likelihood": "of the null model",
            "deviance": "-2 log-likelihood",
            "null_deviance": "of the null model",
            "df_residual": "rows less coefficients",
            "aic": "-2 log-likelihood + 2 k; none under a ridge",
            "bic": "-2 log-likelihood + k log n; none under a ridge",
            "mcfadden_r2": "1 - log-likelihood over that of the null model",
            "lr_statistic": "likelihood ratio test against the null model",
            "lr_df": "its degrees of freedom",
            "lr_p_value": "its p-value",
            "brier": "Brier score: mean squared difference of outcome and risk",
            "auc": "area under the ROC curve, if its bounds are .01 apart or less",
            "auc_low": "the area is certainly at least this",
            "auc_high": "the area is certainly at most this",
            "auc_within": "area of the pairs within sites, each counted",
            **shared.PRECISION,
            **shared.RATIO_PRECISION,
            "converged": "always true: a fit that has not converged is none",
            "rounds": "rounds of questions",
        },
    ),
    "calibration": Table(
        "Calibration",
        {
            "bin": "group of predicted risk",
            "n": "rows",
            "mean_predicted": "mean predicted risk",
            "observed": "share with the outcome",
        },
    ),
    "roc": Table(
        "ROC curve",
        {
            "threshold": "predicted risk",
            "false_positive_rate": "share above it of rows without the outcome",
            "true_positive_rate": "share above it of rows with the outcome",
        },
        line=("false_positive_rate", "true_positive_rate"),
    ),
    "heterogeneity": shared.HETEROGENEITY,
    "covariance": shared.COVARIANCE,
}


def model(request: Record) -> str:
    """Return the model as a formula."""
    return f"{request['outcome']} ~ {shared.right_hand_side(request)}"


def terminal(result: Record, page: Page) -> None:
    """Print in the order of R's ``summary(glm)``, then discrimination and calibration."""
    fit = result["fit"][0]
    page.line(f"Logistic regression: {model(result['request'])}")
    page.line(f"n = {fit['n']}, events = {fit['events']}{shared.left_out(fit)}\n")
    shared.show_coefficients(result, ODDS_RATIO, page)
    shared.show_knots(result, page)
    for line in _deviances(fit):
        page.line(line)
    page.line(_discrimination(fit) + "\n")
    if result["calibration"]:
        rows = [[number(row[name]) for name in row] for row in result["calibration"]]
        page.table("Calibration", ["group", "n", "mean predicted", "observed"], rows, left=0)
    shared.show_heterogeneity(result, page)


def _deviances(fit: Record) -> list[str]:
    null_df = fit["df_residual"] + (fit["lr_df"] or 0)
    on_null = f"  on {null_df} degrees of freedom" if fit["lr_df"] is not None else ""
    lines = [
        f"    Null deviance: {fit['null_deviance']:.4f}{on_null}",
        f"Residual deviance: {fit['deviance']:.4f}  on {fit['df_residual']} degrees of freedom",
    ]
    if fit["aic"] is not None:
        lines.append(
            f"AIC: {fit['aic']:.4f}  BIC: {fit['bic']:.4f}  McFadden R²: {fit['mcfadden_r2']:.4f}"
        )
        lines.append(
            f"Likelihood ratio test: {fit['lr_statistic']:.4f} on {fit['lr_df']} df, "
            f"p {p_value(fit['lr_p_value'])}"
        )
    return lines


def _discrimination(fit: Record) -> str:
    auc = number(fit["auc"], 4)
    bounds = f" [{number(fit['auc_low'], 4)}, {number(fit['auc_high'], 4)}]"
    within = f"within sites {number(fit['auc_within'], 4)}"
    return f"AUC: {auc}{bounds} (certain bounds), {within}  Brier: {number(fit['brier'], 4)}"


def facts(result: Record) -> Sequence[tuple[str, str]]:
    """Return rows, events and the AUC of pairs within sites."""
    within = result["fit"][0]["auc_within"]
    found = [] if within is None else [("AUC within sites", f"{within:.3f}")]
    return [*shared.facts(result), *found]


def methods(result: Record, cite: Cite) -> Iterator[str]:
    """Yield what a paper says of the fit, by the options of the request."""
    request = result["request"]
    yield (
        f"Odds ratios for {request['outcome']} were estimated by logistic regression "
        f"{cite('glm')} on {shared.terms(request)}, fitted by Newton's method on the likelihood "
        "of all sites together; the estimates are those of a fit to the pooled rows."
    )
    if request["site_effect"]:
        yield "Every site had an intercept of its own."
    yield from shared.columns_used(request, cite)
    yield from shared.knots_used(result)
    yield from shared.rows_used(result)
    if request["cluster"] is not None:
        yield (
            "Standard errors are robust, from scores summed over clusters of "
            f"{request['cluster']} {cite('liang')}."
        )
    elif request["robust"] is not None:
        source = cite("white") if request["robust"] == "HC0" else cite("hc1")
        yield f"Standard errors are heteroskedasticity-robust ({request['robust']} {source})."
    yield from shared.inference(result)
    if request["ridge"] == 0:
        yield "The model was compared with the null model by a likelihood ratio test."
    yield (
        f"Discrimination is the area under the ROC curve {cite('roc')}: counted for pairs within "
        "sites, and with certain bounds for all pairs; accuracy is the Brier score "
        f"{cite('brier')}."
    )
    yield from shared.heterogeneity(result, cite)


FACES: Final = (
    Face(
        package="v6_logistic",
        method="logistic_regression",
        short="logistic",
        title="Logistic regression",
        about="Fit a logistic regression over all sites: what R's ``glm(…, binomial)`` gives.",
        tables=TABLES,
        example={
            "outcome": "cens",
            "predictors": ["age", "tsize", "pnodes", "horTh"],
            "robust": "HC0",
        },
        result="RegressionResult",
        effect=ODDS_RATIO,
        figures=("forest", "roc", "calibration", "heterogeneity"),
        terminal=terminal,
        model=model,
        facts=facts,
        methods=methods,
        references={
            "brier": "Brier GW. Verification of forecasts expressed in terms of probability. "
            "Mon Weather Rev 1950;78:1–3.",
            "glm": "McCullagh P, Nelder JA. Generalized linear models. 2nd ed. London: Chapman & "
            "Hall; 1989.",
            "hc1": "MacKinnon JG, White H. Some heteroskedasticity-consistent covariance matrix "
            "estimators with improved finite sample properties. J Econom 1985;29:305–25.",
            "liang": "Liang KY, Zeger SL. Longitudinal data analysis using generalized linear "
            "models. Biometrika 1986;73:13–22.",
            "roc": "Hanley JA, McNeil BJ. The meaning and use of the area under a receiver "
            "operating characteristic (ROC) curve. Radiology 1982;143:29–36.",
            "white": "White H. A heteroskedasticity-consistent covariance matrix estimator and a "
            "direct test for heteroskedasticity. Econometrica 1980;48:817–38.",
        },
    ),
)
