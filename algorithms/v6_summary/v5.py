"""Entry points for vantage6 5.x nodes (``PKG_NAME=v6_summary.v5``)."""

from v6_clinical.platforms import vantage6_v5 as _platform
from v6_clinical.platforms.extraction_v5 import (
    read_csv,
    read_excel,
    read_parquet,
    read_sparql_database,
    read_sql_database,
)

__all__ = [
    "read_csv",
    "read_excel",
    "read_parquet",
    "read_sparql_database",
    "read_sql_database",
    "summary",
    "summary_partial",
]

summary = _platform.central("v6_summary", "summary")
summary_partial = _platform.partial("v6_summary", "summary")
