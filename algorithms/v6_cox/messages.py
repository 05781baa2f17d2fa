"""Names in the messages of Cox regression that both ends know."""

from __future__ import annotations

from collections.abc import Sequence


def with_time(labels: Sequence[str]) -> tuple[str, ...]:
    """Return the labels of x and of x g(t), for the test of proportional hazards."""
    return (*labels, *(f"{label} by g(time)" for label in labels))
