"""Tests between groups, from pooled moments and counts: Welch, Pearson, Fisher; the SMD."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from v6_clinical.numerics.arrays import Array
from v6_summary.moments import EPS, Moments

FEW = 5  # Pearson's test is approximate where fewer rows are expected
SINGULAR = 1e-12  # of the largest eigenvalue: within groups these levels do not vary
OUTSIDE = 1e-9  # of a difference: the groups differ where they do not vary


@dataclass(frozen=True)
class Test:
    """A test's result; NaN where it does not exist.

    ``p_low`` and ``p_high`` are certain bounds of the p-value; the value itself where it is known.
    """

    name: str
    statistic: float = np.nan
    df: float = np.nan
    df2: float = np.nan
    p_value: float = np.nan
    p_low: float = np.nan
    p_high: float = np.nan


def _known(name: str, statistic: float, df: float, df2: float, p_value: float) -> Test:
    return Test(name, statistic, df, df2, p_value, p_value, p_value)


def welch(groups: Sequence[Moments]) -> Test:
    """Return Welch's t (two groups) or Welch's one-way test (more).

    With w = n/s^2, W = sum w, m = sum w x / W and h = sum (1 - w/W)^2/(n-1):
    F = [sum w (x-m)^2/(k-1)] / [1 + 2 (k-2) h/(k^2-1)] on k-1 and (k^2-1)/(3h) degrees of freedom
    (Welch 1951); for two groups t = (x1-x2)/sqrt(1/w1 + 1/w2) and t^2 = F.
    Groups need two rows. As in R, t needs spread in one group, beyond the rounding of the means,
    and F in every group.
    """
    usable = [group for group in groups if group.n > 0]
    name = "welch_t" if len(groups) == 2 else "welch_anova"
    if len(usable) < 2 or any(group.n < 2 for group in usable):
        return Test(name)
    return _two_groups(*usable) if name == "welch_t" else _one_way(usable)


def _two_groups(a: Moments, b: Moments) -> Test:
    """Return t on (e1 + e2)^2 / (e1^2/(n1-1) + e2^2/(n2-1)) degrees of freedom, e = s^2/n.

    Noise that is declared of a mean adds its variance to e above, not below.
    """
    from scipy import stats

    errors = a.mean_variance, b.mean_variance
    size = float(np.sqrt(sum(errors)))
    if not size > 10 * EPS * max(abs(a.mean), abs(b.mean)):
        return Test("welch_t")
    sampling = a.variance / a.n, b.variance / b.n  # the noise's variance is known
    df = sum(errors) ** 2 / (sampling[0] ** 2 / (a.n - 1) + sampling[1] ** 2 / (b.n - 1))
    t = (a.mean - b.mean) / size
    return _known("welch_t", t, float(df), np.nan, float(2 * stats.t.sf(abs(t), df)))


def _one_way(groups: Sequence[Moments]) -> Test:
    """Return Welch's F."""
    from scipy import stats

    if not all(group.variance > 0 for group in groups):
        return Test("welch_anova")
    k, n = len(groups), np.array([group.n for group in groups])
    means = np.array([group.mean for group in groups])
    noise = n * np.array([group.mean_noise for group in groups]) ** 2
    weights = n / (np.array([group.variance for group in groups]) + noise)
    h = float((((1 - weights / weights.sum()) ** 2) / (n - 1)).sum())
    df2 = (k**2 - 1) / (3 * h)
    centre = float((weights * means).sum() / weights.sum())
    between = float((weights * (means - centre) ** 2).sum()) / (k - 1)
    statistic = between / (1 + 2 * (k - 2) * h / (k**2 - 1))
    p_value = float(stats.f.sf(statistic, k - 1, df2))
    return _known("welch_anova", statistic, k - 1.0, df2, p_value)


def _filled(table: Array) -> Array:
    """Leave out levels and groups without rows."""
    filled: Array = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    return filled


