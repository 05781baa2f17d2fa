"""The questions that the central side asks; ``Question.read`` is their strict reading at a site."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from v6_clinical.disclosure.cells import Window
from v6_clinical.protocol.question import Labels, Name, Question, WrongFieldError

MOST_COLUMNS = 201
MOST_LEVELS = 1000
MOST_POINTS = 20_000
MOST_WINDOWS = 20_000

Names = Annotated[tuple[Name, ...], Field(strict=False, min_length=1, max_length=MOST_COLUMNS)]
Merged = Annotated[dict[Name, Labels], Field(max_length=MOST_LEVELS)]
Codebook = Annotated[dict[Name, Labels], Field(max_length=MOST_LEVELS)]
Place = Annotated[int, Field(ge=0, lt=MOST_LEVELS)]


class Points(Question):
    """The points 2^level * (first .. last) of the fixed grid."""

    level: Annotated[int, Field(ge=-300, le=300)]
    first: Annotated[int, Field(gt=-(2**53), lt=2**53)]
    last: Annotated[int, Field(gt=-(2**53), lt=2**53)]

    @model_validator(mode="after")
    def _size(self) -> Points:
        if not 0 <= self.last - self.first < MOST_POINTS:
            raise ValueError("too many points")
        return self

    @classmethod
    def of(cls, window: Window) -> Points:
        """Ask for the points of a window."""
        return cls(level=window.level, first=window.first, last=window.last)

    def window(self) -> Window:
        """Return the points as the cells know them."""
        return Window(self.level, self.first, self.last)


class Describe(Question):
    """What do the columns hold? ``names`` ends with the grouping column, if there is one."""

    names: Names
    group_by: Name | None
    levels: Codebook
    collapse: Annotated[dict[Name, Merged], Field(max_length=MOST_LEVELS)]

    @model_validator(mode="after")
    def _consistent(self) -> Describe:
        _differ(self.names, "names")
        if self.group_by is not None and self.group_by not in self.names:
            raise WrongFieldError("group_by", "the grouping column is one of the names")
        return self


class Factor(Question):
    """A categorical column, its agreed levels, and the levels to merge first."""

    name: Name
    levels: Labels
    collapse: Merged


class Numeric(Question):
    """A numeric column, the shift of its power sums, and the grid of its cumulative counts."""

    name: Name
    shift: Annotated[float, Field(allow_inf_nan=False)]
    window: Points


class Finer(Question):
    """Finer points for all rows of a column, or for one of its groups."""

    name: Name
    group: Place | None
    window: Points


Windows = Annotated[tuple[Finer, ...], Field(strict=False, max_length=MOST_WINDOWS)]


class Tabulate(Question):
    """The sums of every table; ``finer`` are finer points where quantiles lie."""

    numeric: Annotated[tuple[Numeric, ...], Field(strict=False, max_length=MOST_COLUMNS)]
    categorical: Annotated[tuple[Factor, ...], Field(strict=False, max_length=MOST_COLUMNS)]
    group: Factor | None
    correlation: bool
    per_site: bool
    finer: Windows = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Return all columns that the question touches."""
        group = [] if self.group is None else [self.group.name]
        return (*(c.name for c in self.numeric), *(c.name for c in self.categorical), *group)

    @model_validator(mode="after")
    def _consistent(self) -> Tabulate:
        if not self.names:
            raise WrongFieldError("numeric", "no column")
        _differ(self.names, "numeric")
        _within(self.finer, "finer", {column.name for column in self.numeric}, self.group)
        return self


class Refine(Question):
    """Finer points around quantiles.

    ``names`` are the columns of round 2 again, so that the row count is told or withheld as then.
    """

    names: Names
    windows: Annotated[Windows, Field(min_length=1)]
    group: Factor | None

    @model_validator(mode="after")
    def _consistent(self) -> Refine:
        _within(self.windows, "windows", set(self.names), self.group)
        if self.group is not None and self.group.name not in self.names:
            raise WrongFieldError("group", "the grouping column is one of the names")
        return self


def _differ(names: tuple[str, ...], field: str) -> None:
    """Refuse a column that is named twice, be it with white space: R2, one merging of levels."""
    if len({name.strip() for name in names}) < len(names):
        raise WrongFieldError(field, "a column is named twice")


def _within(windows: tuple[Finer, ...], field: str, names: set[str], group: Factor | None) -> None:
    """Refuse finer points of columns and groups that the question does not hold."""
    groups = 0 if group is None else len(group.levels)
    unknown = [one for one in windows if one.group is not None and one.group >= groups]
    if unknown or not {one.name for one in windows} <= names:
        raise WrongFieldError(field, "finer points of an unknown column or group")
