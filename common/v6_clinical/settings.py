"""The node operator's settings: names, and parsers that refuse what is unclear or too loose."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

PREFIX: Final = "V6C_"


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


def sha256(text: str) -> str:
    """Return the hash under which a node operator lists a query."""
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()


# Name -> what it limits, for people.
MEANINGS: Final[dict[str, str]] = {
    "V6C_MIN_ROWS": "least rows behind any answer",
    "V6C_MIN_CELL": "least rows of a published count, level, event or group",
    "V6C_MAX_PARAMETERS_PER_ROW": "most parameters of a model for each row",
    "V6C_MAX_LEVELS": "most labels of a categorical column",
    "V6C_ALLOWED_COLUMNS": "columns that may be used; empty allows none",
    "V6C_DENIED_COLUMNS": "columns that may not be used",
    "V6C_ALLOW_PER_SITE": "results of the site's own leave it",
    "V6C_ALLOW_MIN_MAX": "extremes leave the site",
    "V6C_ALLOW_EVENT_TIMES": "event times leave the site (Cox regression, baseline=exact)",
    "V6C_ALLOW_SMALL_MISSING": "sets that differ by few incomplete rows may be published",
    "V6C_ALLOW_PREPROCESSING": "the analyst may filter rows (4.x)",
    "V6C_ALLOWED_QUERIES": "sha256 of queries that the analyst may use",
    "V6C_TIME_GRID": "steps of curves over time",
    "V6C_ROUND_TIMEOUT": "seconds that the central side waits for a round",
}
