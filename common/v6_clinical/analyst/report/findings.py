"""The first table of a report: what a reader looks for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from v6_clinical.analyst.figures.forest import layout, texts
from v6_clinical.analyst.figures.labels import DASH, p_value, ratio_names, references
from v6_clinical.analyst.report.cells import fixed, number
from v6_clinical.analyst.report.tables import Table, interval

Record = Mapping[str, Any]


def findings(result: Record) -> Table:
    """Return ratios with intervals, or for a summary its columns by group."""
    return _table_one(result) if result["analysis"] == "summary" else _ratios(result)


def _ratios(result: Record) -> Table:
    records = [r for r in result["coefficients"] if not r["term"].startswith("Intercept")]
    rows = layout(records, references(result))
    columns = texts(result, rows)
    lines = zip((row.label for row in rows), *columns.values(), strict=True)
    full = {"HR": "hazard", "OR": "odds"}[ratio_names(result)[2]]
    return Table(f"Adjusted {full} ratios", ["", *columns], [list(line) for line in lines])


def _table_one(result: Record) -> Table:
    groups = _groups(result)
    tests = {row["variable"]: row for row in result.get("comparison", [])}
    rows = []
    for name in dict.fromkeys(row["variable"] for row in result["numeric"]):
        by_group = {r["group"]: r for r in result["numeric"] if r["variable"] == name}
        rows.append([f"{name}, mean (SD)", *(_mean(by_group[g]) for g in groups)])
        rows[-1] += _test(tests.get(name)) if tests else []
        rows.append(["    median [Q1, Q3]", *(_median(by_group[g]) for g in groups)])
        rows[-1] += ["", ""] if tests else []
    for name in dict.fromkeys(row["variable"] for row in result["categorical"]):
        blank = [""] * len(groups)
        rows.append([f"{name}, n (%)", *blank, *(_test(tests.get(name)) if tests else [])])
        of_name = [row for row in result["categorical"] if row["variable"] == name]
        for level in dict.fromkeys(row["level"] for row in of_name):
            by_group = {r["group"]: r for r in of_name if r["level"] == level}
            rows.append([f"    {level}", *(_count(by_group[g]) for g in groups)])
            rows[-1] += ["", ""] if tests else []
    heads = ["", *("All" if g == "all" else f"{_by(result)}{g}" for g in groups)]
    return Table("Table 1", [*heads, *(["P", "SMD"] if tests else [])], rows)


def _groups(result: Record) -> list[str]:
    rows = [*result["numeric"], *result["categorical"]]
    return list(dict.fromkeys(row["group"] for row in rows))


def _by(result: Record) -> str:
    return f"{result['request']['group_by']} "


def _decimals(row: Record) -> int:
    """Return the decimals that a column's spread deserves: about three digits of its sd."""
    sd = row["sd"]
    return 1 if not sd or sd >= 10 else min(4, 1 - math.floor(math.log10(sd)))


def _mean(row: Record) -> str:
    write = fixed(_decimals(row))
    return DASH if row["mean"] is None else f"{write(row['mean'])} ({write(row['sd'])})"


def _median(row: Record) -> str:
    """Return median and quartiles; the certain interval where a quantile has no estimate."""
    write = fixed(_decimals(row))
    shown = [
        write(row[name]) if row[name] is not None else interval(row, name)
        for name in ("median", "q1", "q3")
    ]
    return f"{shown[0]} [{shown[1]}, {shown[2]}]"


def _count(row: Record) -> str:
    if row["suppressed"]:
        return "suppressed"
    share = "" if row["percent"] is None else f" ({fixed(1)(row['percent'])})"
    return f"{number(row['count'])}{share}"


def _test(row: Record | None) -> list[str]:
    return [DASH, DASH] if row is None else [p_value(row["p_value"]), fixed(3)(row["smd"])]
