"""Residuals for HC2 and HC3: larger where a row has leverage in the pooled fit.

With M the inverse of the pooled expected information and v_i a row's weight in it, the leverage is
h_i = v_i x_i' M x_i; HC2 divides squared residuals by 1 - h_i, HC3 by its square (MacKinnon and
White 1985; R's ``sandwich::vcovHC``).

M comes with the question. No site's information is above the pooled one, so M is at most the
inverse of the site's own: a matrix that is not aims at rows, and is refused. So is one that leaves
the squared residuals to few rows (R9).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from v6_clinical.errors import RefusalError
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.blocks import row_blocks
from v6_clinical.numerics.halves import half_of, of_half
from v6_clinical.regression.glm.likelihood import Data
from v6_clinical.regression.glm.rows_at_null import sandwiched
from v6_clinical.regression.site.noise import Noisy

POWER: Final = {"HC2": 0.5, "HC3": 1.0}
# What M H_s may be above 1: rounding, and with noise, which moves both by no more than half.
SLACK, NOISY_SLACK = 1e-6, 3.0
MOST: Final = 0.999  # leverage of a row


@dataclass(frozen=True)
class Adjusted:
    """Residuals of which the meat is made.

    Parameters
    ----------
    residuals
        w l' (1 - h)^-1/2 or (1 - h)^-1, shape (n,).
    grown
        The largest factor of a squared residual.
    question
        What stands for kind and matrix in a draw of noise.
    """

    residuals: Array
    grown: float
    question: bytes


def half_to_matrix(half: Array) -> Array:
    """Return a symmetric matrix of its upper half, row by row.

    Raises
    ------
    RefusalError
        ``BAD_REQUEST`` where it is the half of none.
    """
    k = int((np.sqrt(8 * len(half) + 1) - 1) / 2)
    if k * (k + 1) // 2 != len(half):
        raise RefusalError("BAD_REQUEST", ["report"])
    return of_half(half, k)


def adjusted(
    kind: str, inverse: Array, data: Data, eta: Array, residuals: Array, noisy: Noisy
) -> Adjusted:
    """Return the residuals for a kind of errors, ``inverse`` being M, shape (p, p).

    Raises
    ------
    RefusalError
        ``BAD_REQUEST`` for a matrix of another size, ``COEFFICIENT_RANGE`` for one that no pooled
        information has.
    """
    if inverse.shape != (data.design.shape[1],) * 2:
        raise RefusalError("BAD_REQUEST", ["report"])
    inverse, question = _on_grid(inverse, len(eta), noisy)
    weights = data.family.expected(data.outcome, data.weights, eta)
    _check(inverse, data.design, weights, NOISY_SLACK if noisy.on else SLACK)
    leverage = np.empty(len(eta))
    for rows in row_blocks(*data.design.shape):
        x = data.design[rows]
        leverage[rows] = weights[rows] * np.einsum("ij,ij->i", np.dot(x, inverse), x)
    if not (leverage < MOST).all():
        raise RefusalError("COEFFICIENT_RANGE")
    factor = (1 - np.maximum(leverage, 0.0)) ** -POWER[kind]
    grown = float(np.square(factor).max(initial=1.0))
    return Adjusted(residuals * factor, grown, kind.encode() + question)


def _check(inverse: Array, design: Array, weights: Array, slack: float) -> None:
    """Refuse a matrix that is not between 0 and the inverse of the site's own information."""
    own = sandwiched(design, weights)
    scale = np.sqrt(np.where(np.diag(own) > 0, np.diag(own), 1.0))
    values, vectors = np.linalg.eigh(own / np.outer(scale, scale))
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    inside = np.linalg.eigvalsh(root.T @ (inverse * np.outer(scale, scale)) @ root)
    if not (np.isfinite(inside).all() and inside.max() <= 1 + slack and inside.min() >= -slack):
        raise RefusalError("COEFFICIENT_RANGE")


def _on_grid(inverse: Array, n: int, noisy: Noisy) -> tuple[Array, bytes]:
    """Return the nearest matrix of a grid, and what stands for it: in the columns' own units.

    A matrix of coefficients' covariances changes with units as they do.
    """
    columns = noisy.columns
    if not noisy.on or columns is None or not len(inverse):
        return inverse, b""
    turned = np.array([columns.canonical(unit, noisy.moments) for unit in np.eye(len(inverse))]).T
    steps, question = noisy.source.on_grid(half_of(n * turned @ inverse @ turned.T))
    back = np.linalg.inv(turned)
    return back @ (of_half(steps, len(inverse)) / n) @ back.T, question
