"""Federated generalized linear models: the pooled maximum likelihood fit, to the digits of R.

What leaves a site: for each design column sums and squares; a log-likelihood, its score and its
information at a few coefficient vectors; in the last round sums of the outcome's logarithms or
factorials, of squared residuals, and of score rows' products. README.md lists every number;
``site.LEAVES`` declares them.
"""
