"""The readers of data that vantage6 5.x images offer: one table for entry points and stores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Option:
    """An argument of a reader; an optional one has the default null."""

    name: str
    about: str
    optional: bool = False


@dataclass(frozen=True)
class Reader:
    """A function of data extraction: its name, what it does, its arguments."""

    name: str
    about: str
    options: tuple[Option, ...] = ()


QUERY: Final = Option(
    "query", "Only a query whose sha256 the node operator listed in V6C_ALLOWED_QUERIES is run."
)
READERS: Final = (
    Reader("read_csv", "Make a data frame of a CSV file."),
    Reader("read_parquet", "Make a data frame of a Parquet file."),
    Reader(
        "read_excel",
        "Make a data frame of an Excel sheet.",
        (Option("sheet_name", "Default: the first sheet.", optional=True),),
    ),
    Reader("read_sql_database", "Make a data frame of a SQL query.", (QUERY,)),
    Reader("read_sparql_database", "Make a data frame of a SPARQL query.", (QUERY,)),
)
