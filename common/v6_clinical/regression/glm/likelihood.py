"""A log-likelihood of single rows, its derivatives and score rows.

With eta = offset + x b and a family's l (:mod:`v6_clinical.regression.families.family`):
L = sum w l(y, eta), score = sum w l' x, information = -sum w l'' x x'.

``design`` has shape (n, p), less a shift near its means: large means cost digits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from v6_clinical.numerics.arrays import Array, Index
from v6_clinical.numerics.blocks import row_blocks
from v6_clinical.numerics.newton import Evaluation
from v6_clinical.regression.families.family import Family
from v6_clinical.regression.glm.gain import Gain
from v6_clinical.regression.glm.spread import Spread, moments
from v6_clinical.regression.site.noise import NO_PARTS, Parts

if TYPE_CHECKING:
    from v6_clinical.disclosure import Policy


@dataclass(frozen=True)
class Data:
    """Rows to be fitted.

    Parameters
    ----------
    design
        Shape (n, p).
    outcome, weights, offset
        Shape (n,).
    """

    family: Family
    design: Array
    outcome: Array
    weights: Array
    offset: Array


@dataclass(frozen=True)
class Pointwise:
    """What the likelihood is made of, row by row, at one linear predictor.

    Parameters
    ----------
    log_likelihood
        The sum of w l.
    gain
        The sum of w l less that at another linear predictor, where there is one.
    parts
        What makes the noise of the gain.
    residuals
        w l', shape (n,): w (y - mu) where the link is canonical.
    weights
        -w l'', the rows' part in the information, shape (n,).
    moments
        What their spread is made of, where it has been asked for.
    """

    log_likelihood: float
    residuals: Array
    weights: Array
    gain: float = 0.0
    parts: Parts = NO_PARTS
    moments: Array | None = None

    def spread(self, weights: Array) -> Spread:
        """Return how large the residuals are beside the information, of case weights (n,)."""
        if self.moments is not None:
            return Spread.of(self.moments)
        found = np.zeros(3)
        for rows in row_blocks(len(weights)):
            found += moments(np.square(self.residuals[rows]), weights[rows], self.weights[rows])
        return Spread.of(found)


def pointwise(
    family: Family,
    outcome: Array,
    weights: Array,
    eta: Array,
    before: Callable[[slice], Array] | None = None,
    clusters: Index | None = None,
    *,
    spread: bool = False,
) -> Pointwise:
    """Return the parts of the likelihood; they are no numbers where eta has overflowed.

    Parameters
    ----------
    before
        Returns l of a block of rows at the linear predictor that the gain is from.
    spread
        Whether the moments of ``Pointwise.spread`` are summed as well.
    clusters
        Codes of patients of several rows, shape (n,).
    """
    value, residuals, model = 0.0, np.empty(len(eta)), np.empty(len(eta))
    gain, found = Gain(len(eta), clusters), np.zeros(3)
    with np.errstate(invalid="ignore", over="ignore"):
        for rows in row_blocks(len(eta)):
            y, w = outcome[rows], weights[rows]
            some = family.rows(y, w, eta[rows])
            value += float(np.dot(w, some[0]))
            residuals[rows], model[rows] = some[1:]
            if before is not None:
                gain.add(rows, w * (some[0] - before(rows)))
            if spread:
                found += moments(np.square(some[1]), w, some[2])
    there = found if spread else None
    return Pointwise(value, residuals, model, gain.total, gain.parts(), there)


@dataclass(frozen=True)
class GainFrom:
    """The null model that a gain in log-likelihood is from.

    Parameters
    ----------
    intercept
        Of the null model.
    values
        l of the rows there, shape (n,), where they are known.
    clusters
        Codes of patients of several rows, shape (n,), whose parts make the noise of the gain.
    noisy
        Whether there is noise.
    """

    intercept: float
    values: Array | None = None
    clusters: Index | None = None
    noisy: bool = False

    def base(self, data: Data) -> Callable[[slice], Array]:
        """Return what gives l of a block of rows there."""
        if self.values is not None:
            return self.values.__getitem__
        eta = null_predictor(data, self.intercept)

        def block(rows: slice) -> Array:
            return data.family.value(data.outcome[rows], eta if len(eta) == 1 else eta[rows])

        return block


@dataclass(frozen=True)
class Point:
    """Rows at coefficients ``beta`` (p,).

    Parameters
    ----------
    origin
        What the gain in log-likelihood is from; None for no gain.
    """

    data: Data
    beta: Array
    origin: GainFrom | None = None

    @cached_property
    def eta(self) -> Array:
        """Return offset + x b, shape (n,)."""
        eta: Array = np.dot(self.data.design, self.beta)
        eta += self.data.offset
        return eta

    @property
    def predictor(self) -> Array:
        """Return eta in the unit that R9 measures it in, shape (n,)."""
        unit = self.data.family.unit(self.data.outcome)
        return self.eta if unit == 1 else self.eta / unit

    @cached_property
    def parts(self) -> Pointwise:
        """The parts of the likelihood, row by row."""
        data, origin = self.data, self.origin
        rows = data.family, data.outcome, data.weights, self.eta
        if origin is None:
            return pointwise(*rows)
        return pointwise(*rows, origin.base(data), origin.clusters, spread=origin.noisy)

    @property
    def residuals(self) -> Array:
        """W l', shape (n,)."""
        return self.parts.residuals

    def row_weights(self, policy: Policy) -> Array:
        """Return -w l'', shape (n,)."""
        return self.parts.weights

    def unchecked(self) -> Evaluation:
        """Return log-likelihood, score and information."""
        return evaluate(self.data.design, self.parts)


