"""Positive outcomes whose standard deviation grows with their mean: gamma, log or inverse link.

l = -y / mu - log mu, of a dispersion of 1; log y, which does not depend on eta, is summed apart.
The dispersion is Pearson's chi-square over the degrees of freedom; in the log-likelihood it is the
deviance over n, both as in R. McCullagh & Nelder, Generalized Linear Models, 1989, chapter 8.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from v6_clinical.errors import RefusalError
from v6_clinical.numerics.arrays import Array
from v6_clinical.regression.counts import Counts
from v6_clinical.regression.families.family import Family, NullFit, Outcome
from v6_clinical.regression.families.real import read_real

if TYPE_CHECKING:
    import pandas as pd

    from v6_clinical.disclosure import Policy


class Gamma(Family):
    """Positive outcomes with the log link."""

    kind = "gamma log"
    ratio: tuple[str, str] | None = ("ratio", "ratio")
    canonical = False
    dispersed = True
    saturates = True

    def read(self, column: pd.Series, outcome: Outcome, policy: Policy) -> Array:
        """Return the numbers; R5.

        Raises
        ------
        RefusalError
            ``BAD_OUTCOME`` for a number of 0 or less; R5.
        """
        values = read_real(column, outcome, policy)
        if not (values > 0).all():
            raise RefusalError("BAD_OUTCOME", [outcome.column])
        return values

    def rows(self, y: Array, w: Array, eta: Array) -> tuple[Array, Array, Array]:
        """Return value and derivatives: of a row y / mu - 1 and -y / mu."""
        ratio = y * np.exp(-eta)
        return -(ratio + eta), w * (ratio - 1), w * ratio

    def value(self, y: Array, eta: Array) -> Array:
        """Return -y / mu - log mu."""
        return np.asarray(-(y * np.exp(-eta) + eta))

    def expected(self, y: Array, w: Array, eta: Array) -> Array:
        """Return w."""
        return w + np.zeros(len(y))

    def fewest(self, counts: Counts) -> float:
        """Return the rows."""
        return counts.n

    def mean(self, eta: Array) -> Array:
        """Return mu."""
        return np.exp(eta)

    def origin(self, mean: float) -> float:
        """Return the link of the mean."""
        return math.log(mean) if mean > 0 else 0.0

    def features(self, y: Array, w: Array) -> Array:
        """Return w log y, (n, 1)."""
        return (w * np.log(y))[:, None]

    def pearson(self, y: Array, w: Array, eta: Array) -> Array:
        """Return sqrt(w) (y - mu) / mu."""
        mu = self.mean(eta)
        return np.asarray(np.sqrt(w) * (y - mu) / mu)

    def saturated(self, y: Array) -> Array:
        """Return -log y - 1."""
        return np.asarray(-(np.log(y) + 1))

    def log_likelihood(
        self, value: float, deviance: float, constants: Array, counts: Counts
    ) -> float | None:
        """Return sum w log f(y), f gamma's density of shape a = sum w / deviance, mean mu.

        With D the deviance: sum w (a log a - log Gamma(a) - a - log y) - a D / 2.
        """
        logs, weight = float(constants[0]), counts.weight
        if not deviance > 0:
            return None
        a = weight / deviance
        return weight * (a * math.log(a) - math.lgamma(a) - a - 0.5) - logs

    def null(self, counts: Counts, *, intercept: bool) -> NullFit:
        """Return the link of the mean; eta = 0 is a mean of 1."""
        if not intercept:
            return NullFit(0.0, -counts.event_weight)
        mean = counts.event_weight / counts.weight
        return NullFit(self.origin(mean), -counts.weight * (1 + math.log(mean)))


class InverseGamma(Gamma):
    """Positive outcomes with the inverse link, mu = 1 / eta, eta above 0."""

    kind = "gamma inverse"
    bounded = True
    ratio = None
    canonical = True

    def rows(self, y: Array, w: Array, eta: Array) -> tuple[Array, Array, Array]:
        """Return value and derivatives: of a row 1 / eta - y and -1 / eta^2."""
        mu = self.mean(eta)
        return -(y * eta + np.log(mu)), w * (mu - y), w * mu * mu

    def value(self, y: Array, eta: Array) -> Array:
        """Return -y eta + log eta."""
        return np.asarray(-(y * eta + np.log(self.mean(eta))))

    def expected(self, y: Array, w: Array, eta: Array) -> Array:
        """Return w mu^2."""
        return w * self.mean(eta) ** 2

    def mean(self, eta: Array) -> Array:
        """Return mu, no number outside of the domain."""
        return 1 / np.where(eta > 0, eta, np.nan)

    def origin(self, mean: float) -> float:
        """Return 1 / mean."""
        return 1 / mean if mean > 0 else 1.0


GAMMA: Final = Gamma()
INVERSE_GAMMA: Final = InverseGamma()
