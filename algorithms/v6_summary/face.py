"""What ``summary`` tells about itself: names, tables, words, figures, methods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from v6_clinical.face import Cite, Face, Page, Record, Table
from v6_clinical.face.words import DASH, listed, number, p_value

TABLES: Final = {
    "numeric": Table(
        "Numeric columns",
        {
            "variable": "the column",
            "group": "``all``, or a level of ``group_by``",
            "n": "rows with a value",
            "mean": "mean",
            "sd": "standard deviation",
            "skewness": "skewness",
            "kurtosis": "excess kurtosis",
            "missing": "rows without a value; null where withheld",
            "{quantile}": "the quantile: median, q1, q3, and those asked for, as q05",
            "{quantile}_low": "the quantile is certainly at least this",
            "{quantile}_high": "the quantile is certainly at most this",
        },
    ),
    "categorical": Table(
        "Categorical columns",
        {
            "variable": "the column",
            "level": "its level",
            "group": "``all``, or a level of ``group_by``",
            "count": "rows; null where withheld",
            "percent": "of the rows of the group with a value",
            "missing": "rows without a value; null where withheld",
            "suppressed": "whether the count is withheld",
        },
    ),
    "comparison": Table(
        "Comparison of groups",
        {
            "variable": "the column",
            "test": "welch_t or welch_anova, and wilcoxon or kruskal; chi_square, and fisher of "
            "two levels in two groups",
            "statistic": "its value; null where a rank test's bounds do not meet",
            "df": "its degrees of freedom",
            "df2": "Welch's one-way test: those of the denominator",
            "p_value": "its p-value; null where a rank test's bounds do not meet",
            "p_low": "the p-value is certainly at least this",
            "p_high": "the p-value is certainly at most this",
            "smd": "standardised mean difference; of more than two groups the mean of all pairs",
        },
    ),
    "correlation": Table(
        "Correlation (Pearson)",
        {
            "variable_1": "a column",
            "variable_2": "another column",
            "n": "rows with both values",
            "r": "Pearson's correlation",
            "conf_low": "lower end of its 95% interval",
            "conf_high": "upper end of its 95% interval",
            "p_value": "of no correlation",
        },
    ),
    "histogram": Table(
        "Histograms",
        {
            "lower": "the bin is above this, from 0 on where none is below; null where open",
            "upper": "the bin is up to this; null where open",
            "count": "rows",
        },
        shown=False,
    ),
    "per_site": Table(
        "By site",
        {
            "organization_id": "the site",
            "variable": "the column",
            "level": "its level, of a categorical column",
            "group": "always ``all``",
            "n": "rows with a value",
            "mean": "mean",
            "sd": "standard deviation",
            "skewness": "skewness",
            "kurtosis": "excess kurtosis",
            "count": "rows; null where withheld",
            "percent": "of the site's rows with a value",
            "missing": "rows without a value; null where withheld",
            "suppressed": "whether the count is withheld",
        },
        shown=False,
    ),
}


def model(request: Record) -> str:
    """Return the columns in one line."""
    by = f" by {request['group_by']}" if request["group_by"] else ""
    return ", ".join(request["columns"]) + by


def facts(result: Record) -> Sequence[tuple[str, str]]:
    """Return the rows, if every site tells its own."""
    rows = [site["n"] for site in result["sites"] if site["status"] == "ok"]
    return [] if None in rows else [("rows", f"{sum(rows):,}")]


def terminal(result: Record, page: Page) -> None:
    """Print moments and quantiles, counts, tests and correlations."""
    page.table("Numeric", *_numeric(result), left=2)
    if result["categorical"]:
        page.table("Categorical", *_categorical(result), left=3)
    if result.get("comparison"):
        page.table("Comparison of groups", *_comparison(result), left=2)
    if result.get("correlation"):
        page.table("Correlation (Pearson)", *_correlation(result), left=2)


def _numeric(result: Record) -> tuple[list[str], list[list[str]]]:
    columns = ["variable", "group", "n", "missing", "mean", "sd", "median", "q1", "q3", "skewness"]
    rows = [
        [
            row["variable"],
            row["group"],
            number(row["n"]),
            number(row["missing"]),
            *(number(row[name], 5) for name in ("mean", "sd")),
            *(_quantile(row, name) for name in ("median", "q1", "q3")),
            number(row["skewness"]),
        ]
        for row in result["numeric"]
    ]
    return columns, rows


def _quantile(row: Record, name: str) -> str:
    """Show the interval that is certain: one number where its ends are the same in print."""
    low, high = number(row[f"{name}_low"]), number(row[f"{name}_high"])
    return low if low == high else f"[{low}, {high}]"


def _categorical(result: Record) -> tuple[list[str], list[list[str]]]:
    columns = ["variable", "level", "group", "count", "percent", "missing"]
    rows = [
        [
            row["variable"],
            DASH if row["level"] is None else row["level"],
            row["group"],
            "suppressed" if row["suppressed"] else number(row["count"]),
            DASH if row["percent"] is None else f"{row['percent']:.1f}",
            number(row["missing"]),
        ]
        for row in result["categorical"]
    ]
    return columns, rows


def _comparison(result: Record) -> tuple[list[str], list[list[str]]]:
    columns = ["variable", "test", "statistic", "df", "df2", "p", "SMD"]
    rows = [
        [
            row["variable"],
            row["test"],
            *(number(row[name]) for name in ("statistic", "df", "df2")),
            _p_value(row),
            DASH if row["smd"] is None else f"{row['smd']:.3f}",
        ]
        for row in result["comparison"]
    ]
    return columns, rows


def _p_value(row: Record) -> str:
    """Show a p-value, or its certain bounds where they differ in print."""
    low, high = p_value(row["p_low"]), p_value(row["p_high"])
    return low if low == high else f"{low} to {high}"


def _correlation(result: Record) -> tuple[list[str], list[list[str]]]:
    columns = ["variable 1", "variable 2", "n", "r", "95% low", "95% high", "p"]
    rows = [
        [
            row["variable_1"],
            row["variable_2"],
            number(row["n"]),
            *(number(row[name], 3) for name in ("r", "conf_low", "conf_high")),
            p_value(row["p_value"]),
        ]
        for row in result["correlation"]
    ]
    return columns, rows


def methods(result: Record, cite: Cite) -> Iterator[str]:
    """Yield what a paper says of the summary, by the options of the request."""
    yield (
        "Means, standard deviations, skewness and excess kurtosis were computed from pooled power "
        f"sums {cite('moments')} and are those of the pooled rows."
    )
    yield (
        f"Quantiles (type 7 {cite('quantiles')}) were derived from the sum of the sites' "
        "cumulative counts on a fixed grid; for each the interval is given that certainly "
        "contains the quantile of the pooled rows."
    )
    yield from _tests(result, cite)
    if result.get("correlation"):
        yield (
            "Pearson correlations used the rows with both values; their intervals are from "
            "Fisher's z."
        )
    if any(row["suppressed"] for row in result["categorical"]):
        yield "Counts too small to publish at a site were suppressed."


def _tests(result: Record, cite: Cite) -> Iterator[str]:
    tests = {row["test"] for row in result.get("comparison", [])}
    names = []
    if "welch_t" in tests:
        names.append("means with Welch's t test")
    if "welch_anova" in tests:
        names.append(f"means with Welch's one-way test {cite('welch')}")
    if "wilcoxon" in tests:
        names.append("ranks with Wilcoxon's rank-sum test (normal approximation, ties corrected)")
    if "kruskal" in tests:
        names.append("ranks with Kruskal and Wallis's test")
    if "chi_square" in tests:
        names.append("proportions with Pearson's chi-square test without correction")
    if "fisher" in tests:
        names.append("proportions of two levels in two groups also with Fisher's exact test")
    if names:
        yield f"Groups of {result['request']['group_by']} were compared: {listed(names)}."
        if {"wilcoxon", "kruskal"} & tests:
            yield (
                "Ranks follow from the cumulative counts: where these do not tell them all, the "
                "bounds are given between which the p-value of the pooled rows certainly lies."
            )
        yield (
            "Standardised mean differences are absolute differences over the root mean variance "
            f"(for categories in Mahalanobis form {cite('smd')})."
        )


FACES: Final = (
    Face(
        package="v6_summary",
        method="summary",
        short="summary",
        title="Summary statistics",
        about="Summarise columns over all sites: Table 1, tests between groups, correlations.",
        tables=TABLES,
        example={"columns": ["age", "tsize", "tgrade"], "group_by": "horTh", "correlation": True},
        result="TableOneResult",
        figures=("box", "histogram"),
        terminal=terminal,
        model=model,
        facts=facts,
        methods=methods,
        references={
            "moments": "Pébay P. Formulas for robust, one-pass parallel computation of covariances "
            "and arbitrary-order statistical moments. Sandia report SAND2008-6212; 2008.",
            "quantiles": "Hyndman RJ, Fan Y. Sample quantiles in statistical packages. Am Stat "
            "1996;50:361–5.",
            "smd": "Yang D, Dalton JE. A unified approach to measuring the effect size between two "
            "groups using SAS. SAS Global Forum 2012, paper 335.",
            "welch": "Welch BL. On the comparison of several mean values: an alternative approach. "
            "Biometrika 1951;38:330–6.",
        },
    ),
)
