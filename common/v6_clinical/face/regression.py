"""What the faces of all regressions share: columns, text in a terminal, sentences of a paper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from v6_clinical.face.contract import Cite, Effect, Page, Record, Table
from v6_clinical.face.words import DASH, counted, listed, number, p_value

HETEROGENEITY: Final = Table(
    "Heterogeneity of the sites' own estimates",
    {
        "term": "term of the model",
        "k": "sites that have an estimate of their own",
        "q": "Cochran's Q",
        "df": "its degrees of freedom",
        "p_value": "of Q",
        "i2": "share of the variation that chance does not explain",
        "tau2": "variance between sites",
    },
)
# Beside likelihoods in the row of ``fit``: none where what they are of is none.
PRECISION: Final = {
    "log_likelihood_precision": "standard deviation of the sites' noise in it; 0 if exact",
    "aic_precision": "standard deviation of the sites' noise in it",
    "bic_precision": "standard deviation of the sites' noise in it",
}
RATIO_PRECISION: Final = {"lr_precision": "standard deviation of the sites' noise in the statistic"}
COVARIANCE: Final = Table(
    "Covariance of the coefficients",
    {"term": "term of the model", "{term}": "covariance with that term's coefficient"},
)


def coefficients(effect: Effect, title: str) -> Table:
    """Return the table of coefficients, whose last columns are those of ``effect``."""
    columns = {
        "term": "term of the model",
        "estimate": "coefficient",
        "std_error": "its standard error from the information, the sites' noise added",
        "robust_se": "its robust standard error, if asked for",
        "statistic": "estimate over its standard error, the robust one if asked for",
        "p_value": "two-sided, of that statistic",
        "conf_low": "lower end of the coefficient's confidence interval",
        "conf_high": "upper end of the coefficient's confidence interval",
    }
    if effect.column not in columns:
        columns |= {
            effect.column: f"{effect.name}, exp(estimate)",
            effect.low: "lower end of its confidence interval",
            effect.high: "upper end of its confidence interval",
        }
    return Table(title, columns)


def right_hand_side(request: Record) -> str:
    """Return the terms as a formula."""
    return str(request["formula"] or " + ".join(request["predictors"]))


def left_out(fit: Record) -> str:
    """Return how many rows were incomplete, if any were."""
    return f", {fit['n_missing']} dropped as incomplete" if fit["n_missing"] else ""


def show_coefficients(result: Record, effect: Effect, page: Page, test: str = "z") -> None:
    """Print estimates with their tests, then ratios with their intervals."""
    records = result["coefficients"]
    robust = bool(records) and "robust_se" in records[0]
    tests = [f"{test} value", f"Pr(>|{test}|)"]
    errors = ["std_error", *(["robust_se"] if robust else [])]
    heads = ["Estimate", "Std. Error", *(["Robust SE"] if robust else []), *tests]
    rows = [
        [
            row["term"],
            *(number(row[name], 6) for name in ("estimate", *errors, "statistic")),
            _exact_p(row["p_value"]),
        ]
        for row in records
    ]
    page.table("Coefficients", ["term", *heads], rows)
    from v6_clinical.face.terms import references  # costs numpy: not for what only asks for names

    if known := references(result):
        page.line(f"Reference levels: {', '.join(f'{n} {v}' for n, v in known.items())}\n")
    if not effect.is_ratio:
        return
    level = f"{100 * result['request']['confidence_level']:g} %"
    names = (effect.column, effect.low, effect.high)
    rows = [[row["term"], *(number(row[name], 4) for name in names)] for row in records]
    heads = ["term", effect.name, f"{level} low", f"{level} high"]
    page.table(effect.name.capitalize() + "s", heads, rows)


def show_knots(result: Record, page: Page) -> None:
    """Print the knots of each spline."""
    for label, (lower, *inner, upper) in result["model"]["knots"].items():
        within = f", knots {', '.join(f'{knot:g}' for knot in inner)}" if inner else ""
        page.line(f"{label}: boundary knots {lower:g}, {upper:g}{within}")


def show_heterogeneity(result: Record, page: Page) -> None:
    """Print how far the sites' own estimates differ."""
    rows = [
        [
            row["term"],
            *(number(row[name]) for name in ("k", "q", "df")),
            p_value(row["p_value"]),
            f"{100 * row['i2']:.1f} %",
            number(row["tau2"]),
        ]
        for row in result["heterogeneity"]
    ]
    if rows:
        page.table(HETEROGENEITY.title, ["term", "sites", "Q", "df", "p", "I²", "tau²"], rows)


def terms(request: Record) -> str:
    """Return the terms as a sentence names them."""
    return str(request["formula"]) if request["formula"] else listed(request["predictors"])


def columns_used(request: Record, cite: Cite) -> Iterator[str]:
    """Say what of weights, offset, splines and penalty the request used."""
    formula = request["formula"] or ""
    if "ns(" in formula or "bs(" in formula:
        kinds = [("ns(", "natural cubic splines"), ("bs(", "cubic B-splines")]
        used = listed([words for call, words in kinds if call in formula])
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


def knots_used(result: Record) -> Iterator[str]:
    """Say where the knots of each spline lay."""
    for label, (lower, *inner, upper) in result["model"]["knots"].items():
        at = f"knots at {listed([f'{knot:g}' for knot in inner])} and " if inner else ""
        yield f"{label} had {at}boundary knots at {lower:g} and {upper:g}."


def rows_used(result: Record) -> Iterator[str]:
    """Say how many rows and events the fit used."""
    fit = result["fit"][0]
    dropped = fit["n_missing"]
    without = f"; {counted(dropped, 'row')} lacked a value" if dropped else ""
    events = f" with {counted(fit['events'], 'event')}" if "events" in fit else ""
    yield f"Complete cases were used: {counted(fit['n'], 'row')}{events}{without}."


def inference(result: Record) -> Iterator[str]:
    """Say what intervals and P values are."""
    level = 100 * result["request"]["confidence_level"]
    yield f"Intervals are {level:g}% Wald confidence intervals; P values are two-sided."


def heterogeneity(result: Record, cite: Cite) -> Iterator[str]:
    """Say how differences between sites were looked at, if they were."""
    if result["heterogeneity"]:
        yield (
            "Differences between the sites' own estimates were assessed by Cochran's Q, I² "
            f"{cite('heterogeneity')} and tau² {cite('tau2')}."
        )


def facts(result: Record) -> Sequence[tuple[str, str]]:
    """Return rows and events."""
    fit = result["fit"][0]
    events = [("events", f"{fit['events']:,}")] if "events" in fit else []
    return [("rows", f"{fit['n']:,}"), *events]


def _exact_p(value: float | None) -> str:
    """Format a p-value as R's coefficient tables do."""
    if value is None:
        return DASH
    return "<2e-16" if value < 2e-16 else f"{value:.3g}"
