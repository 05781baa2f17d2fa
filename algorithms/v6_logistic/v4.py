"""Entry points for vantage6 4.x nodes (``PKG_NAME=v6_logistic.v4``)."""

from v6_clinical.platforms import vantage6_v4 as _platform

logistic_regression = _platform.central("v6_logistic", "logistic_regression")
logistic_regression_partial = _platform.partial("v6_logistic", "logistic_regression")
