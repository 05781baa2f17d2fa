"""Tests between groups, from pooled moments and counts: Welch, Pearson's chi-square, SMD."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from v6_clinical.numerics.arrays import Array
from v6_summary.moments import Moments


@dataclass(frozen=True)
class Test:
    """A test's result; NaN where it does not exist."""

    name: str
    statistic: float = np.nan
    df: float = np.nan
    df2: float = np.nan
    p_value: float = np.nan


def welch(groups: Sequence[Moments]) -> Test:
    """Return Welch's t (two groups) or Welch's one-way test (more).

    With w = n/s^2, W = sum w, m = sum w x / W and h = sum (1 - w/W)^2/(n-1):
    F = [sum w (x-m)^2/(k-1)] / [1 + 2 (k-2) h/(k^2-1)] on k-1 and (k^2-1)/(3h) degrees of freedom
    (Welch 1951); for two groups t = (x1-x2)/sqrt(1/w1 + 1/w2) and t^2 = F.
    Groups need two rows and some spread.
    """
    from scipy import stats

    usable = [group for group in groups if group.n > 0]
    name = "welch_t" if len(groups) == 2 else "welch_anova"
    if len(usable) < 2 or any(not (group.n > 1 and group.variance > 0) for group in usable):
        return Test(name)
    n = np.array([group.n for group in usable])
    means = np.array([group.mean for group in usable])
    weights = n / np.array([group.variance for group in usable])
    k = len(usable)
    h = float((((1 - weights / weights.sum()) ** 2) / (n - 1)).sum())
    df2 = (k**2 - 1) / (3 * h)
    if name == "welch_t":
        t = float((means[0] - means[1]) / np.sqrt((1 / weights).sum()))
        return Test(name, t, df2, np.nan, float(2 * stats.t.sf(abs(t), df2)))
    centre = float((weights * means).sum() / weights.sum())
    between = float((weights * (means - centre) ** 2).sum()) / (k - 1)
    statistic = between / (1 + 2 * (k - 2) * h / (k**2 - 1))
    return Test(name, statistic, k - 1.0, df2, float(stats.f.sf(statistic, k - 1, df2)))


def chi_square(table: Array) -> Test:
    """Return Pearson's chi-square of counts, shape (levels, groups), without correction."""
    from scipy import stats

    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    if min(table.shape, default=0) < 2:
        return Test("chi_square")
    found = stats.chi2_contingency(table, correction=False)
    return Test("chi_square", float(found.statistic), float(found.dof), np.nan, float(found.pvalue))


def smd_means(groups: Sequence[Moments]) -> float:
    """Return |x1-x2| / sqrt((s1^2+s2^2)/2), the mean over pairs of groups."""
    usable = [group for group in groups if group.n > 1]
    found = [
        abs(a.mean - b.mean) / np.sqrt((a.variance + b.variance) / 2)
        for a, b in combinations(usable, 2)
        if a.variance + b.variance > 0
    ]
    return float(np.mean(found)) if found else np.nan


def smd_levels(table: Array) -> float:
    """Return the SMD of proportions, counts of shape (levels, groups), the mean over pairs.

    With p the proportions of all levels but the first and S the mean of the two multinomial
    covariances diag(p) - p p': sqrt((p1-p2)' S^- (p1-p2)) (Yang & Dalton 2012).
    """
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    if min(table.shape, default=0) < 2:
        return np.nan
    shares = (table / table.sum(axis=0))[1:]
    found = []
    for a, b in combinations(shares.T, 2):
        spread = (np.diag(a) - np.outer(a, a) + np.diag(b) - np.outer(b, b)) / 2
        difference = a - b
        found.append(np.sqrt(max(0.0, difference @ np.linalg.pinv(spread) @ difference)))
    return float(np.mean(found))


def correlation_test(r: float, n: float, level: float = 0.95) -> tuple[float, float, float]:
    """Return the confidence limits (Fisher's z) and the two-sided p-value (t) of Pearson's r."""
    from scipy import stats

    if not np.isfinite(r) or n < 3:
        return np.nan, np.nan, np.nan
    with np.errstate(divide="ignore"):
        t = r * np.sqrt((n - 2) / (1 - r * r)) if abs(r) < 1 else np.inf
        z = np.arctanh(r)
    p_value = float(2 * stats.t.sf(abs(t), n - 2))
    if n < 4:
        return np.nan, np.nan, p_value
    half = stats.norm.ppf((1 + level) / 2) / np.sqrt(n - 3)
    return float(np.tanh(z - half)), float(np.tanh(z + half)), p_value
