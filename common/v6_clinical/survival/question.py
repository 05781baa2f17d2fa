"""Time to event as a site is asked about it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from v6_clinical.protocol.question import Labels, Name, Question


class Stratum(Question):
    """A column of strata, its codebook where there is one, and levels to merge first."""

    column: Name
    levels: Labels | None
    collapse: dict[Name, Labels]


class Survival(Question):
    """The outcome's columns, the strata, and what to do about tied deaths.

    ``event_value`` are the levels of ``event`` that are events; None for 1 of 0/1, or true.
    """

    time: Name
    event: Name
    event_value: (
        Annotated[tuple[Name, ...], Field(strict=False, min_length=1, max_length=50)] | None
    ) = None
    entry: Name | None
    strata: Annotated[tuple[Stratum, ...], Field(strict=False, max_length=5)]
    ties: Literal["efron", "breslow"]

    def columns(self) -> tuple[str, ...]:
        """Return the outcome's columns and the strata."""
        outcome = [name for name in (self.time, self.event, self.entry) if name is not None]
        return (*outcome, *(stratum.column for stratum in self.strata))
