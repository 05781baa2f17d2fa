"""Federated summary statistics: the pooled Table 1, with exact moments and certain quantiles.

What leaves a site: counts and power sums per column and group, cumulative counts on a fixed dyadic
grid whose cells hold no row or at least ``V6C_MIN_CELL``, counts of levels, and cross-products of
pairs of columns. README.md lists every number; ``leaves.LEAVES`` declares them.
"""
