"""A log-likelihood of single rows, its derivatives and score rows.

With eta = offset + x b and a family's l (:mod:`v6_clinical.regression.families.family`):
L = sum w l(y, eta), score = sum w l' x, information = -sum w l'' x x'.

``design`` has shape (n, p), less a shift near its means: large means cost digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.blocks import row_blocks
from v6_clinical.numerics.newton import Evaluation
from v6_clinical.regression.families.family import Family

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
    residuals
        w l', shape (n,): w (y - mu) where the link is canonical.
    weights
        -w l'', the rows' part in the information, shape (n,).
    """

    log_likelihood: float
    residuals: Array
    weights: Array


def pointwise(family: Family, outcome: Array, weights: Array, eta: Array) -> Pointwise:
    """Return the parts of the likelihood; they are no numbers where eta has overflowed."""
    value, residuals, model = 0.0, np.empty(len(eta)), np.empty(len(eta))
    with np.errstate(invalid="ignore", over="ignore"):
        for rows in row_blocks(len(eta)):
            some = family.rows(outcome[rows], weights[rows], eta[rows])
            value += some[0]
            residuals[rows], model[rows] = some[1:]
    return Pointwise(value, residuals, model)


@dataclass(frozen=True)
class Point:
    """Rows at coefficients ``beta`` (p,)."""

    data: Data
    beta: Array

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
        data = self.data
        return pointwise(data.family, data.outcome, data.weights, self.eta)

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
