"""Histograms and box plots of numeric columns, from counts and quantiles that are safe to show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from v6_clinical.analyst.figures import style
from v6_clinical.analyst.figures.style import Colours, Record, Theme

NUMERIC: Final = "Name a numeric column in columns=[...]."
HISTOGRAM: Final = "Ask again with histogram=True (the default) and a numeric column."
PANEL: Final = 46.0  # mm, height
OUTER: Final = 2.0  # an open cell is drawn to this many sd from the mean


def histogram(
    result: Record,
    variable: str | None = None,
    *,
    theme: Theme = "light",
    width: float = style.PAGE,
) -> Figure:
    """Draw the histogram of each numeric column, or of one.

    Returns
    -------
    Figure
        The area of a bar is its share of the rows. How far the outermost cells reach stays at the
        sites: they are hatched, and drawn to two sd from the mean. Where no value is below 0 the
        first cell begins at 0.

    Raises
    ------
    FigureError
        If the result has no histogram, or not of this variable.
    """
    found = style.table(result, "histogram", HISTOGRAM)
    about = {row["variable"]: row for row in result["numeric"] if row["group"] == "all"}
    names = _chosen(list(found), variable)
    with style.drawing(theme) as colours:
        figure, panels = _panels(len(names), width)
        for axes, name in zip(panels, names, strict=True):
            _bars(axes, found[name], about[name], colours)
            axes.set_title(name)
            axes.set_ylabel("Density")
        return figure


def box(
    result: Record,
    variable: str | None = None,
    *,
    theme: Theme = "light",
    width: float = style.PAGE,
) -> Figure:
    """Draw quartiles and outer quantiles of each numeric column, or of one, by group.

    Returns
    -------
    Figure
        Box from the first quartile to the third, line at the median, whiskers to the outermost
        quantiles asked for. A shaded bar is the interval that certainly holds a quantile; it may
        go on beyond the axis. A whisker without an end has no estimate there: it stops where the
        shade begins. Single points are never shown.

    Raises
    ------
    FigureError
        If the result has no numeric column, or not this one.
    """
    rows = style.table(result, "numeric", NUMERIC)
    names = _chosen(list(dict.fromkeys(row["variable"] for row in rows)), variable)
    groups = list(dict.fromkeys(row["group"] for row in rows))
    outer = whisker_names(result["request"]["quantiles"])
    with style.drawing(theme) as colours:
        figure, panels = _panels(len(names), width, 16 + 8.0 * len(groups))
        for axes, name in zip(panels, names, strict=True):
            members = [row for row in rows if row["variable"] == name]
            for y, row in enumerate(members):
                colour = colours.series[y % len(colours.series)]
                _box(axes, y, row, outer, colour, colours)
            axes.set_yticks(range(len(members)), [_group(row) for row in members])
            axes.set_ylim(len(members) - 0.4, -0.6)
            axes.set_xlim(_extent(members, outer))
            axes.tick_params(axis="y", length=0)
            axes.set_title(name)
        return figure


def whisker_names(quantiles: Sequence[float]) -> tuple[str, str] | None:
    """Return the columns of the outermost quantiles asked for, None if none is beyond a quartile.

    They are named as in the result: ``q05`` for .05, ``q2.5`` for .025.
    """
    if not quantiles or min(quantiles) >= 0.25 or max(quantiles) <= 0.75:
        return None
    low, high = (f"{100 * q:.10g}" for q in (min(quantiles), max(quantiles)))
    return f"q{low if '.' in low else low.zfill(2)}", f"q{high if '.' in high else high.zfill(2)}"


def _chosen(names: list[str], variable: str | None) -> list[str]:
    if variable is None:
        return names
    if variable not in names:
        raise style.FigureError(f"There is no '{variable}' to draw.", f"Draw {', '.join(names)}.")
    return [variable]


def _panels(count: int, width: float, height: float = PANEL) -> tuple[Figure, list[Axes]]:
    """Return a figure of ``count`` panels, each about a column wide at most."""
    across = min(count, max(1, int(width // 58)))
    down = -(-count // across)
    figure = style.sheet(min(width, 90.0 * across), height * down)
    grid = list(figure.subplots(down, across, squeeze=False).flat)
    for empty in grid[count:]:
        empty.set_axis_off()
    return figure, grid[:count]


def _group(row: Record) -> str:
    rows = "withheld" if row["n"] is None else f"n = {row['n']}"
    return f"{'All' if row['group'] == 'all' else row['group']}\n{rows}"


def tails(about: Record) -> tuple[float, float]:
    """Return how far open cells are drawn: to two sd from the mean."""
    mean, sd = about["mean"], about["sd"] or 0.0
    return mean - OUTER * sd, mean + OUTER * sd


def _bars(axes: Axes, bins: Mapping[str, list[Any]], about: Record, colours: Colours) -> None:
    if not bins["count"] or about["mean"] is None:
        style.withheld(axes, colours, "withheld")
        return
    first, last = tails(about)
    total = sum(bins["count"])
    for lower, upper, count in zip(bins["lower"], bins["upper"], bins["count"], strict=True):
        sd = about["sd"] or 1.0
        left, right = lower, upper
        if lower is None:
            left = first if first < upper else upper - sd / 2
        if upper is None:
            right = last if last > lower else lower + sd / 2
        openly = lower is None or upper is None
        axes.bar(
            left,
            count / total / (right - left),
            width=right - left,
            align="edge",
            facecolor="none" if openly else colours.series[0],
            edgecolor=colours.series[0] if openly else colours.paper,
            hatch="////" if openly else None,
            linewidth=0.5,
        )
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)


def _box(
    axes: Axes, y: int, row: Record, outer: tuple[str, str] | None, colour: str, colours: Colours
) -> None:
    for name in ("q1", "median", "q3", *(outer or ())):
        _certain(axes, y, row, name, colour)
    low, high = nearest(row, "q1", "high"), nearest(row, "q3", "low")
    if low is not None and high is not None:
        axes.barh(
            y, high - low, left=low, height=0.5, facecolor="none", edgecolor=colour, linewidth=1
        )
    ends = zip(outer or (), ("high", "low"), (low, high), strict=False)
    for name, side, start in ends:
        end = nearest(row, name, side)
        if start is not None and end is not None:
            axes.plot([start, end], [y, y], color=colour, linewidth=1)
        if end is not None and row[name] is not None:
            axes.plot([end], [y], color=colour, marker="|", markersize=6)
    if row["median"] is not None:
        axes.plot([row["median"]] * 2, [y - 0.25, y + 0.25], color=colours.ink, linewidth=1.4)


def nearest(row: Record, name: str, side: str) -> float | None:
    """Return the estimate of a quantile, or the certain bound on the side of the median."""
    found = row[name] if row[name] is not None else row[f"{name}_{side}"]
    return None if found is None else float(found)


def _certain(axes: Axes, y: int, row: Record, name: str, colour: str) -> None:
    """Shade the interval that certainly holds a quantile."""
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    if low is not None and high is not None:
        axes.barh(y, high - low, left=low, height=0.5, color=colour, alpha=0.25, linewidth=0)


def _extent(rows: Sequence[Record], outer: tuple[str, str] | None) -> tuple[float, float] | None:
    """Return the ends of the axis: what is certain, and some of the shade where it goes on."""
    lows = [nearest(row, name, "high") for row in rows for name in ("q1", (outer or ("q1",))[0])]
    highs = [nearest(row, name, "low") for row in rows for name in ("q3", (outer or ("q3",))[-1])]
    known = [value for value in (*lows, *highs) if value is not None]
    if not known or min(known) == max(known):
        return None
    air = 0.18 * (max(known) - min(known))
    return min(known) - air, max(known) + air
