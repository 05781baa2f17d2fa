"""The site's policy: limits read from the node's environment, and every check that uses them.

Rule numbers (R1 ...) are those of PRIVACY.md. Whoever may create tasks can call a partial with
any argument, so each check runs at the site, before a number is computed. Settings that are
unknown, unreadable or too loose make the site refuse everything: it fails closed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from v6_clinical.errors import RefusalError

PREFIX: Final = "V6C_"


@dataclass(frozen=True)
class Policy:
    """Limits in force at a site. The defaults are the shipped ones.

    ``Policy.open()`` lifts them for somebody who owns all the rows (method work, numerical
    tests); entry modules always use ``Policy.from_environment``.
    """

    min_rows: int = 10
    min_cell: int = 5
    max_parameters_per_row: float = 0.10
    max_levels: int = 40
    levels_per_row: float = 1 / 3
    allowed_columns: frozenset[str] | None = None
    denied_columns: frozenset[str] = frozenset()
    allow_per_site: bool = True
    allow_min_max: bool = False
    allow_event_times: bool = False
    allow_small_missing: bool = False
    allow_preprocessing: bool = False
    allowed_queries: frozenset[str] = frozenset()

    @classmethod
    def open(cls) -> Policy:
        """Return a policy without limits, for in-process callers that own the rows."""
        return cls(
            min_rows=1,
            min_cell=1,
            max_parameters_per_row=1e9,
            max_levels=10**6,
            levels_per_row=1.0,
            allow_min_max=True,
            allow_event_times=True,
            allow_small_missing=True,
            allow_preprocessing=True,
        )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Policy:
        """Read the V6C_* settings.

        Raises
        ------
        RefusalError
            ``BAD_SETTING`` naming the settings that are unknown, unreadable or too loose.
        """
        values: dict[str, Any] = {}
        bad: list[str] = []
        for name, text in environment.items():
            if not name.upper().startswith(PREFIX):
                continue
            try:
                values[name[len(PREFIX) :].lower()] = SETTINGS[name](text)
            except (KeyError, ValueError):
                # An unknown name may be a misspelt limit; it is the operator's text: not echoed.
                bad.append(name if name in SETTINGS else PREFIX + "*")
        if bad:
            raise RefusalError("BAD_SETTING", sorted(set(bad)))
        return cls(**{name: value for name, value in values.items() if name in cls.__annotations__})

    def is_small(self, counts: ArrayLike) -> NDArray[np.bool_]:
        """R2: true for counts that may not be published: more than 0, fewer than a cell."""
        array = np.asarray(counts)
        small: NDArray[np.bool_] = np.greater(array, 0) & np.less(array, self.min_cell)
        return small

    def check_rows(self, n: int, *where: str) -> None:
        """R1: rows used are 0, or at least ``min_rows``."""
        if 0 < n < self.min_rows:
            raise RefusalError("MIN_ROWS", where)

    def check_columns(self, names: Iterable[str]) -> None:
        """R12: every column that a request touches is allowed, by its exact name."""
        denied = [name for name in names if not self._allows(name)]
        if denied:
            raise RefusalError("COLUMN_DENIED", denied)

    def _allows(self, name: str) -> bool:
        listed = self.allowed_columns is None or name in self.allowed_columns
        return listed and name not in self.denied_columns

    def check_level_number(self, levels: int, n: int, column: str) -> None:
        """R13, R11: a column of nearly as many labels as rows is no category.

        Checked before ``collapse``, with a codebook too: merging ages, or patients' identifiers,
        into two groups is a cut point of the analyst's, to be moved by one patient.
        """
        if levels > min(self.max_levels, self.levels_per_row * n):
            raise RefusalError("TOO_MANY_LEVELS", [column])

    def check_levels(self, counts: NDArray[np.int64], column: str) -> None:
        """R13: levels may be listed only if each has enough rows."""
        if self.is_small(counts).any():
            raise RefusalError("SMALL_CELL", [column])

    def check_per_site(self) -> None:
        """R15: the site sends results of its own only where it is willing to."""
        if not self.allow_per_site:
            raise RefusalError("PER_SITE")

    def allows_moments(self, order: int, n: NDArray[np.float64]) -> NDArray[np.bool_]:
        """R7: power sums up to ``order`` of n rows are at most so many numbers a row.

        Four power sums of ten ages in whole years leave one possible set of ages.
        """
        enough: NDArray[np.bool_] = order <= self.max_parameters_per_row * n
        few: NDArray[np.bool_] = enough | (n == 0)
        return few

    def allows_difference(self, counts: ArrayLike) -> bool:
        """R4: rows in one published set and not in another are 0, or at least a cell."""
        return self.allow_small_missing or not bool(self.is_small(counts).any())

    def check_filters(self, label: str, environment: Mapping[str, str]) -> None:
        """R16 on vantage6 4.x: no row selection by the analyst unless the operator agreed."""
        steps = environment.get(f"{label.upper()}_PREPROCESSING", "").strip()
        if steps not in ("", "[]", "null") and not self.allow_preprocessing:
            raise RefusalError("PREPROCESSING")
        query = environment.get(f"{label.upper()}_QUERY", "")
        if query.strip():
            self.check_query(query)

    def check_query(self, query: object) -> None:
        """R16: a query runs only if the operator listed its hash."""
        if not isinstance(query, str) or sha256(query) not in self.allowed_queries:
            raise RefusalError("QUERY")


def sha256(text: str) -> str:
    """Return the hash under which a node operator lists a query."""
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()


def _whole(least: int, most: int | None = None) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"\s*[0-9]{1,9}\s*", text, re.ASCII):
            raise ValueError("not a whole number")
        value = int(text)
        if value < least or (most is not None and value > most):
            raise ValueError("out of range")
        return value

    return parse


def _ratio(text: str) -> float:
    if not re.fullmatch(r"\s*0?\.[0-9]{1,9}\s*", text, re.ASCII):
        raise ValueError("not a ratio")
    value = float(text)
    if not 0 < value <= 0.33:
        raise ValueError("out of range")
    return value


def _flag(text: str) -> bool:
    word = text.strip().lower()
    if word in ("true", "1", "yes"):
        return True
    if word in ("false", "0", "no"):
        return False
    raise ValueError("not a flag")


def _names(text: str) -> frozenset[str]:
    """Read a comma-separated list, or a JSON list where a name has a comma. Empty: no name."""
    if not text.isprintable():
        raise ValueError("not text")
    if text.strip().startswith("["):
        parts = json.loads(text)
        if not all(isinstance(part, str) for part in parts):
            raise ValueError("not a list of names")
    else:
        parts = text.split(",")
    return frozenset(part.strip() for part in parts if part.strip())


def _time_grid(text: str) -> str:
    if text.strip() != "1-2-5":
        raise ValueError("not a known grid")
    return text.strip()


# Name -> parser. A parser raises ValueError on what it cannot read or finds looser than allowed.
SETTINGS: Final[dict[str, Callable[[str], Any]]] = {
    "V6C_MIN_ROWS": _whole(3),
    "V6C_MIN_CELL": _whole(3),
    "V6C_MAX_PARAMETERS_PER_ROW": _ratio,
    "V6C_MAX_LEVELS": _whole(1, 40),
    "V6C_ALLOWED_COLUMNS": _names,
    "V6C_DENIED_COLUMNS": _names,
    "V6C_ALLOW_PER_SITE": _flag,
    "V6C_ALLOW_MIN_MAX": _flag,
    "V6C_ALLOW_EVENT_TIMES": _flag,
    "V6C_ALLOW_SMALL_MISSING": _flag,
    "V6C_ALLOW_PREPROCESSING": _flag,
    "V6C_ALLOWED_QUERIES": _names,
    "V6C_TIME_GRID": _time_grid,
    "V6C_ROUND_TIMEOUT": _whole(1, 86_400),
}
