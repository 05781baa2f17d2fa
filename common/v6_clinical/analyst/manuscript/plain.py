"""A table of any analysis, for a manuscript: as it stands in the result, with readable heads."""

from __future__ import annotations

from v6_clinical.analyst.manuscript.sheet import Row, Sheet
from v6_clinical.face.contract import Record
from v6_clinical.face.words import of_noise


def first_table(result: Record, title: str = "") -> Sheet:
    """Return the first table that the result holds.

    Raises
    ------
    ValueError
        If it holds none.
    """
    from v6_clinical.analyst.report.tables import all_tables

    tables = all_tables(result)
    if not tables:
        raise ValueError(f"the result of {result['analysis']} has no table")
    first = tables[0]
    rows = tuple(Row(tuple(cells)) for cells in first.rows)
    notes = tuple(filter(None, (first.note, of_noise(result))))
    return Sheet(tuple(first.heads), rows, notes, title or first.title)
