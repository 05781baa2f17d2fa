"""Entry points for vantage6 4.x nodes (``PKG_NAME=v6_summary.v4``)."""

from v6_clinical.platforms import vantage6_v4 as _platform

summary = _platform.central("v6_summary", "summary")
summary_partial = _platform.partial("v6_summary", "summary")
