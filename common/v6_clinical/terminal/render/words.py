"""How numbers are written for people, wherever they read them."""

from __future__ import annotations

DASH = "–"  # withheld, or undefined


def p_value(value: float | None, digits: int = 3) -> str:
    """Return a p-value as journals print it: never 0."""
    if value is None:
        return DASH
    least = 10.0**-digits
    return f"<{least:.{digits}f}" if value < least else f"{value:.{digits}f}"
