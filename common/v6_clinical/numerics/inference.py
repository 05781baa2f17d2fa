"""From estimates to what a table shows: Wald, likelihood ratio, sandwich, heterogeneity.

scipy.special only: a partial never imports this, yet the centre should not wait for scipy.stats.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, fdtrc, ndtr, ndtri, stdtr, stdtrit

from v6_clinical.numerics.arrays import Array


@dataclass(frozen=True)
class Wald:
    """Estimates with z or t tests and intervals, all of shape (p,)."""

    estimate: Array
    std_error: Array
    statistic: Array
    p_value: Array
    conf_low: Array
    conf_high: Array


def wald(
    estimate: Array, covariance: Array, confidence_level: float, df: float | None = None
) -> Wald:
    """Test each parameter against 0: z = b / se, interval b -+ z_(1 - alpha/2) se.

    With ``df`` by Student's t of so many degrees of freedom in place of the normal.
    """
    error = np.sqrt(np.diag(covariance))
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = estimate / error
    upper, below = (1 + confidence_level) / 2, -np.abs(statistic)
    reach = float(ndtri(upper) if df is None else stdtrit(df, upper)) * error
    p_value = 2 * np.asarray(ndtr(below) if df is None else stdtr(df, below), dtype=np.float64)
    return Wald(estimate, error, statistic, p_value, estimate - reach, estimate + reach)


def chi_square_tail(statistic: float, df: float) -> float | None:
    """Return P(X > statistic) for chi-square with df degrees of freedom; none for df = 0."""
    return float(chdtrc(df, max(statistic, 0.0))) if df > 0 else None


def f_tail(statistic: float, df: float, df2: float) -> float | None:
    """Return P(X > statistic) for F with df and df2 degrees of freedom; none for 0 of either."""
    return float(fdtrc(df, df2, max(statistic, 0.0))) if df > 0 and df2 > 0 else None


def sandwich(bread: Array, meat: Array) -> Array:
    """Return bread meat bread, the robust covariance; ``bread`` is the inverse information."""
    found: Array = bread @ meat @ bread
    return (found + found.T) / 2


def quadratic(statistic: Array, covariance_inverse: Array) -> float:
    """Return u' A u: a score test with A the inverse information, a Wald test with A it."""
    return float(statistic @ covariance_inverse @ statistic)


@dataclass(frozen=True)
class Heterogeneity:
    """How far estimates of k sites differ: Cochran's Q, I^2, DerSimonian and Laird's tau^2."""

    k: int
    q: float
    df: int
    p_value: float | None
    i2: float
    tau2: float


def heterogeneity(
    k: float, weight: float, shifted: float, squares: float, weight_squares: float
) -> Heterogeneity:
    """Return the heterogeneity of k estimates from sums over sites.

    With d the estimates less any common number and w their inverse variances, the sums are of
    w, w d, w d^2 and w^2. Q = sum w d^2 - (sum w d)^2 / sum w; I^2 = (Q - df) / Q;
    tau^2 = (Q - df) / (sum w - sum w^2 / sum w), both at least 0 (Higgins & Thompson 2002).
    """
    df = round(k) - 1
    q = max(squares - shifted**2 / weight, 0.0)
    excess = max(q - df, 0.0)
    spread = weight - weight_squares / weight
    return Heterogeneity(
        round(k),
        q,
        df,
        chi_square_tail(q, df),
        excess / q if q > 0 else 0.0,
        excess / spread if spread > 0 else 0.0,
    )
