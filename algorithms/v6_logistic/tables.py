"""What of the result the vantage6 UI shows, by its key: tables, and lines with their axes."""

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

LINES = {"roc": ("ROC curve", "false_positive_rate", "true_positive_rate")}
