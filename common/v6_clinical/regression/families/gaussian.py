"""Real outcomes with the identity link: linear regression.

l = -(y - eta)^2 / 2, of a dispersion of 1: quadratic, so the sum of the sites' quadratics has the
optimum itself. Log-likelihood as R's ``logLik(lm)``, the dispersion at its maximum.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from v6_clinical.numerics.arrays import Array
from v6_clinical.regression.counts import Counts
from v6_clinical.regression.families.family import Family, Outcome
from v6_clinical.regression.families.real import read_real

if TYPE_CHECKING:
    import pandas as pd

    from v6_clinical.disclosure import Policy


class Gaussian(Family):
    """The family of real outcomes with constant variance."""

    kind = "gaussian identity"
    ratio = None
    closed_null = False  # from sums of squares it would lose the digits of a large mean
    quadratic = True
    dispersed = True

    def read(self, column: pd.Series, outcome: Outcome, policy: Policy) -> Array:
        """Return the numbers; R5."""
        return read_real(column, outcome, policy)

    def rows(self, y: Array, w: Array, eta: Array) -> tuple[Array, Array, Array]:
        """Return value and derivatives."""
        residuals = y - eta
        return residuals * residuals / -2, w * residuals, w + np.zeros(len(y))

    def value(self, y: Array, eta: Array) -> Array:
        """Return -(y - eta)^2 / 2."""
        residuals = y - eta
        return np.asarray(residuals * residuals / -2)

    def fewest(self, counts: Counts) -> float:
        """Return the rows."""
        return counts.n

    def origin(self, mean: float) -> float:
        """Return the mean."""
        return mean

    def unit(self, y: Array) -> float:
        """Return the outcome's standard deviation, 1 where it has none."""
        return float(y.std()) or 1.0

    def features(self, y: Array, w: Array) -> Array:
        """Return log w / 2, (n, 1)."""
        return (np.log(w) / 2)[:, None]

    def pearson(self, y: Array, w: Array, eta: Array) -> Array:
        """Return sqrt(w) (y - mu)."""
        return np.asarray(np.sqrt(w) * (y - eta))

    def log_likelihood(
        self, value: float, deviance: float, constants: Array, counts: Counts
    ) -> float | None:
        """Return sum log w / 2 - n/2 (log 2 pi + 1 + log(deviance / n))."""
        if not deviance > 0:
            return None
        n = counts.n
        return float(constants[0]) - n / 2 * (math.log(2 * math.pi) + 1 + math.log(deviance / n))


GAUSSIAN: Final = Gaussian()
