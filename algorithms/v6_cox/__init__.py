"""Federated Cox regression: the pooled partial-likelihood fit, to the digits of R's coxph.

What leaves a site: for each design column sums and squares, a log-likelihood, its score and its
information at a few coefficient vectors, and for the report pairs of rows and, with a horizon, a
survival curve in steps of at least ``V6C_MIN_CELL`` patients. Event times leave only with
``baseline="exact"``, where the site allows it. README.md lists every number; ``leaves.LEAVES``
declares them.
"""
