"""Entry points for vantage6 5.x nodes (``PKG_NAME=v6_logistic.v5``)."""

from v6_clinical.platforms import vantage6_v5 as _platform
from v6_clinical.platforms.extraction_v5 import (
    read_csv,
    read_excel,
    read_parquet,
    read_sparql_database,
    read_sql_database,
)

__all__ = [
    "logistic_regression",
    "logistic_regression_partial",
    "read_csv",
    "read_excel",
    "read_parquet",
    "read_sparql_database",
    "read_sql_database",
]

logistic_regression = _platform.central("v6_logistic", "logistic_regression")
logistic_regression_partial = _platform.partial("v6_logistic", "logistic_regression")
