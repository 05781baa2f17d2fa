"""Power sums about a shift, and the moments that follow from them.

With n rows x_i and a shift c near the mean, s_k = sum (x_i - c)^k for k = 1..4 add over sites.
About the pooled mean the first is near zero, so nothing cancels whatever the mean is.
Source: Pebay 2008, SAND2008-6212.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.blocks import centred_squares, row_blocks

EPS = float(np.finfo(float).eps)
ROUNDING = 64 * EPS  # relative; what sums of squares of millions of rows may lose


class PowerSums(NamedTuple):
    """What a site tells of a column's rows, or of a group's; they add over sites.

    ``withheld`` counts the rows whose third and fourth power sums are not told.
    """

    n: float = 0.0
    s1: float = 0.0
    s2: float = 0.0
    s3: float = 0.0
    s4: float = 0.0
    withheld: float = 0.0

    def without_high_orders(self) -> PowerSums:
        """Return n, s1 and s2 alone."""
        return self._replace(s3=0.0, s4=0.0, withheld=self.n)


class FirstSums(NamedTuple):
    """What a site tells of a numeric column in round 1; they add over sites.

    ``within`` are the squares about the site's own mean, ``mean_squares`` is n mean^2. The last
    two are 1 where all values are whole numbers, and where none is below 0.
    """

    n: float = 0.0
    total: float = 0.0
    within: float = 0.0
    mean_squares: float = 0.0
    whole: float = 0.0
    nonnegative: float = 0.0


class NoiseSums(NamedTuple):
    """Variances of the declared noise in s1 and s2 of power sums; they add over sites."""

    s1: float = 0.0
    s2: float = 0.0


@dataclass(frozen=True)
class Moments:
    """Moments of n rows; NaN where n is too small for one or there is no spread.

    ``sd`` has the denominator n - 1; ``skewness`` is g1 and ``kurtosis`` is the excess g2, both
    biased, as scipy's. ``mean_noise`` and ``square_noise`` are the sds of the declared noise in the
    mean and in the variance with the denominator n; 0 where the sums are exact.
    """

    n: float
    mean: float
    variance: float
    skewness: float
    kurtosis: float
    mean_noise: float = 0.0
    square_noise: float = 0.0

    @property
    def sd(self) -> float:
        """Return the standard deviation."""
        return float(np.sqrt(self.variance))

    @property
    def population_sd(self) -> float:
        """Return the standard deviation with the denominator n."""
        return self.sd * float(np.sqrt((self.n - 1) / self.n)) if self.n > 1 else 0.0

    @property
    def mean_variance(self) -> float:
        """Return the variance of the mean, s^2 / n and that of its noise."""
        return (self.variance + self.n * self.mean_noise**2) / self.n

    @property
    def precision(self) -> float:
        """Return the sd of the mean's noise in standard errors of the mean."""
        return self.mean_noise * float(np.sqrt(self.n)) / self.sd if self.variance > 0 else 0.0

    def with_noise(self, sums: NoiseSums) -> Moments:
        """Return the same with the noise that is declared of s1 and s2."""
        if not self.n:
            return self
        sd = np.sqrt(np.maximum(sums, 0.0)) / self.n
        return replace(self, mean_noise=float(sd[0]), square_noise=float(sd[1]))


def power_sums(values: Array, shift: float) -> PowerSums:
    """Return n, s1, s2, s3, s4 of the rows about ``shift``."""
    sums = np.zeros(5)
    for rows in row_blocks(len(values)):
        deviation = values[rows] - shift
        squares = deviation * deviation
        counts = float(len(deviation)), float(deviation.sum()), float(squares.sum())
        sums += np.array([*counts, np.dot(squares, deviation), np.dot(squares, squares)])
    return PowerSums(*sums.tolist())


def first_sums(values: Array) -> FirstSums:
    """Return what round 1 tells of the rows that have a value, shape (n,)."""
    n, (mean, within) = len(values), centred_squares(values)
    if not n:
        return FirstSums()
    blocks = (values[rows] for rows in row_blocks(n))
    whole = all(bool((block == np.round(block)).all()) for block in blocks)
    nonnegative = bool(values.min() >= 0)
    return FirstSums(n, float(values.sum()), within, n * mean**2, whole, nonnegative)


def moments(sums: PowerSums, shift: float) -> Moments:
    """Return the moments of pooled power sums; g1 and g2 are NaN where a site withheld s3 and s4.

    With d = s1/n: m2 = s2/n - d^2, m3 = s3/n - 3 d s2/n + 2 d^3,
    m4 = s4/n - 4 d s3/n + 6 d^2 s2/n - 3 d^4; g1 = m3/m2^1.5, g2 = m4/m2^2 - 3.
    A variance m2 within the rounding of s2/n and of the values themselves is 0: they are constant.
    """
    n = sums.n
    if n == 0:
        return Moments(0.0, np.nan, np.nan, np.nan, np.nan)
    d, a2, a3, a4 = sums.s1 / n, sums.s2 / n, sums.s3 / n, sums.s4 / n
    m2 = a2 - d**2
    if m2 <= ROUNDING * d**2 + (4 * EPS * shift) ** 2:
        m2 = 0.0
    m3 = a3 - 3 * d * a2 + 2 * d**3
    m4 = a4 - 4 * d * a3 + 6 * d**2 * a2 - 3 * d**4
    told = m2 > 0 and not sums.withheld
    return Moments(
        n=float(n),
        mean=float(shift + d),
        variance=float(m2 * n / (n - 1)) if n > 1 else np.nan,
        skewness=float(m3 / m2**1.5) if told else np.nan,
        kurtosis=float(m4 / m2**2 - 3) if told else np.nan,
    )


@dataclass(frozen=True)
class Rough:
    """What round 1 tells about a column: enough to choose a shift and a grid.

    ``whole``: all values are whole numbers. ``nonnegative``: none is below 0.
    """

    mean: float = 0.0
    sd: float = 0.0
    whole: bool = False
    nonnegative: bool = False


def rough(sums: FirstSums, sites: float) -> Rough:
    """Return the pooled mean, and an sd that is good enough for a grid.

    The pooled sum of squares is W + B: W = sum over sites of squares about the site's own mean
    (``within``), B = sum n_s m_s^2 - N m^2 (``mean_squares`` is its first term). B cancels where
    the mean dwarfs the differences between sites: there it is rounding, and is left out.

    Parameters
    ----------
    sums
        Added over the sites.
    sites
        How many sites have values of this column.
    """
    if not sums.n:
        return Rough()
    mean = sums.total / sums.n
    between = sums.mean_squares - sums.n * mean**2
    between = between if between > ROUNDING * sums.mean_squares else 0.0
    sd = float(np.sqrt((sums.within + between) / sums.n))
    return Rough(float(mean), sd, sums.whole == sites, sums.nonnegative == sites)
