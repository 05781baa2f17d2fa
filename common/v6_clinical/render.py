"""Results as tables in a terminal."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from v6_clinical.disclosure import Policy
from v6_clinical.settings import PREFIX, SETTINGS

Record = dict[str, Any]


def _console() -> Console:
    """Return a console that never folds a table to the 80 columns of a pipe."""
    console = Console()
    return console if console.is_terminal else Console(width=140)


def number(value: float | None, digits: int = 4) -> str:
    """Format a number for reading; withheld or undefined is a dash."""
    if value is None:
        return "–"
    if isinstance(value, int) or float(value).is_integer():
        return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.0f}"
    return f"{value:.{digits}g}"


def p_value(value: float | None) -> str:
    """Format a p-value as journals do."""
    if value is None:
        return "–"
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def table(title: str, columns: list[str], rows: list[list[str]], left: int = 1) -> None:
    """Print a table; the first ``left`` columns are text, the others numbers."""
    grid = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left")
    for position, name in enumerate(columns):
        grid.add_column(name, justify="left" if position < left else "right", no_wrap=True)
    for row in rows:
        grid.add_row(*row)
    _console().print(grid)


def problem(result: Record) -> None:
    """Print what ended an analysis: message, code and remedy."""
    error = result["error"]
    console = _console()
    console.print(f"{result['status'].upper()} [{error['code']}]", style="bold red", markup=False)
    console.print(error["message"], markup=False)
    console.print(f"Remedy: {error['remedy']}", markup=False)


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
    console = _console()
    for warning in result["warnings"]:
        console.print(f"warning [{warning['code']}] {warning['message']}", markup=False)
    sent = ", ".join(f"{line['step']} {line['numbers_per_site']}" for line in result["ledger"])
    sites = len(result["sites"])
    console.print(f"{sites} sites, {len(result['ledger'])} rounds; numbers sent a site: {sent}")


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
            "–" if row["percent"] is None else f"{row['percent']:.1f}",
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
            "–" if row["smd"] is None else f"{row['smd']:.3f}",
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


def policy(limits: Policy) -> None:
    """Print the settings in force."""
    rows = []
    for name, value in vars(limits).items():
        if PREFIX + name.upper() not in SETTINGS:
            continue  # fixed for all sites
        if isinstance(value, frozenset):
            shown = ", ".join(sorted(value)) or "none"
        else:
            shown = "every column" if value is None else str(value)
        rows.append([PREFIX + name.upper(), shown])
    table("Limits in force", ["setting", "value"], rows, left=2)
