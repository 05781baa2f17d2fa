"""The questions that the central side asks; ``Question.read`` is their strict reading at a site."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, NamedTuple

from pydantic import Field, model_validator

from v6_clinical.disclosure.cells import Window
from v6_clinical.protocol.question import Labels, Name, Question, WrongFieldError

MOST_COLUMNS = 201
MOST_LEVELS = 1000
MOST_POINTS = 20_000
# Of one question, or a message of a megabyte would keep a site busy for minutes: all points of all
# windows, and all curves of finer points. All rows of a grouped column are a curve a group.
MOST_TOGETHER = 300_000
MOST_CURVES = 1_000

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

    @property
    def count(self) -> int:
        """How many they are."""
        return self.last - self.first + 1

    def coarser(self) -> Points:
        """Return every other point, down to three, over at least the same range."""
        if self.count <= 3 or self.level == 300:
            return self
        return Points(level=self.level + 1, first=self.first // 2, last=-(-self.last // 2))

    def window(self) -> Window:
        """Return the points as the cells know them."""
        return Window(self.level, self.first, self.last)


class Describe(Question):
    """What do the columns hold? ``names`` ends with the grouping column, if there is one.

    ``correlation`` says whether ``tabulate`` will be asked for products of columns: a site that
    blurs its sums draws these together.
    """

    names: Names
    group_by: Name | None
    levels: Codebook
    collapse: Annotated[dict[Name, Merged], Field(max_length=MOST_LEVELS)]
    correlation: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> Describe:
        _differ(self.names, "names")
        if self.group_by is not None and self.group_by not in self.names:
            raise WrongFieldError("group_by", "the grouping column is one of the names")
        return self

    def standing(self) -> Any:
        """Return the columns in a fixed order, and their codebook."""
        return super().standing() | {"names": sorted(self.names)}

    def leads_to(
        self, names: tuple[str, ...], numeric: tuple[str, ...], factors: tuple[Factor, ...]
    ) -> bool:
        """Tell whether a later question is about these columns, in this codebook's words."""
        levels, merged = self.levels, self.collapse
        return (
            set(names) <= set(self.names)
            and not levels.keys() & set(numeric)
            and all(levels.get(one.name, one.levels) == one.levels for one in factors)
            and all(merged.get(one.name, {}) == one.collapse for one in factors)
        )


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

    def size(self, groups: int) -> Size:
        """Return what a site does for it, of a question with so many groups."""
        curves = 1 if self.group is not None else 1 + groups
        return Size(self.window.count * curves, curves)


class Size(NamedTuple):
    """How much a question asks for."""

    points: int
    curves: int

    def fits(self) -> bool:
        """Tell whether a site answers as much at once."""
        return self.points <= MOST_TOGETHER and self.curves <= MOST_CURVES

    def beside(self, other: Size) -> Size:
        """Return both together."""
        return Size(self.points + other.points, self.curves + other.curves)


NOTHING = Size(0, 0)


def size_of(windows: Iterable[Finer], groups: int) -> Size:
    """Return how much all these finer points are."""
    sizes = [one.size(groups) for one in windows]
    return Size(sum(size.points for size in sizes), sum(size.curves for size in sizes))


Windows = Annotated[tuple[Finer, ...], Field(strict=False, max_length=MOST_CURVES)]


class Tabulate(Question):
    """The sums of every table; ``finer`` are finer points where quantiles lie."""

    numeric: Annotated[tuple[Numeric, ...], Field(strict=False, max_length=MOST_COLUMNS)]
    categorical: Annotated[tuple[Factor, ...], Field(strict=False, max_length=MOST_COLUMNS)]
    group: Factor | None
    correlation: bool
    per_site: bool
    finer: Windows = ()
    opening: Describe | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Return all columns that the question touches."""
        group = [] if self.group is None else [self.group.name]
        return (*(c.name for c in self.numeric), *(c.name for c in self.categorical), *group)

    @property
    def grids(self) -> Size:
        """How much the numeric columns' own windows are, of all rows and of each group."""
        groups = 0 if self.group is None else len(self.group.levels)
        return Size(sum(column.window.count for column in self.numeric) * (1 + groups), 0)

    @model_validator(mode="after")
    def _consistent(self) -> Tabulate:
        if not self.names:
            raise WrongFieldError("numeric", "no column")
        _differ(self.names, "numeric")
        if not self.grids.fits():
            raise WrongFieldError("numeric", "too many points together")
        _check_opening(self.opening, self.names, self.group, self.numeric, self.categorical)
        if self.opening is not None and self.correlation and not self.opening.correlation:
            raise WrongFieldError("correlation", "the opening asks for none")
        names = {column.name for column in self.numeric}
        _within(self.finer, "finer", names, self.group, self.grids)
        return self

    def standing(self) -> Any:
        """Return that of the opening, and whether the site's own tables are asked for."""
        if self.opening is None:
            return super().standing()
        return self.opening.standing() | {"per_site": self.per_site}


class Refine(Question):
    """Finer points around quantiles.

    ``names`` are the columns of round 2 again, so that the row count is told or withheld as then.
    """

    names: Names
    windows: Annotated[Windows, Field(min_length=1)]
    group: Factor | None
    opening: Describe | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Refine:
        _within(self.windows, "windows", set(self.names), self.group)
        if self.group is not None and self.group.name not in self.names:
            raise WrongFieldError("group", "the grouping column is one of the names")
        _check_opening(self.opening, self.names, self.group)
        return self

    def standing(self) -> Any:
        """Return that of the opening."""
        return super().standing() if self.opening is None else self.opening.standing()


def _check_opening(
    opening: Describe | None,
    names: tuple[str, ...],
    group: Factor | None,
    numeric: tuple[Numeric, ...] = (),
    categorical: tuple[Factor, ...] = (),
) -> None:
    """Refuse what does not follow from the question that the analysis began with."""
    if opening is None:
        return
    factors = categorical if group is None else (*categorical, group)
    grouped = None if group is None else group.name
    numbers = tuple(column.name for column in numeric)
    if grouped != opening.group_by or not opening.leads_to(names, numbers, factors):
        raise WrongFieldError("opening", "the question is another analysis's")


def _differ(names: tuple[str, ...], field: str) -> None:
    """Refuse a column that is named twice, be it with white space: R2, one merging of levels."""
    if len({name.strip() for name in names}) < len(names):
        raise WrongFieldError(field, "a column is named twice")


def _within(
    windows: tuple[Finer, ...],
    field: str,
    names: set[str],
    group: Factor | None,
    beside: Size = NOTHING,
) -> None:
    """Refuse finer points of columns and groups that the question does not hold, or too many."""
    groups = 0 if group is None else len(group.levels)
    unknown = [one for one in windows if one.group is not None and one.group >= groups]
    if unknown or not {one.name for one in windows} <= names:
        raise WrongFieldError(field, "finer points of an unknown column or group")
    if not size_of(windows, groups).beside(beside).fits():
        raise WrongFieldError(field, "too many points together")
