"""The tables of a result as data frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

# What every envelope has beside the analysis's own tables.
FRAME = (
    "schema",
    "analysis",
    "version",
    "status",
    "error",
    "summation",
    "precision",
    "secure",
    "request",
    "provenance",
    "model",
)
LAST = ("warnings", "sites", "ledger")  # after the analysis's own
COUNTS = frozenset({"n", "count", "missing", "dropped", "n_at_risk", "events"})


def table_names(result: Mapping[str, Any]) -> list[str]:
    """Return the names of the tables that a result holds; empty ones are left out.

    A table of tables, ``per_site``, counts as ``per_site.numeric`` and ``per_site.categorical``.
    """
    names: list[str] = []
    for name, value in sorted(result.items(), key=lambda item: item[0] in LAST):
        if name in FRAME or not value:
            continue
        if name == "per_site":
            names += [f"per_site.{part}" for part in value if value[part]]
        else:
            names.append(name)
    return names


def to_frame(result: Mapping[str, Any], table: str) -> pd.DataFrame:
    """Return one table: records as rows; a curve is a row for each of its points.

    Raises
    ------
    KeyError
        Naming the tables that there are.
    """
    if table not in table_names(result) and not isinstance(result.get(table), list):
        there = ", ".join(table_names(result))
        raise KeyError(f"there is no table {table!r}; this result has {there}")
    value: Any = result
    for part in table.split("."):
        value = value[part]
    return _frame(value)


def _frame(value: Any) -> pd.DataFrame:
    import pandas as pd

    if isinstance(value, Mapping):
        parts = list(value.items())
        if parts and isinstance(parts[0][1], Mapping):  # a curve for each variable
            return _rows([{"variable": name, **curve} for name, curve in parts])
        return _rows([value])
    if any(isinstance(part, list) for record in value for part in record.values()):
        return _rows(value)
    return _whole(pd.DataFrame(value))


def _rows(curves: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Make a row of each point of each curve; what is one value a curve is repeated."""
    import pandas as pd

    return _whole(pd.concat([pd.DataFrame(dict(curve)) for curve in curves], ignore_index=True))


def _whole(frame: pd.DataFrame) -> pd.DataFrame:
    """Keep counts whole where some are withheld: pandas would make them floats."""
    return frame.astype({name: "Int64" for name in frame if name in COUNTS})
