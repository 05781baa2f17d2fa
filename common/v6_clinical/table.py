"""From a data frame to numbers and labels: what is in a column, whatever pandas calls it.

pandas 2 and 3, CSV, Parquet and SQL readers give the same column as object, str, category,
boolean, Int64 or float64; sites differ among themselves. Errors name columns, never values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from v6_clinical.errors import RefusalError
from v6_clinical.labels import Stored, label_of, labels_of, places, stored_as
from v6_clinical.numerics.blocks import GLANCE
from v6_clinical.text import clean

if TYPE_CHECKING:
    from v6_clinical.disclosure import Policy

Kind = Literal["numeric", "boolean", "text", "empty"]
# The fourth power of a larger number overflows a float64 sum; no clinical quantity is larger.
LARGEST = 1e70


@dataclass(frozen=True)
class Labels:
    """A categorical column: codes into ``levels``, -1 where missing, and how values are stored."""

    codes: NDArray[np.int64]
    levels: tuple[str, ...]
    stored: Stored = "text"

    def counts(self) -> NDArray[np.int64]:
        """Return the rows of each level."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.levels))


def select(frame: pd.DataFrame, names: Sequence[str]) -> dict[str, pd.Series]:
    """Pick columns by exact name, white space around the names in the file aside.

    Blank text is missing; true and false beside numbers are 1 and 0.

    Raises
    ------
    RefusalError
        ``COLUMN_MISSING`` or ``DUPLICATE_COLUMN`` with the requested names.
    """
    found: dict[str, list[int]] = {}
    for position, name in enumerate(frame.columns):
        found.setdefault(str(name).strip(), []).append(position)
    missing = [name for name in names if name.strip() not in found]
    if missing:
        raise RefusalError("COLUMN_MISSING", missing)
    twice = [name for name in names if len(found[name.strip()]) > 1]
    if twice:
        raise RefusalError("DUPLICATE_COLUMN", twice)
    columns = {name: frame.iloc[:, found[name.strip()][0]] for name in names}
    return {name: _numbers_alike(_blanks_missing(column)) for name, column in columns.items()}


def _blanks_missing(column: pd.Series) -> pd.Series:
    """Make blank text missing before anything is counted, so that every check sees one n."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column
    blank = [isinstance(value, str) and _is_blank(value) for value in column]
    return column.mask(np.array(blank, dtype=bool)) if any(blank) else column


def _is_blank(text: str) -> bool:
    """Tell whether nothing is to be seen of a text."""
    return not text.strip() or not (text.isprintable() or clean(text).strip())


def _numbers_alike(column: pd.Series) -> pd.Series:
    """Make true and false 1 and 0 in a column that holds numbers too, as R's ``c(TRUE, 0)`` does.

    To pandas they are equal: which of the two a level were called would depend on the rows' order.
    """
    if column.dtype != object:
        return column
    if not str(pd.api.types.infer_dtype(column, skipna=True)).startswith("mixed"):
        return column
    flags = [isinstance(value, bool | np.bool_) for value in column]
    others = column[~np.array(flags, dtype=bool)].dropna()
    if not any(flags) or all(isinstance(value, str) for value in others):
        return column
    return column.map(lambda value: int(value) if isinstance(value, bool | np.bool_) else value)


def kind_of(column: pd.Series, name: str) -> Kind:
    """Say what a column holds.

    Raises
    ------
    RefusalError
        ``NOT_NUMERIC`` for dates, durations, complex numbers and the like.
    """
    if not (column.iloc[:GLANCE].notna().any() or column.notna().any()):
        return "empty"
    if isinstance(column.dtype, pd.CategoricalDtype):
        return "text"
    if pd.api.types.is_bool_dtype(column.dtype):
        return "boolean"
    if pd.api.types.is_complex_dtype(column.dtype):
        raise RefusalError("NOT_NUMERIC", [name])
    if pd.api.types.is_numeric_dtype(column.dtype):
        return "numeric"
    inferred = pd.api.types.infer_dtype(column, skipna=True)
    if inferred == "boolean":
        return "boolean"
    if inferred in ("integer", "floating", "mixed-integer-float", "decimal"):
        return "numeric"
    if inferred in ("string", "mixed", "mixed-integer"):
        return "text" if (labels(column).codes >= 0).any() else "empty"
    raise RefusalError("NOT_NUMERIC", [name])


def numbers(column: pd.Series, name: str) -> NDArray[np.float64]:
    """Return the column as float64, NaN where missing.

    Raises
    ------
    RefusalError
        ``NOT_NUMERIC`` for text, ``NON_FINITE`` for infinite or absurdly large numbers.
    """
    if isinstance(column.dtype, np.dtype) and column.dtype.kind == "f":
        values = column.to_numpy(np.float64)
    elif (kind := kind_of(column, name)) == "text":
        raise RefusalError("NOT_NUMERIC", [name])
    elif kind == "empty":
        values = np.full(len(column), np.nan)
    else:
        values = column.to_numpy(np.float64, na_value=np.nan)
    largest, least = np.fmax.reduce(values, initial=0.0), np.fmin.reduce(values, initial=0.0)
    if largest > LARGEST or least < -LARGEST:
        raise RefusalError("NON_FINITE", [name])
    return values


def present(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the numbers that are not missing: the same array where none is."""
    kept = ~np.isnan(values)
    return values if kept.all() else values[kept]