def chi_square(table: Array) -> Test:
    """Return Pearson's chi-square of counts, shape (levels, groups), without correction."""
    from scipy import stats

    table = _filled(table)
    if min(table.shape, default=0) < 2:
        return Test("chi_square")
    found = stats.chi2_contingency(table, correction=False)
    return _known(
        "chi_square", float(found.statistic), float(found.dof), np.nan, float(found.pvalue)
    )


def is_sparse(table: Array) -> bool:
    """Tell whether fewer than 5 rows are expected in a cell, shape (levels, groups)."""
    table = _filled(table)
    if min(table.shape, default=0) < 2:
        return False
    return bool((np.outer(table.sum(axis=1), table.sum(axis=0)) < FEW * table.sum()).any())


def fisher(table: Array) -> Test | None:
    """Return Fisher's exact test, two-sided, of two levels in two groups; None of other tables."""
    from scipy import stats

    table = _filled(table)
    if table.shape != (2, 2):
        return None
    p_value = float(stats.fisher_exact(table.astype(np.int64)).pvalue)
    return _known("fisher", np.nan, np.nan, np.nan, p_value)


def smd_means(groups: Sequence[Moments]) -> float:
    """Return |x1-x2| / sqrt((s1^2+s2^2)/2), the mean over pairs of groups.

    Infinite where groups without spread differ, and so is the mean over pairs; NaN where two
    groups are one constant.
    """
    usable = [group for group in groups if group.n > 1]
    found = [_smd(a, b) for a, b in combinations(usable, 2)]
    return float(np.mean(found)) if found else np.nan


def _smd(a: Moments, b: Moments) -> float:
    difference, variance = abs(a.mean - b.mean), (a.variance + b.variance) / 2
    if variance > 0:
        return float(difference / np.sqrt(variance))
    return np.inf if difference > 10 * EPS * max(abs(a.mean), abs(b.mean)) else np.nan


def smd_levels(table: Array) -> float:
    """Return the SMD of proportions, counts of shape (levels, groups), the mean over pairs.

    With p the proportions of all levels but the first and S the mean of the two multinomial
    covariances diag(p) - p p': sqrt((p1-p2)' S^- (p1-p2)) (Yang & Dalton 2012). Infinite where
    groups differ in a direction in which neither varies, such as groups that share no level.
    """
    table = _filled(table)
    if min(table.shape, default=0) < 2:
        return np.nan
    shares = (table / table.sum(axis=0))[1:]
    return float(np.mean([_mahalanobis(a, b) for a, b in combinations(shares.T, 2)]))


def _mahalanobis(a: Array, b: Array) -> float:
    """Return sqrt(d' S^- d) of d = a - b, infinite where d is not in the span of S."""
    within, difference = (_covariance(a) + _covariance(b)) / 2, a - b
    values, vectors = np.linalg.eigh(within)
    along, varies = vectors.T @ difference, values > SINGULAR * max(values.max(), 0.0)
    if np.abs(along[~varies]).max(initial=0.0) > OUTSIDE * np.abs(difference).max(initial=0.0):
        return np.inf
    return float(np.sqrt((along[varies] ** 2 / values[varies]).sum()))


def _covariance(shares: Array) -> Array:
    return np.asarray(np.diag(shares) - np.outer(shares, shares))


def correlation_test(
    r: float, n: float, level: float = 0.95, noise: float = 0.0
) -> tuple[float, float, float]:
    """Return the confidence limits (Fisher's z) and the two-sided p-value (t) of Pearson's r.

    ``noise`` is the variance of declared noise in z: it stands beside z's own, 1/(n - 3).
    """
    from scipy import stats

    if not np.isfinite(r) or n < 3:
        return np.nan, np.nan, np.nan
    wider = float(np.sqrt(1 + max(n - 3, 0) * noise))
    with np.errstate(divide="ignore"):
        t = r * np.sqrt((n - 2) / (1 - r * r)) / wider if abs(r) < 1 else np.inf
        z = np.arctanh(r)
    p_value = float(2 * stats.t.sf(abs(t), n - 2))
    if n < 4:
        return np.nan, np.nan, p_value
    half = stats.norm.ppf((1 + level) / 2) / np.sqrt(n - 3) * wider
    return float(np.tanh(z - half)), float(np.tanh(z + half)), p_value
