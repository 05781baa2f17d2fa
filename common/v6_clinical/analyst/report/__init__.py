"""One self-contained HTML page for each result: findings, figures, methods, and what left."""

from v6_clinical.analyst.report.page import html

__all__ = ["html"]
