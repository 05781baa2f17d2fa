"""The binomial log-likelihood with logit link, its derivatives and score rows.

With eta = offset + x b, mu = 1 / (1 + exp(-eta)), case weights w and y in {0, 1}:
l = sum w (y eta - log(1 + e^eta)), score = sum w (y - mu) x, information = sum w mu (1 - mu) x x'.
McCullagh & Nelder, Generalized Linear Models, 1989, section 4.4.

``design`` has shape (n, p); ``shift``, shape (p,), is taken off its rows on the way, so that large
means cost no digits and no copy of the design is made.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from v6_clinical.blocks import row_blocks
from v6_clinical.newton import Evaluation

Array = NDArray[np.float64]


def linear_predictor(design: Array, shift: Array, beta: Array, offset: Array) -> Array:
    """Return offset + (x - shift) b, shape (n,)."""
    eta = np.empty(len(design))
    for rows in row_blocks(len(design)):
        eta[rows] = offset[rows] + (design[rows] - shift) @ beta
    return eta


def probability(eta: Array) -> Array:
    """Return mu without overflow."""
    small = np.exp(-np.abs(eta))
    found: Array = np.where(eta >= 0, 1.0, small) / (1 + small)
    return found


def model_weights(eta: Array, weights: Array) -> Array:
    """Return w mu (1 - mu), the rows' part in the information."""
    small = np.exp(-np.abs(eta))
    found: Array = weights * small / np.square(1 + small)
    return found


def log_likelihood(events: Array, weights: Array, eta: Array) -> float:
    """Return sum w (y eta - log(1 + e^eta)) without overflow."""
    softplus = np.maximum(eta, 0) + np.log1p(np.exp(-np.abs(eta)))
    return float(weights @ (events * eta - softplus))


def evaluate(design: Array, shift: Array, events: Array, weights: Array, eta: Array) -> Evaluation:
    """Return log-likelihood, score and information at the linear predictor ``eta``."""
    p = design.shape[1]
    value, score, information = 0.0, np.zeros(p), np.zeros((p, p))
    for rows in row_blocks(len(design)):
        x = design[rows] - shift
        y, w, at = events[rows], weights[rows], eta[rows]
        value += log_likelihood(y, w, at)
        score += (w * (y - probability(at))) @ x
        x *= np.sqrt(model_weights(at, w))[:, None]
        information += x.T @ x
    return Evaluation(value, score, information)


def evaluate_null(events: Array, weights: Array, eta: Array) -> Array:
    """Return log-likelihood, score and information of an intercept alone, shape (3,)."""
    score = weights @ (events - probability(eta))
    information = model_weights(eta, weights).sum()
    return np.array([log_likelihood(events, weights, eta), score, information])


def meat(
    design: Array,
    shift: Array,
    residuals: Array,
    clusters: NDArray[np.int64] | None,
) -> Array:
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
        for rows in row_blocks(len(design)):
            u = (design[rows] - shift) * residuals[rows, None]
            found += u.T @ u
        return found
    columns = zip(design.T, shift, strict=True)
    sums = np.array([np.bincount(clusters, residuals * (x - m)) for x, m in columns])
    return np.asarray(sums @ sums.T)
