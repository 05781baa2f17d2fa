"""Entry points for vantage6 5.x nodes (``PKG_NAME=v6_cox.v5``)."""

from v6_clinical.platforms import vantage6_v5 as _platform
from v6_clinical.platforms.extraction_v5 import (
    read_csv,
    read_excel,
    read_parquet,
    read_sparql_database,
    read_sql_database,
)

__all__ = [
    "cox_regression",
    "cox_regression_partial",
    "read_csv",
    "read_excel",
    "read_parquet",
    "read_sparql_database",
    "read_sql_database",
]

cox_regression = _platform.central("v6_cox", "cox_regression")
cox_regression_partial = _platform.partial("v6_cox", "cox_regression")
