"""Figures of a result, ready for a journal: vector fonts, sizes in millimetres, safe in grey.

Each function takes a result envelope and returns a matplotlib figure; none changes matplotlib's
settings. A result without the table that a figure needs is a :class:`FigureError` that says how
to get it. ``theme="dark"`` draws for a dark page, ``width`` is in millimetres (85 is a column,
178 a page of most journals).

    figures.forest(result).savefig("forest.pdf")
"""

from v6_clinical.analyst.figures.calibration import calibration
from v6_clinical.analyst.figures.distributions import box, histogram
from v6_clinical.analyst.figures.forest import forest
from v6_clinical.analyst.figures.heterogeneity import heterogeneity
from v6_clinical.analyst.figures.roc import roc
from v6_clinical.analyst.figures.style import Drawing, FigureError, Theme
from v6_clinical.analyst.figures.survival import survival

__all__ = [
    "Drawing",
    "FigureError",
    "Theme",
    "box",
    "calibration",
    "forest",
    "heterogeneity",
    "histogram",
    "roc",
    "survival",
]