class ExpectedPoint(Point):
    """The same rows with the expected information in place of the observed one."""

    @cached_property
    def parts(self) -> Pointwise:
        """The parts of the likelihood, the weights w mu'^2/V."""
        data, found = self.data, super().parts
        with np.errstate(invalid="ignore", over="ignore"):
            expected = data.family.expected(data.outcome, data.weights, self.eta)
        return Pointwise(found.log_likelihood, found.residuals, expected)


def null_predictor(data: Data, intercept: float) -> Array:
    """Return eta of an intercept alone: one number, shape (1,), where no offset is added."""
    if data.offset.strides == (0,):
        return np.array([intercept])
    return data.offset + intercept


def row_values(data: Data, intercept: float) -> Array:
    """Return w l of the rows at an intercept alone, shape (n,)."""
    before = null_predictor(data, intercept)
    with np.errstate(invalid="ignore", over="ignore"):
        return np.asarray(data.weights * data.family.value(data.outcome, before))


def evaluate(design: Array, at: Pointwise) -> Evaluation:
    """Return log-likelihood, score and information."""
    p = design.shape[1]
    score, information = np.zeros(p), np.zeros((p, p))
    for rows in row_blocks(len(design), p):
        x = design[rows]
        score += np.dot(at.residuals[rows], x)
        information += np.dot((x * at.weights[rows, None]).T, x)
    return Evaluation(at.log_likelihood, score, information)


def third_weights(data: Data, at: Pointwise, covariance: Array) -> Array:
    """Return -w l''' x' C x of each row, shape (n,).

    Summed with x it is the score's second derivative, sign reversed, contracted with C, shape
    (p, p); half of it is Firth's adjustment of the score (Biometrika 80, 1993, section 3.3) where
    C is the covariance.
    """
    found = np.empty(len(data.design))
    for rows in row_blocks(*data.design.shape):
        x = data.design[rows]
        quadratic = np.einsum("ij,ij->i", np.dot(x, covariance), x)
        y, w = data.outcome[rows], data.weights[rows]
        found[rows] = data.family.third(y, w, at.residuals[rows], at.weights[rows]) * quadratic
    return found


def squared_error(residuals: Array, weights: Array) -> float:
    """Return sum w (y - mu)^2 of residuals w (y - mu), shape (n,)."""
    blocks = ((residuals[rows], weights[rows]) for rows in row_blocks(len(residuals)))
    return float(sum(np.dot(r, r / w) for r, w in blocks))


def meat(design: Array, residuals: Array, clusters: NDArray[np.int64] | None) -> Array:
    """Return sum u u', u = w l' x of a row, or summed over the rows of a cluster first.

    Parameters
    ----------
    residuals
        w l', shape (n,).

    Returns
    -------
    ndarray of shape (p, p)
    """
    if clusters is None:
        found = np.zeros((design.shape[1],) * 2)
        for rows in row_blocks(len(design), design.shape[1]):
            u = design[rows] * residuals[rows, None]
            found += np.dot(u.T, u)
        return found
    sums = np.array([np.bincount(clusters, residuals * x) for x in design.T])
    return np.asarray(sums @ sums.T)
