"""The first table of a report: what a reader looks for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from v6_clinical.analyst.figures.forest import layout, texts
from v6_clinical.analyst.figures.labels import ratio_names, references
from v6_clinical.analyst.manuscript.table1 import Style, table1
from v6_clinical.analyst.report.tables import Table

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
    spread = {row["variable"]: row["sd"] for row in result["numeric"] if row["group"] == "all"}
    style = Style(digits={name: decimals(sd) for name, sd in spread.items()})
    sheet = table1(result, style)
    rows = [["    " * row.indent + row.cells[0], *row.cells[1:]] for row in sheet.rows]
    return Table("Table 1", sheet.header, rows, note=" ".join(sheet.notes))


def decimals(sd: float | None) -> int:
    """Return the decimals that a column's spread deserves: two digits of its sd, one at least."""
    return 1 if not sd or sd >= 10 else min(4, 1 - math.floor(math.log10(sd)))
