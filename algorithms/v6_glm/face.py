"""What ``generalized_linear_model`` tells about itself: names, tables, words, figures, methods."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from v6_clinical.face import Cite, Effect, Face, Page, Record, Table
from v6_clinical.face import regression as shared
from v6_clinical.face.words import number, p_value
from v6_glm.links import link_of

RATIO: Final = Effect("ratio", "Ratio", "ratio", "ratio_conf_low", "ratio_conf_high")
NAMES: Final = {
    ("gaussian", "identity"): "linear regression",
    ("poisson", "log"): "Poisson regression",
    ("gamma", "log"): "gamma regression with a log link",
    ("gamma", "inverse"): "gamma regression with an inverse link",
    ("binomial", "logit"): "logistic regression",
    ("binomial", "probit"): "probit regression",
    ("binomial", "cloglog"): "binomial regression with a complementary log-log link",
    ("binomial", "log"): "log-binomial regression",
    ("binomial", "identity"): "binomial regression with an identity link",
}
RATIOS: Final = {
    ("gamma", "log"): ("mean ratio", "Ratio"),
    ("binomial", "logit"): ("odds ratio", "OR"),
    ("binomial", "log"): ("risk ratio", "RR"),
}
DIFFERENCES: Final = {
    ("gaussian", "identity"): ("mean difference", "MD"),
    ("binomial", "identity"): ("risk difference", "RD"),
}

TABLES: Final = {
    "coefficients": shared.coefficients(
        RATIO, "Coefficients, and ratios under a log or logit link"
    ),
    "fit": Table(
        "Fit",
        {
            "n": "rows used",
            "n_missing": "rows left out as incomplete",
            "events": "binomial: rows with the outcome",
            "log_likelihood": "at the estimates, as R's logLik",
            "null_log_likelihood": "of the null model",
            "deviance": "twice what the log-likelihood of a perfect fit is above this one's, of a "
            "dispersion of 1",
            "null_deviance": "of the null model",
            "df_residual": "rows less coefficients",
            "dispersion": "squared Pearson residuals over df_residual; 1 for poisson and binomial",
            "aic": "-2 log-likelihood + 2 k, a dispersion counted; none under a ridge",
            "bic": "-2 log-likelihood + k log n, a dispersion counted; none under a ridge",
            "sigma": "gaussian: residual standard error",
            "r_squared": "gaussian: share of the variance explained",
            "adj_r_squared": "gaussian: that adjusted for the coefficients",
            "f_statistic": "gaussian: F test against the null model",
            "f_df": "gaussian: its degrees of freedom",
            "f_df2": "gaussian: its degrees of freedom below",
            "f_p_value": "gaussian: its p-value",
            **shared.PRECISION,
            "converged": "always true: a fit that has not converged is none",
            "rounds": "rounds of questions",
        },
    ),
    "heterogeneity": shared.HETEROGENEITY,
    "covariance": shared.COVARIANCE,
}


def kind(request: Record) -> tuple[str, str]:
    """Return family and link."""
    return request["family"], link_of(request["family"], request["link"])


def effect(request: Record) -> Effect:
    """Return what the coefficients mean: a ratio, a difference, or no more than coefficients."""
    which = kind(request)
    known = RATIOS.get(which)
    if which == ("poisson", "log"):
        rate = request["exposure"] is not None or request["offset"] is not None
        known = ("rate ratio", "RR") if rate else ("mean ratio", "Ratio")
    if known is not None:
        return Effect(*known, RATIO.column, RATIO.low, RATIO.high)
    name, short = DIFFERENCES.get(which, ("coefficient", "Coef."))
    return Effect(name, short, "estimate", "conf_low", "conf_high", null=0)


def model(request: Record) -> str:
    """Return the model as a formula."""
    exposure = request["exposure"]
    more = "" if exposure is None else f" + offset(log({exposure}))"
    return f"{request['outcome']} ~ {shared.right_hand_side(request)}{more}"


def terminal(result: Record, page: Page) -> None:
    """Print in the order of R's ``summary(glm)``, or of ``summary(lm)``."""
    request, fit = result["request"], result["fit"][0]
    name = NAMES[kind(request)]
    page.line(f"{name[0].upper()}{name[1:]}: {model(request)}")
    events = f", events = {fit['events']}" if "events" in fit else ""
    page.line(f"n = {fit['n']}{events}{shared.left_out(fit)}\n")
    test = "t" if request["family"] in ("gaussian", "gamma") else "z"
    shared.show_coefficients(result, effect(request), page, test)
    shared.show_knots(result, page)
    for line in _fit(fit):
        page.line(line)
    shared.show_heterogeneity(result, page)


