"""A site's fit of an intercept alone."""

from __future__ import annotations

import numpy as np

from v6_clinical.numerics.blocks import row_blocks
from v6_clinical.regression.glm.likelihood import Data


def own_intercept(alone: Data, first: float) -> float:
    """Return about the optimum of an intercept alone, looked for from ``first`` on."""
    at = first or -float(alone.offset.mean())
    for _ in range(50):
        score, information = _derivatives(alone, at)
        if not information > 0:
            break
        step = float(np.clip(score / information, -2.0, 2.0))
        at += step
        if abs(step) < 1e-9:
            break
    return at


def _derivatives(alone: Data, at: float) -> tuple[float, float]:
    """Return score and information of an intercept alone."""
    score = information = 0.0
    with np.errstate(invalid="ignore", over="ignore"):
        for rows in row_blocks(len(alone.outcome)):
            y, w = alone.outcome[rows], alone.weights[rows]
            _, first, second = alone.family.rows(y, w, alone.offset[rows] + at)
            score, information = score + float(first.sum()), information + float(second.sum())
    return score, information
