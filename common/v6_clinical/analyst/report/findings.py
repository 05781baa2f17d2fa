"""The first table of a report: what a reader looks for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from v6_clinical.analyst.figures.forest import layout, texts
from v6_clinical.analyst.manuscript.table1 import Style, table1
from v6_clinical.analyst.report.tables import Table, all_tables
from v6_clinical.face.contract import Effect
from v6_clinical.protocol.registry import face_of

Record = Mapping[str, Any]


def findings(result: Record) -> Table | None:
    """Return effects with intervals, Table 1, or else the first table of the result."""
    face = face_of(result["analysis"])
    effect = face.effect_of(result)
    if effect is not None and result.get("coefficients"):
        return _effects(result, effect)
    if face.result == "TableOneResult":
        return _table_one(result)
    tables = all_tables(result)
    return tables[0] if tables else None


def _effects(result: Record, effect: Effect) -> Table:
    rows = layout(result)
    columns = texts(result, rows)
    lines = zip((row.label for row in rows), *columns.values(), strict=True)
    title = f"Adjusted {effect.name}s"
    return Table(title, ["", *columns], [list(line) for line in lines])


def _table_one(result: Record) -> Table:
    spread = {row["variable"]: row["sd"] for row in result["numeric"] if row["group"] == "all"}
    style = Style(digits={name: decimals(sd) for name, sd in spread.items()})
    sheet = table1(result, style)
    rows = [["    " * row.indent + row.cells[0], *row.cells[1:]] for row in sheet.rows]
    return Table("Table 1", sheet.header, rows, note=" ".join(sheet.notes))


def decimals(sd: float | None) -> int:
    """Return the decimals that a column's spread deserves: two digits of its sd, one at least."""
    return 1 if not sd or sd >= 10 else min(4, 1 - math.floor(math.log10(sd)))
