"""The closed list of what a model may be made of: each factor reads one raw column.

The classes are strict and frozen: an unknown kind, an extra field, a wrong type or a number that
is not finite is refused, whoever sent it. No class evaluates anything; ``values`` does.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from v6_clinical.model.knots import on_grid

# A product of scaled columns must not overflow: which scales a site refuses would tell the largest
# value of a column.
SMALLEST_SD: Final = 1e-12
# Columns of a spline at the smallest and the largest df that a request may ask for.
SPLINE_DF: Final = {"bs": (3, 6), "ns": (2, 5)}

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e70, le=1e70)]
Positive = Annotated[float, Field(allow_inf_nan=False, gt=0, le=1e70)]
Numbers = Annotated[tuple[Number, ...], Field(strict=False, min_length=1, max_length=8)]


class _Factor(BaseModel):
    """What all factors share: one raw column, strict fields."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    column: Name

    @property
    def label(self) -> str:
        """Name of the factor in column names, as formulaic and patsy write it."""
        raise NotImplementedError

    @property
    def width(self) -> int:
        """Number of design columns of a numeric factor."""
        return 1

    def part_label(self, index: int) -> str:
        """Name of the index-th design column of a numeric factor."""
        del index  # the only one
        return self.label


class Column(_Factor):
    """A column as it is: numeric, or categorical where levels are agreed for it."""

    kind: Literal["column"] = "column"

    @property
    def label(self) -> str:
        """The column's own name."""
        return self.column


class Category(_Factor):
    """``C(x, ref="a")``: a column that is categorical even if it holds numbers."""

    kind: Literal["category"] = "category"
    reference: Annotated[str, Field(min_length=1, max_length=200)] | None = None

    @property
    def label(self) -> str:
        """The call, with the reference if one was given."""
        reference = "" if self.reference is None else f", ref={self.reference!r}"
        return f"C({quoted(self.column)}{reference})"


class Function(_Factor):
    """``log(x)``, ``log1p(x)`` or ``sqrt(x)`` of a raw column."""

    kind: Literal["function"] = "function"
    function: Literal["log", "log1p", "sqrt"]

    @property
    def label(self) -> str:
        """The call."""
        return f"{self.function}({quoted(self.column)})"


class Power(_Factor):
    """``x**2`` or ``x**3``, also as ``I(x**2)`` or within ``poly2(x)``."""

    kind: Literal["power"] = "power"
    exponent: Literal[2, 3]

    @property
    def label(self) -> str:
        """The spelling of formulaic and patsy, however it was typed."""
        return f"I({quoted(self.column)} ** {self.exponent})"


class Scale(_Factor):
    """``scale(x)``: (x - mean) / sd with the pooled moments, once these are known."""

    kind: Literal["scale"] = "scale"
    mean: Number | None = None
    sd: Annotated[float, Field(allow_inf_nan=False, ge=SMALLEST_SD, le=1e70)] | None = None

    @property
    def label(self) -> str:
        """The call."""
        return f"scale({quoted(self.column)})"


class Affine(_Factor):
    """``I(a*x + b)``: a change of unit. The centre keeps it; sites only see ``x``."""

    kind: Literal["affine"] = "affine"
    factor: Number
    shift: Number
    text: Annotated[str, Field(min_length=1, max_length=1000)]

    @model_validator(mode="after")
    def _invertible(self) -> Affine:
        if not 1e-30 <= abs(self.factor) <= 1e30:
            raise ValueError("a change of unit needs a factor that is neither 0 nor extreme")
        return self

    @property
    def label(self) -> str:
        """The call as typed, white space aside."""
        return self.text


class Spline(_Factor):
    """``bs(x, ...)`` or ``ns(x, ...)``: what was asked for, and what it came to.

    ``df``, ``knots``, ``lower``, ``upper`` are the request and make the label; ``step`` (a power of
    two) and ``placed`` (boundary, interior knots, boundary: ascending multiples of ``step``) are
    filled in by ``moments.resolve``. The basis depends on ``placed`` alone; a site takes it only
    with the ``step`` that it is on, whose fineness it judges by its own values
    (``knots.fine_step``).
    """

    kind: Literal["spline"] = "spline"
    basis: Literal["bs", "ns"]
    df: int | None = None
    knots: Numbers | None = None
    lower: Number | None = None
    upper: Number | None = None
    step: Positive | None = None
    placed: Numbers | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Spline:
        if (self.df is None) == (self.knots is None):
            raise ValueError("give either df or knots")
        smallest, largest = SPLINE_DF[self.basis]
        if not smallest <= self.width <= largest:
            raise ValueError(f"{self.basis}() takes {smallest} to {largest} degrees of freedom")
        if not _ascending((self.lower, *(self.knots or ()), self.upper)):
            raise ValueError("lower, knots and upper must ascend")
        if self.step is not None or self.placed is not None:
            self._check_placed(self.step or 0.0, self.placed or ())
        return self

    def _check_placed(self, step: float, placed: tuple[float, ...]) -> None:
        if len(placed) != self.inner + 2:
            raise ValueError("wrong number of placed knots")
        if not on_grid(placed, step):
            raise ValueError("the placed knots are not on the grid of a power of two")

    @property
    def width(self) -> int:
        """Number of basis functions, the intercept left out."""
        if self.df is not None:
            return self.df
        return len(self.knots or ()) + (3 if self.basis == "bs" else 1)

    @property
    def inner(self) -> int:
        """Number of interior knots."""
        return self.width - (3 if self.basis == "bs" else 1)

    @property
    def label(self) -> str:
        """The call, its arguments in a fixed order."""
        parts = [quoted(self.column)]
        parts += [] if self.df is None else [f"df={self.df}"]
        if self.knots is not None:
            parts.append(f"knots=[{', '.join(_short(knot) for knot in self.knots)}]")
        bounds = {"lower": self.lower, "upper": self.upper}
        parts += [f"{name}={_short(at)}" for name, at in bounds.items() if at is not None]
        return f"{self.basis}({', '.join(parts)})"

    def part_label(self, index: int) -> str:
        """Name of the index-th basis function, counted from 1."""
        return f"{self.label}[{index + 1}]"


Factor: TypeAlias = Column | Category | Function | Power | Scale | Affine | Spline


def is_numeric(factor: Factor, categorical: Collection[str]) -> bool:
    """Tell whether a factor gives numbers, where ``categorical`` names the columns with levels."""
    if isinstance(factor, Category):
        return False
    return not isinstance(factor, Column) or factor.column not in categorical


def quoted(name: str) -> str:
    """Return the name as it can be written within a call: backquoted unless an identifier."""
    return name if name.isidentifier() else f"`{name}`"


def _ascending(numbers: Sequence[float | None]) -> bool:
    given = [number for number in numbers if number is not None]
    return all(left < right for left, right in pairwise(given))


def _short(number: float) -> str:
    whole = number.is_integer() and abs(number) < 1e15
    return str(int(number)) if whole else repr(number)
