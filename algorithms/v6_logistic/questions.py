"""The questions that the centre asks; ``Question.read`` is their strict reading at a site."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from v6_clinical.disclosure.cells import Window
from v6_clinical.protocol.question import Labels, Name, Number, Numbers, Question
from v6_clinical.regression.question import Model

MOST_POINTS = 2_000


class Outcome(Question):
    """The outcome's column, its two levels where listed, and the one that counts as 1."""

    column: Name
    levels: Labels | None
    positive: Name | None


class Opening(Question):
    """``describe`` and ``start``: a model and its outcome."""

    model: Model
    outcome: Outcome
    site_effect: bool


class Grid(Question):
    """Points 2^level * (first .. last) of the linear predictor."""

    level: Annotated[int, Field(ge=-60, le=20)]
    first: Annotated[int, Field(ge=-(2**40), le=2**40)]
    last: Annotated[int, Field(ge=-(2**40), le=2**40)]

    @model_validator(mode="after")
    def _size(self) -> Grid:
        if not 0 <= self.last - self.first < MOST_POINTS:
            raise ValueError("too many points")
        return self

    @classmethod
    def of(cls, window: Window) -> Grid:
        """Return the points of a window."""
        return cls(level=window.level, first=window.first, last=window.last)

    def window(self) -> Window:
        """Return the points."""
        return Window(self.level, self.first, self.last)


class Report(Question):
    """What the last evaluation sends besides."""

    meat: bool
    grid: Grid | None


class Evaluate(Opening):
    """The likelihood at one coefficient vector.

    ``shift`` is taken off the slopes' columns; ``intercepts`` holds none, one, or one for each
    site; ``null`` is the intercept of the null model, asked for with an offset.
    """

    shift: Numbers
    intercepts: Annotated[Numbers, Field(max_length=10_000)]
    slopes: Numbers
    null: Number | None
    report: Report | None
