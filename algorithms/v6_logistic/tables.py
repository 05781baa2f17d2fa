"""The result's tables that the vantage6 UI shows, by their key, with a title."""

TABLES = {
    "coefficients": "Coefficients and odds ratios",
    "fit": "Fit",
    "calibration": "Calibration",
    "heterogeneity": "Heterogeneity of the sites' own estimates",
    "covariance": "Covariance of the coefficients",
    "sites": "Sites",
    "warnings": "Warnings",
    "ledger": "What left each site",
}
