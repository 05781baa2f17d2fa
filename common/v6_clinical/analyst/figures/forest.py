"""The forest plot: the effects of a regression on their axis, with the numbers beside them."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from v6_clinical.analyst.figures import style
from v6_clinical.analyst.figures.columns import REFERENCE, print_beside, print_names
from v6_clinical.analyst.figures.labels import close_ratio, effect_of, interval
from v6_clinical.analyst.figures.style import Colours, Record, Theme
from v6_clinical.face.terms import Category, blocks
from v6_clinical.face.words import p_value

ROW: Final = 4.6  # mm
REMEDY: Final = "Ask for a regression."
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
    """Draw the effects of a regression with their confidence intervals, and print them beside.

    Parameters
    ----------
    result
        Of an analysis whose face names an effect: ratios are drawn on a log axis.
    ax
        Axes to draw into; by default a new figure of ``width`` millimetres.

    Returns
    -------
    Figure
        The intercept is left out. The reference level of a category has a line of its own.
        Intervals are those of the table: robust if robust errors were asked for.

    Raises
    ------
    FigureError
        If the result has no coefficients beside the intercept.
    """
    style.table(result, "coefficients", REMEDY)
    rows = layout(result)
    if not rows:
        raise style.FigureError("The model has no coefficient but intercepts.", "Add a predictor.")
    with style.drawing(theme) as colours:
        if ax is None:
            figure = style.sheet(width, 16 + ROW * len(rows))
            ax = figure.subplots()
        _draw(ax, rows, result, colours)
        return style.whole(ax)


def layout(result: Record) -> list[Row]:
    """Return the lines: levels of a category under its name and reference, others as they are."""
    rows: list[Row] = []
    for band, block in enumerate(blocks(result)):
        if isinstance(block, Category):
            rows.append(Row(block.column, band, kind="heading"))
            if block.reference is not None:
                rows.append(Row(f"    {block.reference}", band, kind="reference"))
            for one in block.coefficients:
                rows.append(Row(f"    {one.pieces[0].level}", band, one.record))
        else:
            rows.append(Row(block.label, band, block.record))
    return rows


def _draw(axes: Axes, rows: Sequence[Row], result: Record, colours: Colours) -> None:
    effect = effect_of(result)
    estimates = [(y, row.record) for y, row in enumerate(rows) if row.record is not None]
    values = [v for _, r in estimates for v in (r[effect.column], *interval(r, effect))]
    low, high = _limits(values) if effect.is_ratio else _plain_limits(values)
    if effect.is_ratio:
        axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    for y, row in enumerate(rows):
        if row.band % 2 == 0:
            axes.axhspan(y - 0.5, y + 0.5, color=colours.band, linewidth=0, zorder=0)
        if row.kind == "reference":
            axes.plot([effect.null], [y], marker="|", color=colours.faint, markersize=4, zorder=3)
    axes.axvline(effect.null, color=colours.faint, linewidth=0.6, zorder=1)
    for y, record in estimates:
        _estimate(axes, y, record[effect.column], *interval(record, effect), colours)
    if effect.is_ratio:
        _ticks(axes, low, high)
    scale = ", log scale" if effect.is_ratio else ""
    axes.set_xlabel(f"{effect.name.capitalize()} ({_level(result)}){scale}")
    bold = [row.kind == "heading" for row in rows]
    print_names(axes, [_wrap(row.label) for row in rows], bold, colours)
    print_beside(axes, texts(result, rows), colours)


def _limits(values: Sequence[float | None]) -> tuple[float, float]:
    """Return the ends of the axis: all that is drawn, 1 among it, and some air."""
    found = [v for v in values if v is not None and 1 / WIDEST <= v <= WIDEST]
    low, high = min([*found, 1.0]), max([*found, 1.0])
    air = max((high / low) ** 0.06, 1.02)
    return low / air, high * air


def _plain_limits(values: Sequence[float | None]) -> tuple[float, float]:
    """Return the ends of an axis of differences: all that is drawn, 0 among it, and some air."""
    found = [v for v in values if v is not None]
    low, high = min([*found, 0.0]), max([*found, 0.0])
    air = 0.06 * (high - low) or 1.0
    return low - air, high + air


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
    """Return the columns that are printed, by their heads: effect with interval, and p."""
    effect = effect_of(result)
    effects, p_values = [], []
    for row in rows:
        record = row.record
        if record is None:
            effects.append(REFERENCE if row.kind == "reference" else "")
            p_values.append("")
        else:
            effects.append(close_ratio(record[effect.column], *interval(record, effect)))
            p_values.append(p_value(record["p_value"]))
    return {f"{effect.short} ({_level(result)})": effects, "P": p_values}


def _level(result: Record) -> str:
    return f"{100 * result['request']['confidence_level']:g}% CI"


def _wrap(label: str) -> str:
    indent = label[: len(label) - len(label.lstrip())]
    return "\n".join(textwrap.wrap(label, 34, initial_indent="", subsequent_indent=indent)) or label
