"""The mathematics of Cox regression: partial likelihood, residuals, tests, baseline hazard.

Not an analysis yet: no request, no site steps and no entry module, so nothing here leaves a site.
"""
