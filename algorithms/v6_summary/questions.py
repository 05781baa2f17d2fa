"""The questions that the centre asks, and their strict reading at a site.

A site trusts nothing: whoever may create a task can send anything. Wrong types, unknown fields and
absurd sizes end in ``BAD_REQUEST``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from v6_clinical.disclosure.cells import Window
from v6_clinical.errors import RefusalError

MOST_COLUMNS = 201
MOST_LEVELS = 1000
MOST_POINTS = 20_000
MOST_WINDOWS = 20_000

Collapse = Mapping[str, list[str]]


@dataclass(frozen=True)
class Describe:
    """What do the columns hold? ``names`` ends with the grouping column, if there is one."""

    names: tuple[str, ...]
    group_by: str | None
    levels: Mapping[str, list[str]]
    collapse: Mapping[str, Collapse]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return asdict(self) | {"names": list(self.names)}

    @classmethod
    def from_json(cls, message: Mapping[str, Any]) -> Describe:
        """Read at a site."""
        _fields(message, "names", "group_by", "levels", "collapse")
        names = tuple(_texts(message["names"], "names", MOST_COLUMNS))
        _require(_differ(names), "names")
        group_by = message["group_by"]
        _require(group_by is None or group_by in names, "group_by")
        levels = _codebook(message["levels"], "levels")
        _require(isinstance(message["collapse"], dict), "collapse")
        collapse = {_text(k): _codebook(v, "collapse") for k, v in message["collapse"].items()}
        return cls(names, group_by, levels, collapse)


@dataclass(frozen=True)
class Factor:
    """A categorical column and its agreed levels."""

    name: str
    levels: list[str]
    collapse: Collapse

    @classmethod
    def from_json(cls, message: Any) -> Factor:
        """Read at a site."""
        _fields(message, "name", "levels", "collapse")
        levels = _texts(message["levels"], "levels", MOST_LEVELS)
        return cls(_text(message["name"]), levels, _codebook(message["collapse"], "collapse"))


@dataclass(frozen=True)
class Numeric:
    """A numeric column, the shift of its power sums, and the grid of its cumulative counts."""

    name: str
    shift: float
    window: Window

    @classmethod
    def from_json(cls, message: Any) -> Numeric:
        """Read at a site."""
        _fields(message, "name", "shift", "window")
        shift = message["shift"]
        _require(type(shift) in (int, float) and math.isfinite(shift), "shift")
        return cls(_text(message["name"]), float(shift), _window(message["window"]))


@dataclass(frozen=True)
class Tabulate:
    """The sums of every table; ``finer`` are finer points where quantiles lie."""

    numeric: tuple[Numeric, ...]
    categorical: tuple[Factor, ...]
    group: Factor | None
    correlation: bool
    per_site: bool
    finer: tuple[Finer, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Return all columns that the question touches."""
        group = [] if self.group is None else [self.group.name]
        return (*(c.name for c in self.numeric), *(c.name for c in self.categorical), *group)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, message: Mapping[str, Any]) -> Tabulate:
        """Read at a site."""
        _fields(message, "numeric", "categorical", "group", "correlation", "per_site", "finer")
        group = message["group"]
        question = cls(
            tuple(Numeric.from_json(m) for m in _entries(message["numeric"], "numeric")),
            tuple(Factor.from_json(m) for m in _entries(message["categorical"], "categorical")),
            None if group is None else Factor.from_json(group),
            _flag(message["correlation"], "correlation"),
            _flag(message["per_site"], "per_site"),
            _finer(message["finer"]),
        )
        _require_finer(question.finer, {c.name for c in question.numeric}, question.group)
        _require(_differ(question.names) and len(question.names) > 0, "numeric")
        return question


@dataclass(frozen=True)
class Finer:
    """Finer points for all rows of a column, or for one of its groups."""

    name: str
    group: int | None
    window: Window

    @classmethod
    def from_json(cls, message: Any) -> Finer:
        """Read at a site."""
        _fields(message, "name", "group", "window")
        group = message["group"]
        _require(group is None or (type(group) is int and 0 <= group < MOST_LEVELS), "group")
        return cls(_text(message["name"]), group, _window(message["window"]))


@dataclass(frozen=True)
class Refine:
    """Finer points around quantiles.

    ``names`` are the columns of round 2 again, so that the row count is told or withheld as then.
    """

    names: tuple[str, ...]
    windows: tuple[Finer, ...]
    group: Factor | None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, message: Mapping[str, Any]) -> Refine:
        """Read at a site."""
        _fields(message, "names", "windows", "group")
        names = tuple(_texts(list(_entries(message["names"], "names")), "names", MOST_COLUMNS))
        group = None if message["group"] is None else Factor.from_json(message["group"])
        windows = _finer(message["windows"])
        _require(len(windows) > 0, "windows")
        _require_finer(windows, set(names), group)
        _require(group is None or group.name in names, "group")
        return cls(names, windows, group)


def _finer(message: Any) -> tuple[Finer, ...]:
    return tuple(Finer.from_json(one) for one in _entries(message, "windows", MOST_WINDOWS))


def _require_finer(windows: tuple[Finer, ...], names: set[str], group: Factor | None) -> None:
    groups = 0 if group is None else len(group.levels)
    _require(all(f.group is None or f.group < groups for f in windows), "windows")
    _require({finer.name for finer in windows} <= names, "windows")


def _require(condition: bool, argument: str) -> None:
    if not condition:
        raise RefusalError("BAD_REQUEST", [argument])


def _differ(names: tuple[str, ...]) -> bool:
    """Tell whether no column is named twice, be it with white space: R2, one merging of levels."""
    return len({name.strip() for name in names}) == len(names)


def _fields(message: Any, *names: str) -> None:
    _require(isinstance(message, dict) and set(message) == set(names), names[0])


def _text(value: Any) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= 200:
        raise RefusalError("BAD_REQUEST", ["name"])
    return value


def _texts(value: Any, argument: str, most: int) -> list[str]:
    _require(isinstance(value, list) and 1 <= len(value) <= most, argument)
    texts = [_text(item) for item in value]
    _require(len(set(texts)) == len(texts), argument)
    return texts


def _entries(value: Any, argument: str, most: int = MOST_COLUMNS) -> list[Any]:
    if not isinstance(value, list | tuple) or len(value) > most:
        raise RefusalError("BAD_REQUEST", [argument])
    return list(value)


def _codebook(value: Any, argument: str) -> dict[str, list[str]]:
    _require(isinstance(value, dict) and len(value) <= MOST_LEVELS, argument)
    return {_text(name): _texts(levels, argument, MOST_LEVELS) for name, levels in value.items()}


def _flag(value: Any, argument: str) -> bool:
    _require(isinstance(value, bool), argument)
    return bool(value)


def _window(message: Any) -> Window:
    _fields(message, "level", "first", "last")
    level, first, last = message["level"], message["first"], message["last"]
    _require(all(type(value) is int for value in (level, first, last)), "window")
    _require(-300 <= level <= 300 and abs(first) < 2**53 and abs(last) < 2**53, "window")
    _require(0 <= last - first < MOST_POINTS, "window")
    return Window(level, first, last)