def _fit(fit: Record) -> Iterator[str]:
    if "sigma" in fit:
        yield (
            f"Residual standard error: {number(fit['sigma'], 4)} on {fit['df_residual']} degrees "
            "of freedom"
        )
        yield (
            f"R²: {number(fit['r_squared'], 4)}, adjusted {number(fit['adj_r_squared'], 4)}; "
            f"F {number(fit['f_statistic'], 4)} on {fit['f_df']} and {fit['f_df2']} df, "
            f"p {p_value(fit['f_p_value'])}"
        )
    else:
        yield f"Dispersion: {number(fit['dispersion'], 4)}"
        yield f"    Null deviance: {fit['null_deviance']:.4f}"
        yield f"Residual deviance: {fit['deviance']:.4f}  on {fit['df_residual']} df"
    if fit["aic"] is not None:
        likelihood = f"Log-likelihood: {fit['log_likelihood']:.4f}"
        yield f"{likelihood}  AIC: {fit['aic']:.4f}  BIC: {fit['bic']:.4f}"
    yield ""


def methods(result: Record, cite: Cite) -> Iterator[str]:
    """Yield what a paper says of the fit, by the options of the request."""
    request = result["request"]
    what = effect(request).name
    yield (
        f"{what[0].upper()}{what[1:]}s for {request['outcome']} were estimated by "
        f"{NAMES[kind(request)]} {cite('glm')} on {shared.terms(request)}, fitted by Newton's "
        "method on the likelihood of all sites together; the estimates are those of a fit to the "
        "pooled rows."
    )
    if request["exposure"] is not None:
        yield f"The logarithm of {request['exposure']} entered as an offset."
    if request["site_effect"]:
        yield "Every site had an intercept of its own."
    yield from shared.columns_used(request, cite)
    yield from shared.knots_used(result)
    yield from shared.rows_used(result)
    if request["family"] in ("gaussian", "gamma"):
        yield (
            "The dispersion was estimated from Pearson residuals; tests and intervals are by "
            "Student's t."
        )
    if request["cluster"] is not None:
        adjusted = ", multiplied by G / (G - 1) for G clusters" if request["cluster_adjust"] else ""
        yield (
            "Standard errors are robust, from scores summed over clusters of "
            f"{request['cluster']} {cite('liang')}{adjusted}."
        )
    elif request["robust"] is not None:
        source = cite("white") if request["robust"] == "HC0" else cite("hc1")
        yield f"Standard errors are heteroskedasticity-robust ({request['robust']} {source})."
    yield from shared.inference(result)
    yield from shared.heterogeneity(result, cite)


# What the shorthand of a family leaves out: None.
CLASSES: Final[Record] = {"positive": None}
COUNTED: Final[Record] = {**CLASSES, "exposure": None}
SHORTHANDS: Final[dict[str, tuple[str, Record]]] = {
    "linear": (
        "Fit a linear regression over all sites, as R's ``lm``.",
        {**COUNTED, "family": "gaussian", "link": None},
    ),
    "poisson": (
        "Fit a Poisson regression over all sites.",
        {**CLASSES, "family": "poisson", "link": None},
    ),
    "gamma": ("Fit a gamma regression over all sites.", {**COUNTED, "family": "gamma"}),
}

FACES: Final = (
    Face(
        package="v6_glm",
        method="generalized_linear_model",
        short="glm",
        title="Generalized linear model",
        about="Fit a linear, Poisson, gamma or binomial regression over all sites.",
        tables=TABLES,
        example={
            "outcome": "tsize",
            "family": "gaussian",
            "predictors": ["age", "pnodes", "horTh"],
            "robust": "HC0",
        },
        result="RegressionResult",
        effect=effect,
        figures=("forest", "heterogeneity"),
        terminal=terminal,
        model=model,
        facts=shared.facts,
        methods=methods,
        shorthands=SHORTHANDS,
        references={
            "glm": "McCullagh P, Nelder JA. Generalized linear models. 2nd ed. London: Chapman & "
            "Hall; 1989.",
            "hc1": "MacKinnon JG, White H. Some heteroskedasticity-consistent covariance matrix "
            "estimators with improved finite sample properties. J Econom 1985;29:305–25.",
            "liang": "Liang KY, Zeger SL. Longitudinal data analysis using generalized linear "
            "models. Biometrika 1986;73:13–22.",
            "white": "White H. A heteroskedasticity-consistent covariance matrix estimator and a "
            "direct test for heteroskedasticity. Econometrica 1980;48:817–38.",
        },
    ),
)
