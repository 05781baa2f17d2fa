"""A regression's table of a manuscript: ratios with intervals, reference levels shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from v6_clinical.analyst.figures.labels import ratio_names
from v6_clinical.analyst.manuscript.sheet import Labels, Row, Sheet, fixed, level, variable
from v6_clinical.model.coding import coding_from_json
from v6_clinical.model.design import Coding, DesignColumn, Part
from v6_clinical.model.factors import is_numeric
from v6_clinical.terminal.render.words import p_value

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
    """Return a row for each term: ratio (interval) and p; a category's levels below its name."""
    style = style or Style()
    *_, short = ratio_names(result)
    percent = f"{100 * result['request']['confidence_level']:g}%"
    header = ("", f"{short} ({percent} CI)", "p")
    return Sheet(header, tuple(_rows(result, style)), tuple(_notes(result)), style.title)


def _rows(result: Record, style: Style) -> Iterator[Row]:
    coding = coding_from_json(result["model"]["coding"])
    columns = coding.without_intercept().columns
    records = result["coefficients"]
    slopes = records[len(records) - len(columns) :]  # after one intercept, or one a site, or none
    pairs = zip(columns, slopes, strict=True)
    for _, group in groupby(pairs, key=lambda pair: pair[0].term):
        rows = list(group)
        column = rows[0][0]
        if len(column.parts) == 1 and not is_numeric(column.parts[0].factor, coding.levels):
            yield from _category(result, rows, coding, style)
        else:
            for one, record in rows:
                yield Row((_name(one, record, coding, style), *_cells(result, record, style)))


def _category(
    result: Record, rows: list[tuple[DesignColumn, Record]], coding: Coding, style: Style
) -> Iterator[Row]:
    """Yield a category's name, then its levels in their order; the reference has no ratio."""
    name = rows[0][0].parts[0].factor.column
    found = {column.parts[0].index: record for column, record in rows}
    yield Row((variable(name, style.labels), "", ""))
    for index, label in enumerate(coding.levels[name]):
        record = found.get(index)
        cells = ("reference", "") if record is None else _cells(result, record, style)
        yield Row((level(name, label, style.labels), *cells), indent=1)


def _cells(result: Record, record: Record, style: Style) -> tuple[str, str]:
    ratio, prefix, _ = ratio_names(result)
    values = (record[ratio], record[f"{prefix}_conf_low"], record[f"{prefix}_conf_high"])
    estimate, low, high = (fixed(value, style.digits) for value in values)
    return f"{estimate} ({low}–{high})", p_value(record["p_value"], style.p_digits)


def _name(column: DesignColumn, record: Record, coding: Coding, style: Style) -> str:
    """Return a number's name in print; of a product the factors', joined by a cross."""
    if len(column.parts) > 1:
        return " × ".join(_part(part, coding, style) for part in column.parts)
    name, term = column.parts[0].factor.column, str(record["term"])
    return variable(name, style.labels) if term == name else term  # a transform says which


def _part(part: Part, coding: Coding, style: Style) -> str:
    factor = part.factor
    if is_numeric(factor, coding.levels):
        label = factor.part_label(part.index)
        return variable(factor.column, style.labels) if label == factor.column else label
    name = coding.levels[factor.column][part.index]
    return f"{variable(factor.column, style.labels)} {level(factor.column, name, style.labels)}"


def _notes(result: Record) -> Iterator[str]:
    name, _, short = ratio_names(result)
    request, fit = result["request"], result["fit"][0]
    yield f"{short}: {name.replace('_', ' ')}; CI: confidence interval; p: Wald test."
    yield f"n = {fit['n']:,}, events = {fit['events']:,}" + (
        f"; {fit['n_missing']:,} left out as incomplete." if fit["n_missing"] else "."
    )
    if "robust_se" in result["coefficients"][0]:
        clusters = f" over clusters of {request['cluster']}" if request["cluster"] else ""
        yield f"Robust standard errors{clusters}."
    if result["analysis"] == "cox_regression":
        own = "Each site has its own baseline hazard"
        common = "One baseline hazard for all sites"
        strata = f", stratified by {', '.join(request['strata'])}" if request["strata"] else ""
        yield f"{own if request['baseline'] == 'site' else common}{strata}."
    if request["ridge"]:
        yield f"Ridge penalty {request['ridge']:g}."