def labels(column: pd.Series, collapse: Mapping[str, Sequence[str]] | None = None) -> Labels:
    """Return the column as labels, see :func:`v6_clinical.labels.label_of`; blank is missing.

    Parameters
    ----------
    collapse
        New label to the labels that it replaces.
    """
    merged = {old: new for new, group in (collapse or {}).items() for old in group}
    codes, uniques = distinct(column)
    dtype = uniques.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        dtype = dtype.categories.dtype
    texts = [merged.get(text, text) for text in labels_of(uniques, dtype)]
    levels = tuple(sorted({text for text in texts if text.strip()}))
    place = {level: index for index, level in enumerate(levels)}
    table = np.array([place.get(text, -1) for text in texts] + [-1], dtype=np.int64)
    return Labels(table[codes], levels, stored_as(list(uniques)))


def distinct(column: pd.Series) -> tuple[NDArray[np.int64], Any]:
    """Return codes, -1 where missing, and the different values; those with no hash as text."""
    try:
        codes, found = pd.factorize(column, use_na_sentinel=True)
    except TypeError:
        codes, found = pd.factorize(column.map(label_of, na_action="ignore"), use_na_sentinel=True)
    return codes.astype(np.int64), found


def categories(
    column: pd.Series, name: str, collapse: Mapping[str, Sequence[str]], policy: Policy
) -> Labels:
    """Return a categorical column; R11: numbers may be categories, but not be cut into them.

    Raises
    ------
    RefusalError
        ``BAD_REQUEST`` where ``collapse`` names a numeric column, ``TOO_MANY_LEVELS`` (R13).
    """
    if collapse and kind_of(column, name) == "numeric":
        raise RefusalError("BAD_REQUEST", ["collapse", name])
    plain = labels(column)
    policy.check_level_number(len(plain.levels), int((plain.codes >= 0).sum()), name)
    return labels(column, collapse) if collapse else plain


def recode(found: Labels, levels: Sequence[str], name: str) -> Labels:
    """Express labels in an agreed list of levels, see :func:`v6_clinical.labels.places`.

    Raises
    ------
    RefusalError
        ``UNKNOWN_LEVEL`` with the column's name; the level itself is not echoed.
    """
    read = places(found.levels, levels)
    if -1 in read:
        raise RefusalError("UNKNOWN_LEVEL", [name])
    table = np.array([*read, -1], dtype=np.int64)
    return Labels(table[found.codes], tuple(levels), found.stored)


def looks_numeric(found: Labels) -> bool:
    """Tell numbers stored as text (decimal commas, stray words) from categories."""
    texts = [level.replace(",", ".") for level in found.levels]
    numeric = sum(1 for text in texts if _is_number(text))
    return len(texts) > 0 and 2 * numeric > len(texts)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
