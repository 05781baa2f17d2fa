"""A site's fit of an intercept alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from v6_clinical.numerics.blocks import row_blocks
from v6_clinical.regression.glm.likelihood import Data

SAMPLE: Final = 4_000  # rows that tell about where to look
NEAR: Final = 1.0  # in eta: further off a sample is not believed


def null_intercept(alone: Data, first: float) -> float:
    """Return the optimum of an intercept alone, looked for near ``first``.

    Where it does not follow from sums, a sample of the rows saves passes over all of them; the
    optimum does not depend on the sample.
    """
    known = alone.family.null_beside(alone.outcome, alone.weights, alone.offset)
    if known is not None:
        return known
    every = len(alone.outcome) // SAMPLE
    if every > 1:
        names = ("design", "outcome", "weights", "offset")
        some = replace(alone, **{name: getattr(alone, name)[::every] for name in names})
        near = own_intercept(some, first)
        first = near if abs(near - first) < NEAR else first
    return own_intercept(alone, first)


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
