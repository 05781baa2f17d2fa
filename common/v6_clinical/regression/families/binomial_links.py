"""Outcomes of 0 and 1 with links other than the logit.

l = y log mu + (1 - y) log(1 - mu). The information is observed in Newton's steps and expected,
w mu'^2 / (mu (1 - mu)), in standard errors. Outside of a link's domain nothing is a number.
McCullagh & Nelder, Generalized Linear Models, 1989, section 4.3.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from v6_clinical.numerics.arrays import Array
from v6_clinical.regression.counts import Counts
from v6_clinical.regression.families.binomial import Binomial
from v6_clinical.regression.families.family import NullFit

NEAREST = 0.01  # to 0 and 1, of a share at which a fit begins


class _Linked(Binomial):
    """What the links have in common: ``row``, a row's l and its two derivatives."""

    ratio: tuple[str, str] | None = None
    canonical = False
    none = 0.5  # mu where eta is 0

    def row(self, y: Array, eta: Array) -> tuple[Array, Array, Array]:
        """Return l, l' and -l'' of rows."""
        raise NotImplementedError

    def link(self, mean: float) -> float:
        """Return eta of a mean between 0 and 1."""
        raise NotImplementedError

    def rows(self, y: Array, w: Array, eta: Array) -> tuple[Array, Array, Array]:
        """Return value and derivatives."""
        value, first, second = self.row(y, eta)
        return value, w * first, w * second

    def residuals(self, y: Array, w: Array, eta: Array) -> Array:
        """Return w l' of rows."""
        return w * self.row(y, eta)[1]

    def value(self, y: Array, eta: Array) -> Array:
        """Return l of rows."""
        return self.row(y, eta)[0]

    def third(self, y: Array, w: Array, residuals: Array, weights: Array) -> Array:
        """Return 0: it does not follow from the derivatives before it."""
        return np.zeros(len(y))

    def null(self, counts: Counts, *, intercept: bool) -> NullFit:
        """Return the entropy of the outcome's share; without an intercept mu is ``none``."""
        if intercept:
            found, mean = super().null(counts, intercept=True), counts.event_weight / counts.weight
            at = self.link(mean) if 0 < mean < 1 else self.origin(mean)  # a site without events
            return NullFit(at or 0.0, found.log_likelihood)
        part, rest = counts.event_weight, counts.weight - counts.event_weight
        return NullFit(0.0, part * math.log(self.none) + rest * math.log1p(-self.none))


class Probit(_Linked):
    """mu = Phi(eta)."""

    kind = "binomial probit"

    def link(self, mean: float) -> float:
        """Return the normal quantile."""
        from scipy.special import ndtri

        return float(ndtri(mean))

    def row(self, y: Array, eta: Array) -> tuple[Array, Array, Array]:
        """Return l, l' and -l'' of rows: with z = +-eta, log Phi(z) and phi / Phi."""
        from scipy.special import log_ndtr

        sign = 2 * y - 1
        z = sign * eta
        value = log_ndtr(z)
        slope = np.exp(_log_density(z) - value)
        return value, sign * slope, slope * (slope + z)

    def expected(self, y: Array, w: Array, eta: Array) -> Array:
        """Return w phi^2 / (Phi (1 - Phi))."""
        from scipy.special import log_ndtr

        return np.asarray(w * np.exp(2 * _log_density(eta) - log_ndtr(eta) - log_ndtr(-eta)))


class ComplementaryLogLog(_Linked):
    """mu = 1 - exp(-e^eta)."""

    kind = "binomial cloglog"
    none = -math.expm1(-1)
    half = -math.log(none)

    def link(self, mean: float) -> float:
        """Return log(-log(1 - mean))."""
        return math.log(-math.log1p(-mean))

    def row(self, y: Array, eta: Array) -> tuple[Array, Array, Array]:
        """Return l, l' and -l'' of rows: with t = e^eta and g = t / (e^t - 1)."""
        t, g = _hazard(eta)
        event = y > 0
        value = np.where(event, np.log(-np.expm1(-t)), -t)
        return value, np.where(event, g, -t), np.where(event, g * (g + t - 1), t)

    def expected(self, y: Array, w: Array, eta: Array) -> Array:
        """Return w t g."""
        t, g = _hazard(eta)
        return w * t * g


class Identity(_Linked):
    """mu = eta, between 0 and 1: risk differences."""

    kind = "binomial identity"
    bounded = True
    half = 0.0

    def link(self, mean: float) -> float:
        """Return the mean."""
        return mean

    def row(self, y: Array, eta: Array) -> tuple[Array, Array, Array]:
        """Return l, l' and -l'' of rows."""
        mu = np.where((eta > 0) & (eta < 1), eta, np.nan)
        event = y > 0
        share, sign = np.where(event, mu, 1 - mu), np.where(event, 1.0, -1.0)
        return np.log(share), sign / share, 1 / (share * share)

    def expected(self, y: Array, w: Array, eta: Array) -> Array:
        """Return w / (mu (1 - mu))."""
        return w / (eta * (1 - eta))

    def origin(self, mean: float) -> float:
        """Return a share that is not too near 0 or 1."""
        return _inside(mean)


class Log(_Linked):
    """mu = e^eta, eta below 0: risk ratios."""

    kind = "binomial log"
    bounded = True
    ratio: tuple[str, str] | None = ("ratio", "ratio")
    half = 0.0

    def link(self, mean: float) -> float:
        """Return log mean."""
        return math.log(mean)

    def row(self, y: Array, eta: Array) -> tuple[Array, Array, Array]:
        """Return l, l' and -l'' of rows: with odds o = mu / (1 - mu).

        Of an event l is eta, beyond the domain too: a fit may pass there on its way, not end.
        """
        event = y > 0
        below = np.where(event, -1.0, np.where(eta < 0, eta, np.nan))
        rest = -np.expm1(below)
        odds = np.exp(below) / rest
        value = np.where(event, eta, np.log(rest))
        return value, np.where(event, 1.0, -odds), np.where(event, 0.0, odds / rest)

    def expected(self, y: Array, w: Array, eta: Array) -> Array:
        """Return w mu / (1 - mu)."""
        below = np.where(eta < 0, eta, np.nan)
        return np.asarray(w * np.exp(below) / -np.expm1(below))

    def origin(self, mean: float) -> float:
        """Return log of a share that is not too near 0 or 1."""
        return math.log(_inside(mean))


def _log_density(z: Array) -> Array:
    """Return log phi(z)."""
    return np.asarray(-z * z / 2 - math.log(2 * math.pi) / 2)


def _hazard(eta: Array) -> tuple[Array, Array]:
    """Return t = e^eta and t / (e^t - 1)."""
    t = np.exp(eta)
    return t, t / np.expm1(t)


def _inside(share: float) -> float:
    return min(max(share, NEAREST), 1 - NEAREST)


PROBIT: Final = Probit()
COMPLEMENTARY_LOG_LOG: Final = ComplementaryLogLog()
IDENTITY: Final = Identity()
LOG: Final = Log()
