"""A figure inside a page: its colours are the page's own, so that it is light or dark with it."""

from __future__ import annotations

import re

from v6_clinical.analyst.figures.style import THEMES, Drawing, Theme


def variables(theme: Theme) -> dict[str, str]:
    """Return the CSS variables of a theme: name without dashes to colour."""
    colours = THEMES[theme]
    names = ("paper", "ink", "faint", "grid", "band")
    series = {f"s{number}": colour for number, colour in enumerate(colours.series)}
    return {name: getattr(colours, name) for name in names} | series


def inline(figure: Drawing, name: str, description: str) -> str:
    """Return a light figure as an element of a page.

    Parameters
    ----------
    name
        Makes the ids of this figure its own among the page's.
    description
        What a screen reader says.
    """
    text = figure.svg(salt=name)
    text = text[text.index("<svg ") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r' (width|height)="[^"]*pt"', "", text, count=2)
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r'(href="#|url\(#)', rf"\g<1>{name}-", text)
    for variable, colour in variables("light").items():
        text = text.replace(colour, f"var(--{variable})")
    label = description.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return text.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
