"""How large residuals are beside the information, and on how many rows it rests."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from v6_clinical.numerics.arrays import Array


@dataclass(frozen=True)
class Spread:
    """How large residuals are beside the information, and on how many rows it rests.

    Parameters
    ----------
    dispersion
        sum r^2 / w over the sum of the weights in the information.
    rows
        The number of equal weights that say as much as those in the information (Kish).
    """

    dispersion: float
    rows: float

    @classmethod
    def of(cls, sums: Array) -> Spread:
        """Return that of sum r^2 / w, sum v and sum v^2, v the weights in the information."""
        squares, total, square = sums.tolist()
        if not (total > 0 and square > 0):
            return cls(math.inf, 1.0)
        return cls(squares / total, total**2 / square)


def moments(squares: Array, weights: Array, model: Array) -> Array:
    """Return sum r^2 / w, sum |v| and sum v^2 of a block."""
    total = squares.sum() if weights.strides == (0,) else (squares / weights).sum()
    size = model if model.min() >= 0 else np.abs(model)
    return np.array([total, size.sum(), np.dot(model, model)])
