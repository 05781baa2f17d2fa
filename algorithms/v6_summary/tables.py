"""The result's tables that the vantage6 UI shows, by their key, with a title."""

TABLES = {
    "numeric": "Numeric columns",
    "categorical": "Categorical columns",
    "comparison": "Comparison of the groups",
    "correlation": "Correlations",
    "sites": "Sites",
    "warnings": "Warnings",
    "ledger": "What left each site",
}
