"""Survival curves with numbers at risk: of profiles, or of each site's baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from v6_clinical.analyst.figures import style
from v6_clinical.analyst.figures.labels import profile_label, stratum_name
from v6_clinical.analyst.figures.style import Colours, Record, Theme
from v6_clinical.face.words import DASH, site_name

REMEDY: Final = "Ask again with time_horizon=..., the end of the curves, and profiles=[...]."
WITHHELD: Final = "No site may show a point of its curve: use a longer time_horizon."
MOST_CURVES: Final = 6  # in one panel
MOST_SHADED: Final = 3
MOST_MARKERS: Final = 12  # about, a curve


@dataclass(frozen=True)
class Line:
    """A curve, its name in the legend, and the row of the table of numbers at risk."""

    curve: Record
    series: int
    at_risk: dict[float, int | None]


@dataclass(frozen=True)
class Panel:
    """Curves that share axes."""

    title: str
    lines: list[Line]
    risk_names: list[str]


def survival(
    result: Record,
    curves: Literal["prediction", "baseline_hazard"] | None = None,
    *,
    theme: Theme = "light",
    width: float = style.PAGE,
) -> Figure:
    """Draw survival curves with the numbers at risk beneath.

    Parameters
    ----------
    result
        Of a survival model, asked with a ``time_horizon``.
    curves
        ``"prediction"``: the profiles of the request, a panel for each site and stratum;
        ``"baseline_hazard"``: at the pooled means of the columns. By default the profiles if any.

    Returns
    -------
    Figure
        A curve is known at its points; between two of them it lies in the shaded steps (drawn for
        up to three curves a panel). Numbers at risk are the rows that remain after a time; a dash
        where a site does not show them.

    Raises
    ------
    FigureError
        If the result has no curve, or none with a point.
    """
    name = curves or ("prediction" if result.get("prediction") else "baseline_hazard")
    found = [c for c in style.table(result, name, REMEDY) if c["time"]]
    if not found:
        raise style.FigureError("The curves of all sites are withheld.", WITHHELD)
    by_profile = name == "prediction"
    names, panels = arrange(result, found, by_profile=by_profile)
    with style.drawing(theme) as colours:
        across = min(len(panels), max(1, int(width // 55)))
        down = -(-len(panels) // across)
        most = max(len(panel.risk_names) for panel in panels)
        beneath = 4.0 + 3.6 * most
        figure = style.sheet(width, down * (56 + beneath) + 4.5 * (1 + len(names) // across))
        grid = figure.subplots(2 * down, across, height_ratios=[46, beneath] * down, squeeze=False)
        ticks = _ticks(found)
        end = 1.03 * max(ticks[-1], *(curve["time"][-1] for curve in found))
        kinds = style.styles(colours, len(names))
        for axes in grid.flat:
            axes.set_xlim(-0.04 * end, end)
            axes.set_axis_off()
        for number, panel in enumerate(panels):
            row, column = divmod(number, across)
            above, below = grid[2 * row, column], grid[2 * row + 1, column]
            _curves(above, panel, kinds, colours)
            above.set_xticks(ticks)
            above.set_xlabel(str(result["request"]["time"]))
            above.set_ylabel("Survival" if column == 0 else "")
            _at_risk(below, panel, kinds, colours, ticks)
        _legend(figure, names, kinds, by_profile=by_profile, width=width)
        return figure


def arrange(
    result: Record, found: Sequence[Record], *, by_profile: bool
) -> tuple[list[str], list[Panel]]:
    """Return the names in the legend, and the curves in panels that no more than 6 curves share."""
    baselines = {(c["organization_id"], c["stratum"]): c for c in result["baseline_hazard"]}
    several = by_profile or len(found) > MOST_CURVES
    names: list[str] = []
    panels: dict[str, Panel] = {}
    for curve in found:
        site, stratum = site_name(result, curve["organization_id"]), stratum_name(result, curve)
        if by_profile:
            title, name = ", ".join(filter(None, (site, stratum))), str(curve["profile"])
        elif several:
            title, name = site, stratum or "baseline"
        else:
            title, name = "", ", ".join(filter(None, (site, stratum)))
        if name not in names:
            names.append(name)
        panel = panels.setdefault(title, Panel(title, [], []))
        at_risk = numbers_at_risk(result, baselines[curve["organization_id"], curve["stratum"]])
        panel.lines.append(Line(curve, names.index(name), at_risk))
        row = "At risk" if by_profile else name
        if row not in panel.risk_names:
            panel.risk_names.append(row)
    if by_profile:
        names = [profile_label(result, int(name)) for name in names]
    return names, list(panels.values())


def numbers_at_risk(result: Record, baseline: Record) -> dict[float, int | None]:
    """Return the rows that remain after each time; at 0 all rows, where the result tells them."""
    found = dict(zip(baseline["time"], baseline["n_at_risk"], strict=True))
    request = result["request"]
    if request["entry"] is None and not request["strata"]:
        sites = {site["organization_id"]: site["n"] for site in result["sites"]}
        site = baseline["organization_id"]
        found[0.0] = result["fit"][0]["n"] if site is None else sites.get(site)
    return found


def _ticks(found: Sequence[Record]) -> list[float]:
    end = max(max(curve["time"]) for curve in found)
    ticks = MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]).tick_values(0, end)
    return [float(t) for t in ticks if 0 <= t <= end * 1.001]


def _curves(axes: Axes, panel: Panel, kinds: list[dict[str, Any]], colours: Colours) -> None:
    axes.set_axis_on()
    for line in panel.lines:
        kind = kinds[line.series]
        time = np.array([0.0, *line.curve["time"]])
        survival = np.array([1.0, *line.curve["survival"]])
        every = max(1, len(time) // MOST_MARKERS)
        axes.plot(time, survival, markevery=slice(1, None, every), **kind)
        if len(panel.lines) <= MOST_SHADED:
            # between two points the curve only falls: it lies between the two staircases
            before = np.append(1.0, survival[:-1])
            shade = {"color": kind["color"], "alpha": 0.13, "linewidth": 0}
            axes.fill_between(time, survival, before, step="pre", **shade)
    axes.set_title(panel.title)
    axes.set_ylim(-0.01, 1.03)
    axes.set_yticks(np.linspace(0, 1, 6))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.grid(axis="y", color=colours.grid, linewidth=0.4)
    axes.set_axisbelow(True)


def _at_risk(
    axes: Axes, panel: Panel, kinds: list[dict[str, Any]], colours: Colours, ticks: list[float]
) -> None:
    """Print the numbers at risk under the ticks, a row for each baseline of the panel."""
    axes.set_axis_on()
    rows: dict[str, Line] = {}
    for name, line in zip(_row_names(panel), panel.lines, strict=True):
        rows.setdefault(name, line)
    for y, line in enumerate(rows.values()):
        for tick in ticks:
            number = line.at_risk.get(tick)
            text = DASH if number is None else f"{number}"
            axes.text(tick, y, text, ha="center", va="center", color=colours.ink)
    axes.set_title("Number at risk", fontsize=style.SMALL, fontweight="normal", pad=2)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xticks([])
    axes.set_yticks(range(len(rows)), list(rows) if len(rows) > 1 else [""])
    axes.tick_params(axis="y", length=0)
    for label, line in zip(axes.get_yticklabels(), rows.values(), strict=True):
        label.set_color(kinds[line.series]["color"])
    axes.spines[:].set_visible(False)


def _row_names(panel: Panel) -> list[str]:
    if len(panel.risk_names) == len(panel.lines):
        return panel.risk_names
    return [panel.risk_names[0]] * len(panel.lines)


def _legend(
    figure: Figure, names: list[str], kinds: list[dict[str, Any]], *, by_profile: bool, width: float
) -> None:
    """Name the curves under the panels; a single curve of everybody needs no name."""
    if len(names) == 1 and not by_profile:
        return
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], **kind) for kind in kinds]
    columns = max(1, min(len(names), int(width / 45 if not by_profile else width / 85)))
    figure.legend(handles, names, loc="outside lower center", ncols=columns)
