"""A table before it is written: rows of text, and how numbers become text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from v6_clinical.face.words import DASH

Labels = Mapping[str, str]


@dataclass(frozen=True)
class Row:
    """A row; ``indent`` is 1 for a level below its variable."""

    cells: tuple[str, ...]
    indent: int = 0


@dataclass(frozen=True)
class Sheet:
    """A table: a header, rows of as many cells, notes below. The first column is text."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    title: str = ""


def variable(name: str, labels: Labels) -> str:
    """Return how a column is called: ``labels`` says, or its own name."""
    return labels.get(name, name)


def level(column: str, label: str, labels: Labels) -> str:
    """Return how a level is called: ``labels["column=level"]`` says, or its own name."""
    return labels.get(f"{column}={label}", label)


def fixed(value: float | None, digits: int) -> str:
    """Format a number with so many decimals, and commas between thousands."""
    if value is None:
        return DASH
    text = f"{value:,.{digits}f}"
    return text.removeprefix("-") if not text.strip("-0.,") else text  # no -0.0
