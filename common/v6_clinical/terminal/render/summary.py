"""The result of ``summary`` in a terminal."""

from __future__ import annotations

from v6_clinical.terminal.render.text import Record, footer, number, problem, table
from v6_clinical.terminal.render.words import DASH, p_value


def summary(result: Record) -> None:
    """Print the result of ``summary``."""
    if result["status"] != "completed":
        problem(result)
        return
    table("Numeric", *_numeric(result), left=2)
    if result["categorical"]:
        table("Categorical", *_categorical(result), left=3)
    if result.get("comparison"):
        table("Comparison of groups", *_comparison(result), left=2)
    if result.get("correlation"):
        table("Correlation (Pearson)", *_correlation(result), left=2)
    footer(result)


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
    """Show the estimate, and the certain interval where it is not a point."""
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    if low is None or low == high:
        return number(row[name])
    estimate = "" if row[name] is None else f"{number(row[name])} "
    return f"{estimate}[{number(low)}, {number(high)}]"


def _categorical(result: Record) -> tuple[list[str], list[list[str]]]:
    columns = ["variable", "level", "group", "count", "percent", "missing"]
    rows = [
        [
            row["variable"],
            row["level"],
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
            p_value(row["p_value"]),
            DASH if row["smd"] is None else f"{row['smd']:.3f}",
        ]
        for row in result["comparison"]
    ]
    return columns, rows


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
