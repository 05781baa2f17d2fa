"""Results as tables in a terminal, one module an analysis."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

# What an envelope calls itself, and the function of the module of that name.
SHOWS = {"summary": "summary", "logistic_regression": "logistic", "cox_regression": "cox"}


def show(analysis: str) -> Callable[[dict[str, Any]], None]:
    """Return the function that prints the results of an analysis."""
    name = SHOWS[analysis]
    found: Callable[[dict[str, Any]], None] = getattr(
        import_module(f"v6_clinical.terminal.render.{name}"), name
    )
    return found
