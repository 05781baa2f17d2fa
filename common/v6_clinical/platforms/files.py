"""CSV files and Excel sheets as every platform reads them: R's rules of what is missing.

pandas takes the labels None, null, nan, n/a and N/A for missing, and the rows that hold them leave
an analysis without a word. R's ``read.csv`` takes NA alone. Here missing are blanks and NA; and
pandas' other words too, but only in a column that otherwise holds nothing but numbers, or nothing
but true and false, where they cannot be labels.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from v6_clinical.errors import RefusalError

if TYPE_CHECKING:
    import pandas as pd

MISSING: Final = ("", "NA")
# What pandas' reader takes for missing besides.
WORDS: Final = frozenset(
    {"#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>"}
    | {"N/A", "NULL", "NaN", "None", "n/a", "nan", "null"}
)
FOREIGN: Final = {";": "a semicolon", "\t": "a tab", "|": "a bar"}  # separators of columns
_FLAGS: Final = {
    **dict.fromkeys(("True", "TRUE", "true"), True),
    **dict.fromkeys(("False", "FALSE", "false"), False),
}


def read_csv(source: Any) -> pd.DataFrame:
    """Return a CSV file, a path or an open file, as a data frame.

    Raises
    ------
    RefusalError
        ``SEPARATOR`` where the file's columns are not separated by commas.
    """
    import pandas as pd

    if foreign_separator(source) is not None:
        raise RefusalError("SEPARATOR")
    found: pd.DataFrame = pd.read_csv(source, keep_default_na=False, na_values=list(MISSING))
    return _without_words(found)


def read_excel(source: Any, sheet: str | None = None) -> pd.DataFrame:
    """Return a sheet of an Excel file, by default the first, as a data frame."""
    import pandas as pd

    found: pd.DataFrame = pd.read_excel(
        source, sheet_name=sheet or 0, keep_default_na=False, na_values=list(MISSING)
    )
    return _without_words(found)


def _without_words(frame: pd.DataFrame) -> pd.DataFrame:
    """Read the columns of text again that are text only for a word that means missing."""
    import pandas as pd

    for place in range(len(frame.columns)):
        column = frame.iloc[:, place]
        if pd.api.types.is_object_dtype(column.dtype) or pd.api.types.is_string_dtype(column.dtype):
            frame.isetitem(place, _plain(column).array)
    return frame


def foreign_separator(source: Any) -> str | None:
    """Return what separates the columns of a file whose header holds no comma but that, in words.

    Only a path is looked at: an open file would be read on.
    """
    import pandas as pd

    if not isinstance(source, str | os.PathLike):
        return None
    columns = pd.read_csv(source, nrows=0).columns
    found = [words for sign, words in FOREIGN.items() if sign in str(columns[0])]
    return found[0] if len(columns) == 1 and found else None


def _plain(column: pd.Series) -> pd.Series:
    """Return a column of text as numbers, or true and false, if only words for missing are not."""
    import pandas as pd

    words = column.isin(WORDS)
    if not words.any():
        return column
    rest = column[~words].dropna()
    if rest.empty:
        return column.mask(words & (column != "None"))
    if rest.isin(list(_FLAGS)).all():
        return column.map(_FLAGS).astype(object)
    numbers = pd.to_numeric(rest, errors="coerce")
    return column if numbers.isna().any() else numbers.reindex(column.index).astype(float)
