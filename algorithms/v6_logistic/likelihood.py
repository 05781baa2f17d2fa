"""The binomial log-likelihood with logit link, its derivatives and score rows.

With eta = offset + x b, mu = 1 / (1 + exp(-eta)), case weights w and y in {0, 1}:
l = sum w (y eta - log(1 + e^eta)), score = sum w (y - mu) x, information = sum w mu (1 - mu) x x'.
McCullagh & Nelder, Generalized Linear Models, 1989, section 4.4.

``design`` has shape (n, p), less a shift near its means: large means cost digits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.blocks import row_blocks
from v6_clinical.numerics.newton import Evaluation


def linear_predictor(design: Array, beta: Array, offset: Array) -> Array:
    """Return offset + x b, shape (n,)."""
    eta: Array = np.dot(design, beta)
    eta += offset
    return eta


@dataclass(frozen=True)
class Pointwise:
    """What the likelihood is made of, row by row, at one linear predictor.

    Parameters
    ----------
    log_likelihood
        The sum of w (y eta - log(1 + e^eta)).
    residuals
        w (y - mu), shape (n,).
    weights
        w mu (1 - mu), the rows' part in the information, shape (n,).
    """

    log_likelihood: float
    residuals: Array
    weights: Array


def pointwise(events: Array, weights: Array, eta: Array) -> Pointwise:
    """Return the parts of the likelihood, from one exponential a row that cannot overflow.

    They are no numbers where eta itself has overflowed.
    """
    value, residuals, model = 0.0, np.empty(len(eta)), np.empty(len(eta))
    with np.errstate(invalid="ignore"):
        for rows in row_blocks(len(eta)):
            y, w, at = events[rows], weights[rows], eta[rows]
            small = np.exp(-np.abs(at))
            whole = 1 + small  # its logarithm is off by one rounding of 1 at most
            share = 1 / whole
            value += float(np.dot(w, y * at - np.maximum(at, 0) - np.log(whole)))
            residuals[rows] = w * (y - np.where(at >= 0, share, small * share))
            model[rows] = w * small * share * share
    return Pointwise(value, residuals, model)


def evaluate(design: Array, at: Pointwise) -> Evaluation:
    """Return log-likelihood, score and information."""
    p = design.shape[1]
    score, information = np.zeros(p), np.zeros((p, p))
    for rows in row_blocks(len(design), p):
        x = design[rows]
        score += np.dot(at.residuals[rows], x)
        information += np.dot((x * at.weights[rows, None]).T, x)
    return Evaluation(at.log_likelihood, score, information)


def third_weights(
    design: Array, at: Pointwise, events: Array, weights: Array, covariance: Array
) -> Array:
    """Return w mu (1 - mu) (1 - 2 mu) x' C x of each row, shape (n,).

    Summed with x it is the score's second derivative, sign reversed, contracted with C, shape
    (p, p); half of it is Firth's adjustment of the score (Biometrika 80, 1993, section 3.3) where
    C is the covariance.
    """
    found = np.empty(len(design))
    for rows in row_blocks(len(design), design.shape[1]):
        x, mu = design[rows], events[rows] - at.residuals[rows] / weights[rows]
        spread = np.einsum("ij,ij->i", np.dot(x, covariance), x)
        found[rows] = at.weights[rows] * (1 - 2 * mu) * spread
    return found


def squared_error(residuals: Array, weights: Array) -> float:
    """Return sum w (y - mu)^2 of residuals w (y - mu), shape (n,)."""
    blocks = ((residuals[rows], weights[rows]) for rows in row_blocks(len(residuals)))
    return float(sum(np.dot(r, r / w) for r, w in blocks))


def evaluate_null(events: Array, weights: Array, eta: Array) -> Array:
    """Return log-likelihood, score and information of an intercept alone, shape (3,)."""
    at = pointwise(events, weights, eta)
    return np.array([at.log_likelihood, at.residuals.sum(), at.weights.sum()])


def meat(design: Array, residuals: Array, clusters: NDArray[np.int64] | None) -> Array:
    """Return sum u u', u = w (y - mu) x of a row, or summed over the rows of a cluster first.

    Parameters
    ----------
    residuals
        w (y - mu), shape (n,).

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
