"""The forest plot: odds or hazard ratios on a log axis, with the numbers beside them."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from v6_clinical.analyst.figures import style
from v6_clinical.analyst.figures.columns import REFERENCE, print_beside, print_names
from v6_clinical.analyst.figures.labels import (
    close_ratio,
    level_of,
    ratio_names,
    references,
    term_label,
)
from v6_clinical.analyst.figures.style import Colours, Record, Theme
from v6_clinical.terminal.render.words import p_value

ROW: Final = 4.6  # mm
REMEDY: Final = "Ask for a logistic or Cox regression."
WIDEST: Final = 1e4  # a ratio beyond this, or its inverse, is drawn as an arrow


@dataclass(frozen=True)
class Row:
    """A line of the plot: an estimate, or a heading or reference level without one."""

    label: str
    band: int  # lines of one column share a band
    record: Record | None = None
    kind: str = "estimate"


def forest(
    result: Record, ax: Axes | None = None, *, theme: Theme = "light", width: float = style.PAGE
) -> Figure:
    """Draw the ratios of a regression with their confidence intervals, and print them beside.

    Parameters
    ----------
    result
        Of ``logistic_regression`` or ``cox_regression``.
    ax
        Axes to draw into; by default a new figure of ``width`` millimetres.

    Returns
    -------
    Figure
        The intercept is left out. Reference levels have lines of their own where the result
        tells them: from ``levels`` or ``reference`` of the request, or from a Cox model. Intervals
        are those of the table: robust if robust errors were asked for.

    Raises
    ------
    FigureError
        If the result has no coefficients beside the intercept.
    """
    records = [r for r in style.table(result, "coefficients", REMEDY) if r["term"] != "Intercept"]
    records = [r for r in records if not r["term"].startswith("Intercept[")]
    if not records:
        raise style.FigureError("The model has no coefficient but intercepts.", "Add a predictor.")
    rows = layout(records, references(result))
    with style.drawing(theme) as colours:
        if ax is None:
            figure = style.sheet(width, 16 + ROW * len(rows))
            ax = figure.subplots()
        _draw(ax, rows, result, colours)
        return style.whole(ax)


def layout(records: Sequence[Record], known: dict[str, str]) -> list[Row]:
    """Return the lines: levels of one column under its name and reference, others as they are."""
    rows: list[Row] = []

    def column(record: Record) -> str:
        found = level_of(record["term"])
        return found[0] if found and ":" not in found[0] else ""

    band = 0
    for name, group in groupby(records, column):
        members = list(group)
        if name and (name in known or len(members) > 1):
            rows.append(Row(name, band, kind="heading"))
            if name in known:
                rows.append(Row(f"    {known[name]}", band, kind="reference"))
            levels = [(level_of(r["term"]) or ("", ""))[1] for r in members]
            rows += [Row(f"    {v}", band, r) for v, r in zip(levels, members, strict=True)]
            band += 1
            continue
        for record in members:
            rows.append(Row(term_label(record["term"]), band, record))
            band += 1
    return rows


def _draw(axes: Axes, rows: Sequence[Row], result: Record, colours: Colours) -> None:
    name, prefix, short = ratio_names(result)
    estimates = [(y, row.record) for y, row in enumerate(rows) if row.record is not None]
    values = [v for _, r in estimates for v in (r[name], *_interval(r, prefix))]
    low, high = _limits(values)
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    for y, row in enumerate(rows):
        if row.band % 2 == 0:
            axes.axhspan(y - 0.5, y + 0.5, color=colours.band, linewidth=0, zorder=0)
        if row.kind == "reference":
            axes.plot([1], [y], marker="|", color=colours.faint, markersize=4, zorder=3)
    axes.axvline(1, color=colours.faint, linewidth=0.6, zorder=1)
    for y, record in estimates:
        _estimate(axes, y, record[name], *_interval(record, prefix), colours)
    _ticks(axes, low, high)
    full = {"HR": "Hazard ratio", "OR": "Odds ratio"}[short]
    axes.set_xlabel(f"{full} ({_level(result)}), log scale")
    bold = [row.kind == "heading" for row in rows]
    print_names(axes, [_wrap(row.label) for row in rows], bold, colours)
    print_beside(axes, texts(result, rows), colours)


def _interval(record: Record, prefix: str) -> tuple[float | None, float | None]:
    return record[f"{prefix}_conf_low"], record[f"{prefix}_conf_high"]


def _limits(values: Sequence[float | None]) -> tuple[float, float]:
    """Return the ends of the axis: all that is drawn, 1 among it, and some air."""
    found = [v for v in values if v is not None and 1 / WIDEST <= v <= WIDEST]
    low, high = min([*found, 1.0]), max([*found, 1.0])
    air = max((high / low) ** 0.06, 1.02)
    return low / air, high * air


def _estimate(
    axes: Axes,
    y: int,
    value: float | None,
    low: float | None,
    high: float | None,
    colours: Colours,
) -> None:
    """Draw point and interval; an end beyond the axis is an arrow."""
    left, right = axes.get_xlim()
    start = left if low is None else max(low, left)
    end = right if high is None else min(high, right)
    colour = colours.series[0]
    axes.plot([start, end], [y, y], color=colour, linewidth=1.1, zorder=3, marker="")
    for x, marker, outside in (
        (start, "<", low is None or low < left),
        (end, ">", high is None or high > right),
    ):
        axes.plot([x], [y], marker=marker if outside else "|", color=colour, markersize=3, zorder=3)
    if value is not None and left <= value <= right:
        axes.plot([value], [y], marker="s", color=colour, markersize=4, zorder=4)


def _ticks(axes: Axes, low: float, high: float) -> None:
    """Set ticks at 1-2-5 steps, or at even steps where the axis is short; always at 1."""
    if high / low > 6:
        decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
        steps = (1, 2, 5) if high / low < 200 else (1,)
        ticks = [step * 10.0**decade for decade in decades for step in steps]
    else:
        ticks = list(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high))
    apart = (0.12 if style.whole(axes).get_figwidth() > 120 * style.MM else 0.3) * np.log(
        high / low
    )
    ticks = [t for t in ticks if low <= t <= high and abs(np.log(t)) > apart]
    axes.xaxis.set_major_locator(FixedLocator([1.0, *ticks]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.4g}"))


def texts(result: Record, rows: Sequence[Row]) -> dict[str, list[str]]:
    """Return the columns that are printed, by their heads: ratio with interval, and p."""
    name, prefix, short = ratio_names(result)
    ratios, p_values = [], []
    for row in rows:
        record = row.record
        if record is None:
            ratios.append(REFERENCE if row.kind == "reference" else "")
            p_values.append("")
        else:
            ratios.append(close_ratio(record[name], *_interval(record, prefix)))
            p_values.append(p_value(record["p_value"]))
    return {f"{short} ({_level(result)})": ratios, "P": p_values}


def _level(result: Record) -> str:
    return f"{100 * result['request']['confidence_level']:g}% CI"


def _wrap(label: str) -> str:
    indent = label[: len(label) - len(label.lstrip())]
    return "\n".join(textwrap.wrap(label, 34, initial_indent="", subsequent_indent=indent)) or label
