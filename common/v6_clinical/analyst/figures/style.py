"""How every figure looks: two themes, sizes in millimetres, and fonts that journals accept.

Colours are those of Okabe and Ito (2008), which the colour-blind tell apart; curves differ in
dashes and markers too, so that a print in grey can be read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from itertools import cycle, islice
from typing import Any, Final, Literal, cast

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

Theme = Literal["light", "dark"]
Record = Mapping[str, Any]

MM: Final = 1 / 25.4  # inches
PAGE: Final = 178.0  # mm
COLUMN: Final = 85.0
SMALL: Final = 7.0  # points


@dataclass(frozen=True)
class Colours:
    """The colours of a theme; ``series`` is for curves and groups, in this order."""

    paper: str
    ink: str
    faint: str
    grid: str
    band: str
    series: tuple[str, ...]


THEMES: Final[dict[Theme, Colours]] = {
    "light": Colours(
        paper="#ffffff",
        ink="#1a1a1a",
        faint="#5a5f66",
        grid="#d9dce0",
        band="#f3f4f6",
        series=("#0072b2", "#d55e00", "#009e73", "#b0508a", "#8a6d00", "#3b8bbf"),
    ),
    "dark": Colours(
        paper="#16181c",
        ink="#ececec",
        faint="#a3a9b1",
        grid="#3a3f46",
        band="#202329",
        series=("#56b4e9", "#ff9350", "#38cfa2", "#e79fca", "#e6cf4a", "#9ad0f0"),
    ),
}
DASHES: Final = ("-", (0, (5, 1.5)), (0, (1.5, 1.5)), (0, (6, 1.5, 1.5, 1.5)))
MARKERS: Final = ("o", "s", "^", "D", "v", "P")

# What saving needs: text that stays text in PDF (Type 42), outlines in SVG, the same bytes again.
SAVE: Final[Any] = {"pdf.fonttype": 42, "ps.fonttype": 42, "svg.fonttype": "path"}


class FigureError(ValueError):
    """A result does not hold what a figure shows; the message ends with the remedy."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.remedy = remedy


class Drawing(Figure):
    """A figure that embeds its fonts when saved, and that notebooks show without pyplot."""

    def savefig(self, fname: Any, **options: Any) -> None:
        """Save as matplotlib does; text stays text in PDF, and becomes outlines in SVG."""
        with mpl.rc_context(SAVE):
            super().savefig(fname, **options)

    def svg(self, salt: str = "v6-clinical") -> str:
        """Return the figure as SVG text, the same for the same result."""
        file = StringIO()
        with mpl.rc_context({"svg.hashsalt": salt}):
            self.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
        return file.getvalue()

    def _repr_svg_(self) -> str:
        return self.svg()


def settings(theme: Theme) -> Any:
    """Return matplotlib's settings for a theme; the font is left to the user's."""
    colours = THEMES[theme]
    return {
        "figure.facecolor": colours.paper,
        "axes.facecolor": "none",
        "axes.edgecolor": colours.faint,
        "axes.labelcolor": colours.ink,
        "axes.titlecolor": colours.ink,
        "axes.linewidth": 0.6,
        "axes.labelsize": SMALL + 0.5,
        "axes.titlesize": SMALL + 1,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.unicode_minus": True,
        "font.size": SMALL,
        "text.color": colours.ink,
        "text.usetex": False,
        "text.parse_math": False,  # a column may be named $x$
        "xtick.color": colours.faint,
        "ytick.color": colours.faint,
        "xtick.labelcolor": colours.ink,
        "ytick.labelcolor": colours.ink,
        "xtick.labelsize": SMALL,
        "ytick.labelsize": SMALL,
        "xtick.major.width": 0.6,
        "ytick.major.width": 0.6,
        "xtick.major.size": 2.5,
        "ytick.major.size": 2.5,
        "legend.fontsize": SMALL,
        "legend.frameon": False,
        "legend.handlelength": 2.4,
        "lines.linewidth": 1.2,
        "lines.markersize": 3.0,
        "hatch.linewidth": 0.5,
        "figure.dpi": 150,
        "savefig.dpi": 300,
    }


@contextmanager
def drawing(theme: Theme) -> Iterator[Colours]:
    """Draw in a theme; matplotlib's settings are afterwards as before."""
    if theme not in THEMES:
        raise ValueError(f"theme must be 'light' or 'dark', but was {theme!r}")
    with mpl.rc_context(settings(theme)):
        yield THEMES[theme]


def sheet(width: float, height: float) -> Drawing:
    """Return an empty figure of that many millimetres."""
    pads = ConstrainedLayoutEngine(w_pad=1.5 * MM, h_pad=1.2 * MM)
    return Drawing(figsize=(width * MM, height * MM), layout=pads)


def whole(axes: Axes) -> Figure:
    """Return the figure that the axes are drawn in."""
    return cast(Figure, axes.get_figure(root=True))


def styles(colours: Colours, count: int) -> list[dict[str, Any]]:
    """Return ``count`` styles of curves that differ in colour, dashes and marker."""
    every = zip(cycle(colours.series), cycle(DASHES), cycle(MARKERS), strict=False)
    return [{"color": c, "linestyle": d, "marker": m} for c, d, m in islice(every, count)]


def table(result: Record, name: str, remedy: str) -> Any:
    """Return a table of a result.

    Raises
    ------
    FigureError
        If the result has no such table or an empty one: with ``remedy``, or with the error of the
        result if it is refused or failed.
    """
    if result.get("error"):
        error = result["error"]
        message = f"The analysis {result['status']}: {error['code']}. {error['message']}"
        raise FigureError(message, error["remedy"])
    found = result.get(name)
    if not found:
        raise FigureError(f"The result of {result['analysis']} has no {name}.", remedy)
    return found


def withheld(axes: Axes, colours: Colours, text: str) -> None:
    """Write in the middle of empty axes why there is nothing to see."""
    axes.text(
        0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=colours.faint
    )
