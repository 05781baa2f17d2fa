"""Entry points for vantage6 4.x nodes (``PKG_NAME=v6_cox.v4``)."""

from v6_clinical.platforms import vantage6_v4 as _platform

cox_regression = _platform.central("v6_cox", "cox_regression")
cox_regression_partial = _platform.partial("v6_cox", "cox_regression")
