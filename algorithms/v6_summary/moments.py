"""Power sums about a shift, and the moments that follow from them.

With n rows x_i and a shift c near the mean, s_k = sum (x_i - c)^k for k = 1..4 add over sites.
About the pooled mean the first is near zero, so nothing cancels whatever the mean is.
Source: Pebay 2008, SAND2008-6212.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.blocks import row_blocks


@dataclass(frozen=True)
class Moments:
    """Moments of n rows; NaN where n is too small for one or the spread is zero.

    ``sd`` has the denominator n - 1; ``skewness`` is g1 and ``kurtosis`` is the excess g2, both
    biased, as scipy's.
    """

    n: float
    mean: float
    variance: float
    skewness: float
    kurtosis: float

    @property
    def sd(self) -> float:
        """Return the standard deviation."""
        return float(np.sqrt(self.variance))

    @property
    def population_sd(self) -> float:
        """Return the standard deviation with the denominator n."""
        return self.sd * float(np.sqrt((self.n - 1) / self.n)) if self.n > 1 else 0.0


def power_sums(values: Array, shift: float) -> Array:
    """Return n, s1, s2, s3, s4 of the rows about ``shift``, shape (5,)."""
    sums = np.zeros(5)
    for rows in row_blocks(len(values)):
        deviation = values[rows] - shift
        squares = deviation * deviation
        counts = float(len(deviation)), float(deviation.sum()), float(squares.sum())
        sums += np.array([*counts, np.dot(squares, deviation), np.dot(squares, squares)])
    return sums


def moments(sums: Array, shift: float) -> Moments:
    """Return the moments of pooled power sums, shape (5,); s3 and s4 may be NaN (withheld).

    With d = s1/n: m2 = s2/n - d^2, m3 = s3/n - 3 d s2/n + 2 d^3,
    m4 = s4/n - 4 d s3/n + 6 d^2 s2/n - 3 d^4; g1 = m3/m2^1.5, g2 = m4/m2^2 - 3.
    """
    n, *rest = sums
    if n == 0:
        return Moments(0.0, np.nan, np.nan, np.nan, np.nan)
    d, a2, a3, a4 = (s / n for s in rest)
    m2 = max(a2 - d**2, 0.0)
    m3 = a3 - 3 * d * a2 + 2 * d**3
    m4 = a4 - 4 * d * a3 + 6 * d**2 * a2 - 3 * d**4
    # Below the rounding of the values themselves a spread is none: the column is constant.
    constant = m2 <= (4 * np.finfo(float).eps * abs(shift)) ** 2
    return Moments(
        n=float(n),
        mean=float(shift + d),
        variance=float(m2 * n / (n - 1)) if n > 1 else np.nan,
        skewness=np.nan if constant else float(m3 / m2**1.5),
        kurtosis=np.nan if constant else float(m4 / m2**2 - 3),
    )


@dataclass(frozen=True)
class Spread:
    """What round 1 tells about one column: enough to choose a shift and a grid."""

    mean: float
    sd: float


def rough_spread(n: float, total: float, within: float, mean_squares: float) -> Spread:
    """Return the pooled mean, and an sd that is good enough for a grid.

    The pooled sum of squares is W + B: W = sum over sites of squares about the site's own mean
    (``within``), B = sum n_s m_s^2 - N m^2 (``mean_squares`` is its first term). B cancels where
    the mean dwarfs the differences between sites: there it is rounding, and is left out.
    """
    mean = total / n
    between = mean_squares - n * mean**2
    noise = 64 * np.finfo(float).eps * mean_squares
    return Spread(float(mean), float(np.sqrt((within + (between if between > noise else 0)) / n)))
