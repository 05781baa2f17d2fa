"""How far the sites' own estimates differ: I² by term, with Q and tau² beside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from v6_clinical.analyst.figures import style
from v6_clinical.analyst.figures.columns import print_beside, print_names
from v6_clinical.analyst.figures.style import Record, Theme
from v6_clinical.face.terms import labels
from v6_clinical.face.words import p_value

ROW: Final = 5.0  # mm
REMEDY: Final = (
    "At least two sites must have an estimate of their own that they may send "
    "(V6C_ALLOW_PER_SITE, enough rows)."
)


def heterogeneity(
    result: Record, ax: Axes | None = None, *, theme: Theme = "light", width: float = style.PAGE
) -> Figure:
    """Draw I² of each term from 0 to 100 %, and print Q (df), its p-value and tau².

    I² is the share of the variation of the sites' estimates that chance does not explain
    (Higgins & Thompson 2002); tau² the variance between sites (DerSimonian & Laird 1986) on the
    scale of the coefficient.

    Raises
    ------
    FigureError
        If fewer than two sites had estimates of their own.
    """
    records = style.table(result, "heterogeneity", REMEDY)
    with style.drawing(theme) as colours:
        if ax is None:
            ax = style.sheet(width, 17 + ROW * len(records)).subplots()
        for y, record in enumerate(records):
            share = 100 * record["i2"]
            ax.plot([0, share], [y, y], color=colours.series[0], linewidth=1.4)
            ax.plot([share], [y], color=colours.series[0], marker="o", markersize=4, clip_on=False)
            ax.axhline(y, color=colours.grid, linewidth=0.4, zorder=0)
        ax.set(xlim=(0, 100), xlabel="I² (%)", ylim=(len(records) - 0.4, -0.6))
        words = labels(result)
        names = [words.get(record["term"], record["term"]) for record in records]
        print_names(ax, names, [False] * len(names), colours)
        print_beside(ax, texts(records), colours)
        return style.whole(ax)


def texts(records: Sequence[Record]) -> dict[str, list[str]]:
    """Return the columns that are printed, by their heads."""
    return {
        "I²": [f"{100 * record['i2']:.0f}%" for record in records],
        "Q (df)": [f"{record['q']:.2f} ({record['df']:g})" for record in records],
        "P": [p_value(record["p_value"]) for record in records],
        "tau²": [f"{record['tau2']:.3g}" for record in records],
        "Sites": [f"{record['k']:g}" for record in records],
    }
