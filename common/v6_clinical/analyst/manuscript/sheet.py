"""A table before it is written: rows of text, and how numbers become text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Labels = Mapping[str, str]
NONE = "–"


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
    return NONE if value is None else f"{value:,.{digits}f}"


def p_value(value: float | None, digits: int = 3) -> str:
    """Format a p-value as journals do: never 0, three decimals."""
    if value is None:
        return NONE
    least = 10.0**-digits
    return f"<{least:.{digits}f}" if value < least else f"{value:.{digits}f}"
