"""A result in a terminal, as its face prints it; what ended it; warnings; what left the sites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from v6_clinical.face.contract import Face, Page, Record
from v6_clinical.face.words import DASH, counted, number, of_checks, of_noise, site_name
from v6_clinical.protocol.registry import face_of
from v6_clinical.terminal.render.text import Screen

MOST_ROWS = 30  # of a table that no face lays out


def show(result: Record) -> None:
    """Print a result envelope: completed, refused or failed."""
    page = Screen()
    if result["status"] != "completed":
        _problem(result, page)
        return
    face = face_of(result["analysis"])
    if face.terminal is None:
        _plainly(result, face, page)
    else:
        face.terminal(result, page)
    _footer(result, page)


def _problem(result: Record, page: Screen) -> None:
    """Print what ended an analysis: message, code and remedy."""
    error = result["error"]
    page.line(f"{result['status'].upper()} [{error['code']}]", style="bold red")
    page.line(error["message"])
    page.line(f"Remedy: {error['remedy']}")


def _plainly(result: Record, face: Face, page: Page) -> None:
    """Print every table of the face as it is."""
    page.line(": ".join(filter(None, (face.title, face.model(result["request"])))) + "\n")
    for key, table in face.tables.items():
        records = as_records(result.get(key))
        if records:
            heads = list(dict.fromkeys(name for record in records for name in record))
            rows = [[_text(result, n, r.get(n)) for n in heads] for r in records[:MOST_ROWS]]
            left = sum(isinstance(records[0].get(name), str) for name in heads)
            page.table(table.title, [name.replace("_", " ") for name in heads], rows, left=left)
            if len(records) > MOST_ROWS:
                page.line(f"{len(records) - MOST_ROWS} more rows are not printed.")


def as_records(table: Any) -> list[Mapping[str, Any]]:
    """Return the rows of a table; one that is a mapping of columns is turned."""
    if isinstance(table, list):
        return list(table)
    if isinstance(table, Mapping) and all(isinstance(part, list) for part in table.values()):
        columns: Sequence[Sequence[Any]] = list(table.values())
        return [dict(zip(table, line, strict=True)) for line in zip(*columns, strict=True)]
    return [table] if isinstance(table, Mapping) and table else []


def _text(result: Record, name: str, value: Any) -> str:
    if name == "organization_id":
        return site_name(result, value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or isinstance(value, int | float):
        return number(value)
    return str(value) if str(value) else DASH


def _footer(result: Record, page: Page) -> None:
    """Print the warnings, and what left the sites in each round."""
    for warning in result["warnings"]:
        page.line(f"warning [{warning['code']}] {warning['message']}")
    for sentence in filter(None, (of_noise(result), of_checks(result))):
        page.line(sentence)
    sent = ", ".join(f"{line['step']} {line['numbers_per_site']}" for line in result["ledger"])
    sites, rounds = counted(len(result["sites"]), "site"), counted(len(result["ledger"]), "round")
    page.line(f"{sites}, {rounds}; numbers sent a site: {sent}")
