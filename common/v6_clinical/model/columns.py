"""What a site knows about its columns, complete cases only: numbers, or codes of levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from v6_clinical.errors import RefusalError
from v6_clinical.labels import Stored, places
from v6_clinical.numerics.arrays import Array


@dataclass(frozen=True)
class NumericColumn:
    """A numeric column.

    Parameters
    ----------
    values
        Finite float64, shape (n,).
    """

    values: Array

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class CategoricalColumn:
    """A categorical column.

    Parameters
    ----------
    codes
        int64, shape (n,): places in ``levels``.
    levels
        The levels that the site knows, in any order.
    stored
        How the site stores them.
    """

    codes: NDArray[np.int64]
    levels: tuple[str, ...]
    stored: Stored = "text"

    def __len__(self) -> int:
        return len(self.codes)


SiteColumn: TypeAlias = NumericColumn | CategoricalColumn


def numbers_of(column: SiteColumn, name: str) -> Array:
    """Return the values of a numeric column, shape (n,).

    Raises
    ------
    RefusalError
        ``NOT_NUMERIC`` with the column's name.
    """
    if not isinstance(column, NumericColumn):
        raise RefusalError("NOT_NUMERIC", [name])
    return column.values


def codes_of(column: SiteColumn, levels: Sequence[str], name: str) -> NDArray[np.int64]:
    """Return a categorical column as places in the agreed levels, shape (n,).

    Levels are matched as :func:`v6_clinical.labels.places` does.

    Raises
    ------
    RefusalError
        ``UNKNOWN_LEVEL`` with the column's name if a row has another level, which is not echoed;
        ``NOT_NUMERIC`` if the site holds numbers where others hold levels.
    ValueError
        If a row has no level: complete cases are selected before.
    """
    if not isinstance(column, CategoricalColumn):
        raise RefusalError("NOT_NUMERIC", [name])
    if len(column.codes) and column.codes.min() < 0:
        raise ValueError("rows with missing levels")
    table = np.array(places(column.levels, levels), dtype=np.int64)
    codes = table[column.codes] if len(column.codes) else np.zeros(0, dtype=np.int64)
    if len(codes) and codes.min() < 0:
        raise RefusalError("UNKNOWN_LEVEL", [name])
    return codes
