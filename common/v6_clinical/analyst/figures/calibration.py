"""Calibration: observed share of events against predicted risk, in groups of risk."""

from __future__ import annotations

from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from v6_clinical.analyst.figures import style
from v6_clinical.analyst.figures.style import Record, Theme

REMEDY: Final = (
    "It comes with models of risk where sites have enough rows to show risks by outcome."
)
NORMAL: Final = 1.959963984540054  # the .975 quantile


def calibration(
    result: Record,
    ax: Axes | None = None,
    *,
    theme: Theme = "light",
    width: float = style.COLUMN,
) -> Figure:
    """Draw observed against mean predicted risk for each group of the table ``calibration``.

    Bars are 95 % Wilson intervals of the observed share; without them if rows are weighted, when
    groups have no count.

    Raises
    ------
    FigureError
        If the result has no group.
    """
    groups = style.table(result, "calibration", REMEDY)
    predicted = np.array([group["mean_predicted"] for group in groups])
    observed = np.array([group["observed"] for group in groups])
    n = np.array([group["n"] for group in groups], dtype=float)
    weighted = result["request"]["weights"] is not None
    low, high = (observed, observed) if weighted else wilson(observed, n)
    end = min(1.0, 1.08 * float(max(predicted.max(), high.max())))
    with style.drawing(theme) as colours:
        if ax is None:
            ax = style.sheet(width, width).subplots()
        ax.plot([0, 1], [0, 1], color=colours.faint, linewidth=0.6, linestyle=(0, (4, 3)))
        bars = None if weighted else np.abs(np.array([observed - low, high - observed]))
        ax.errorbar(
            predicted,
            observed,
            yerr=bars,
            color=colours.series[0],
            marker="o",
            markersize=3.2,
            linewidth=0.9,
            elinewidth=0.9,
            capsize=1.5,
        )
        ax.set(xlim=(-0.01 * end, end), ylim=(-0.01 * end, end), aspect="equal")
        ax.set(xlabel="Mean predicted risk", ylabel="Observed share of events")
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_formatter(PercentFormatter(1.0))
        sizes = f"{n.min():g}" if n.min() == n.max() else f"{n.min():g} to {n.max():g}"
        text = f"{len(groups)} groups of {sizes}{' (weighted)' if weighted else ' rows'}"
        ax.text(0.97, 0.05, text, transform=ax.transAxes, ha="right", va="bottom")
        return style.whole(ax)


def wilson(share: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return Wilson's 95 % interval of a proportion (Wilson 1927), each of the shape of ``n``."""
    centre = (share + NORMAL**2 / (2 * n)) / (1 + NORMAL**2 / n)
    half = NORMAL / (1 + NORMAL**2 / n) * np.sqrt(share * (1 - share) / n + (NORMAL / n) ** 2 / 4)
    return np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)
