"""The ROC curve from the points that all sites can show."""

from __future__ import annotations

from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from v6_clinical.analyst.figures import style
from v6_clinical.analyst.figures.style import Record, Theme
from v6_clinical.face.words import DASH

REMEDY: Final = (
    "It comes with models of risk where sites have enough rows to show risks by outcome."
)


def roc(
    result: Record,
    ax: Axes | None = None,
    *,
    theme: Theme = "light",
    width: float = style.COLUMN,
) -> Figure:
    """Draw the ROC curve: exact points, and the shaded steps between which the curve lies.

    The pooled AUC is printed with its certain bounds, and beside it the AUC of pairs
    within sites.

    Raises
    ------
    FigureError
        If the result has no point of the curve.
    """
    points = style.table(result, "roc", REMEDY)
    if not points["threshold"]:
        raise style.FigureError("No point of the ROC curve can be shown.", REMEDY)
    # from (0, 0) up: thresholds fall
    across = np.array([0.0, *points["false_positive_rate"][::-1], 1.0])
    up = np.array([0.0, *points["true_positive_rate"][::-1], 1.0])
    fit = result["fit"][0]
    with style.drawing(theme) as colours:
        if ax is None:
            ax = style.sheet(width, width).subplots()
        colour = colours.series[0]
        upper = np.append(up[0], up[1:])
        lower = np.append(up[0], up[:-1])
        ax.fill_between(across, lower, upper, step="pre", color=colour, alpha=0.16, linewidth=0)
        ax.plot([0, 1], [0, 1], color=colours.faint, linewidth=0.6, linestyle=(0, (4, 3)))
        ax.plot(across, up, color=colour, marker="o", markersize=2.2)
        ax.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal")
        ax.set(xlabel="1 − specificity", ylabel="Sensitivity")
        ax.set_xticks(np.linspace(0, 1, 6))
        ax.set_yticks(np.linspace(0, 1, 6))
        ax.text(0.97, 0.05, auc_text(fit), ha="right", va="bottom", linespacing=1.5)
        return style.whole(ax)


def auc_text(fit: Record) -> str:
    """Return the AUCs as the figure prints them."""
    low, high = _three(fit["auc_low"]), _three(fit["auc_high"])
    bounds = f"between {low} and {high}"
    pooled = bounds if fit["auc"] is None else f"{_three(fit['auc'])} ({bounds})"
    return f"AUC {pooled}\nwithin sites {_three(fit['auc_within'])}"


def _three(value: float | None) -> str:
    return DASH if value is None else f"{value:.3f}"
