"""The questions that the centre asks; ``Question.read`` is their strict reading at a site."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from v6_clinical.disclosure.cells import Window
from v6_clinical.protocol.question import Question
from v6_clinical.regression import question
from v6_clinical.regression.glm import questions as glm

MOST_POINTS = 2_000


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


class Report(question.Report):
    """What the last evaluation sends besides: the meat, and counts of risks on a grid."""

    FREE: ClassVar[frozenset[str]] = frozenset({"grid"})

    grid: Grid | None


class Evaluate(glm.Evaluate):
    """The likelihood at one coefficient vector."""

    report: Report | None
