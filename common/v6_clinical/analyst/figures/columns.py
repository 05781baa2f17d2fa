"""Columns of text beside a plot: names at the left, the numbers that it draws at the right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from matplotlib.axes import Axes
from matplotlib.transforms import ScaledTranslation

from v6_clinical.analyst.figures.style import Colours, whole

GAP: Final = 9.0  # points between columns
REFERENCE: Final = "reference"  # printed faintly


def print_beside(axes: Axes, columns: Mapping[str, Sequence[str]], colours: Colours) -> None:
    """Print columns right of the axes, a text at each whole y from 0, each as wide as it needs."""
    start = GAP
    for title, texts in columns.items():
        start += _print(axes, title, texts, start, colours) + GAP


def print_names(axes: Axes, names: Sequence[str], bold: Sequence[bool], colours: Colours) -> None:
    """Print names left of the axes, flush left, a text at each whole y from 0."""
    drawn = [
        axes.text(0, y, name, va="center", color=colours.ink, fontweight="bold" if b else "normal")
        for y, (name, b) in enumerate(zip(names, bold, strict=True))
    ]
    figure = whole(axes)
    width = max(text.get_window_extent().width for text in drawn) / figure.dpi + GAP / 72
    place = axes.get_yaxis_transform() + ScaledTranslation(-width, 0, figure.dpi_scale_trans)
    for text in drawn:
        text.set_transform(place)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)


def _print(axes: Axes, title: str, texts: Sequence[str], start: float, colours: Colours) -> float:
    """Print one column ``start`` points right of the axes and return its width in points."""
    figure = whole(axes)
    move = ScaledTranslation(start / 72, 0, figure.dpi_scale_trans)
    place = axes.get_yaxis_transform() + move
    drawn = [axes.text(1, -0.7, title, transform=place, va="bottom", fontweight="bold")]
    for y, text in enumerate(texts):
        colour = colours.faint if text == REFERENCE else colours.ink
        drawn.append(axes.text(1, y, text, transform=place, va="center", color=colour))
    return max(text.get_window_extent().width for text in drawn) * 72 / figure.dpi
