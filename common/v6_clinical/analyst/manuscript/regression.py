"""A regression's table of a manuscript: effects with intervals, reference levels shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from v6_clinical.analyst.figures.labels import effect_of, interval
from v6_clinical.analyst.manuscript.sheet import Labels, Row, Sheet, fixed, level, variable
from v6_clinical.face.terms import Category, Coefficient, Piece, blocks
from v6_clinical.face.words import of_noise, p_value
from v6_clinical.protocol.registry import face_of

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Style:
    """How a regression's table looks.

    Parameters
    ----------
    labels
        Column to its name in print; ``"column=level"`` to that of a level.
    digits, p_digits
        Decimals of ratios and of p-values.
    title
        The table's title.
    """

    labels: Labels = field(default_factory=dict)
    digits: int = 2
    p_digits: int = 3
    title: str = ""


def regression_table(result: Record, style: Style | None = None) -> Sheet:
    """Return a row for each term: effect (interval) and p; a category's levels below its name."""
    style = style or Style()
    percent = f"{100 * result['request']['confidence_level']:g}%"
    header = ("", f"{effect_of(result).short} ({percent} CI)", "p")
    return Sheet(header, tuple(_rows(result, style)), tuple(_notes(result)), style.title)


def _rows(result: Record, style: Style) -> Iterator[Row]:
    for block in blocks(result):
        if isinstance(block, Category):
            yield from _category(result, block, style)
        else:
            yield Row((_name(block, style), *_cells(result, block.record, style)))


def _category(result: Record, block: Category, style: Style) -> Iterator[Row]:
    """Yield a category's name, then its levels in their order; the reference has no effect."""
    found = {one.pieces[0].level: one.record for one in block.coefficients}
    yield Row((variable(block.column, style.labels), "", ""))
    for label in block.levels:
        record = found.get(label)
        cells = ("reference", "") if record is None else _cells(result, record, style)
        yield Row((level(block.column, label, style.labels), *cells), indent=1)


def _cells(result: Record, record: Record, style: Style) -> tuple[str, str]:
    effect = effect_of(result)
    values = (record[effect.column], *interval(record, effect))
    estimate, low, high = (fixed(value, style.digits) for value in values)
    return f"{estimate} ({low}–{high})", p_value(record["p_value"], style.p_digits)


def _name(one: Coefficient, style: Style) -> str:
    """Return a number's name in print; of a product the factors', joined by a cross."""
    return " × ".join(_piece(piece, style) for piece in one.pieces) or one.label


def _piece(piece: Piece, style: Style) -> str:
    if piece.level is not None:
        name = variable(piece.column, style.labels)
        return f"{name} {level(piece.column, piece.level, style.labels)}"
    return variable(piece.column, style.labels) if piece.name == piece.column else piece.name


def _notes(result: Record) -> Iterator[str]:
    effect = effect_of(result)
    request, fit = result["request"], result["fit"][0]
    yield f"{effect.short}: {effect.name}; CI: confidence interval; p: Wald test."
    events = f", events = {fit['events']:,}" if "events" in fit else ""
    dropped = f"; {fit['n_missing']:,} left out as incomplete" if fit["n_missing"] else ""
    yield f"n = {fit['n']:,}{events}{dropped}."
    if "robust_se" in result["coefficients"][0]:
        clusters = f" over clusters of {request['cluster']}" if request["cluster"] else ""
        yield f"Robust standard errors{clusters}."
    yield from face_of(result["analysis"]).notes(result)
    if request["ridge"]:
        yield f"Ridge penalty {request['ridge']:g}."
    if noise := of_noise(result):
        yield noise
