"""Data extraction for a vantage6 5.x session: the stock functions' names and arguments.

The stock functions print what went wrong with the data, values included, and import database
drivers for a CSV file. Ours say the type of an error and no more. SQL and SPARQL are read by the
stock code, but only queries that the node operator listed by their sha256 (R16): a query selects
rows, and two that differ by one patient give that patient away.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from typing import TYPE_CHECKING, Any, Final

from vantage6.common.enum import AlgorithmStepType

from v6_clinical.disclosure import Policy
from v6_clinical.errors import SITE_CODES, RefusalError
from v6_clinical.platforms import files
from v6_clinical.platforms.readers import READERS, Reader
from v6_clinical.platforms.vantage6_v5 import mark, started_as
from v6_clinical.protocol.site import innocent_name

if TYPE_CHECKING:
    import pandas as pd

Read = Callable[..., "pd.DataFrame"]


class ExtractionError(Exception):
    """No data frame was made. Its text holds a code or a type of error, never a value."""


def _extraction(read: Read, *options: str) -> Callable[..., Any]:
    def function(*arguments: Any, mock_uri: Any = None, mock_type: Any = None, **named: Any) -> Any:
        import pyarrow as pa

        try:
            _check(arguments, [name for name in named if name not in options])
            # The node's DATABASE_URI stands before a file that the task names (MockNetwork's way).
            frame = read(
                Policy.from_environment(os.environ),
                os.environ.get("DATABASE_URI", mock_uri),
                **named,
            )
            return pa.Table.from_pandas(frame)
        except RefusalError as refusal:
            text = f"{refusal.code} ({', '.join(refusal.where)}): {SITE_CODES[refusal.code]}"
        except Exception as error:
            text = f"The data cannot be read ({innocent_name(error)})."
        raise ExtractionError(text)

    return function


def _check(arguments: tuple[Any, ...], unknown: list[str]) -> None:
    if arguments or unknown:
        raise RefusalError("BAD_REQUEST", [name[:60] for name in unknown])
    if not started_as(AlgorithmStepType.DATA_EXTRACTION):
        raise RefusalError("BAD_REQUEST", ["action"])


def _csv(_: Policy, uri: str) -> pd.DataFrame:
    return files.read_csv(uri)


def _parquet(_: Policy, uri: str) -> pd.DataFrame:
    import pandas as pd

    return pd.read_parquet(uri)


def _excel(_: Policy, uri: str, sheet_name: str | None = None) -> pd.DataFrame:
    return files.read_excel(uri, sheet_name)


def _sql(policy: Policy, uri: str, query: Any = None) -> pd.DataFrame:
    policy.check_query(query)
    from vantage6.algorithm.data_extraction import _read_sql_database

    return _quietly(_read_sql_database, uri, query)


def _sparql(policy: Policy, uri: str, query: Any = None) -> pd.DataFrame:
    policy.check_query(query)
    from vantage6.algorithm.data_extraction import _read_sparql_database

    return _quietly(_read_sparql_database, uri, query)


def _quietly(read: Read, uri: str, query: str) -> pd.DataFrame:
    """Call the stock code without its output, which quotes the address, password included."""
    with redirect_stdout(StringIO()):
        return read({"uri": uri}, query)


_READ: Final[dict[str, Read]] = {
    "read_csv": _csv,
    "read_parquet": _parquet,
    "read_excel": _excel,
    "read_sql_database": _sql,
    "read_sparql_database": _sparql,
}


def readers() -> dict[str, Callable[..., Any]]:
    """Return the functions of data extraction by name, as an entry module offers them."""
    return {reader.name: _named(reader) for reader in READERS}


def _named(reader: Reader) -> Callable[..., Any]:
    function = _extraction(_READ[reader.name], *(option.name for option in reader.options))
    function.__name__ = function.__qualname__ = reader.name
    function.__doc__ = reader.about
    return mark(function, AlgorithmStepType.DATA_EXTRACTION)
