"""What the results of all regressions show in a terminal."""

from __future__ import annotations

from v6_clinical.terminal.render.text import Record, number, table
from v6_clinical.terminal.render.words import DASH, p_value


def call(request: Record, *left: str) -> str:
    """Return the model as a formula: left-hand columns, a tilde, the terms."""
    right = request["formula"] or " + ".join(request["predictors"])
    return f"{', '.join(request[name] for name in left)} ~ {right}"


def coefficients(result: Record, ratio: str, prefix: str, title: str) -> None:
    """Print estimates with their tests, then ratios with their intervals."""
    records = result["coefficients"]
    robust = bool(records) and "robust_se" in records[0]
    errors = ["std_error", *(["robust_se"] if robust else [])]
    heads = ["Estimate", "Std. Error", *(["Robust SE"] if robust else []), "z value", "Pr(>|z|)"]
    rows = [
        [
            row["term"],
            *(number(row[name], 6) for name in ("estimate", *errors, "statistic")),
            _p(row["p_value"]),
        ]
        for row in records
    ]
    table("Coefficients", ["term", *heads], rows)
    level = f"{100 * result['request']['confidence_level']:g} %"
    names = (ratio, f"{prefix}_conf_low", f"{prefix}_conf_high")
    rows = [[row["term"], *(number(row[name], 4) for name in names)] for row in records]
    table(title.capitalize() + "s", ["term", title, f"{level} low", f"{level} high"], rows)


def heterogeneity(result: Record) -> None:
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
        heads = ["term", "sites", "Q", "df", "p", "I²", "tau²"]
        table("Heterogeneity of the sites' own estimates", heads, rows)


def _p(value: float | None) -> str:
    """Format a p-value as R's coefficient tables do."""
    if value is None:
        return DASH
    return "<2e-16" if value < 2e-16 else f"{value:.3g}"
