"""Federated logistic regression: the pooled maximum likelihood fit, to the digits of R's glm.

What leaves a site: for each design column sums and squares, a log-likelihood, its score and its
information at a few coefficient vectors, and for the report concordant pairs and cumulative counts
of risks in cells of at least ``V6C_MIN_CELL``. README.md lists every number; ``leaves.LEAVES``
declares them.
"""
