"""A site's fit of an intercept alone."""

from __future__ import annotations

import numpy as np

from v6_clinical.regression.glm.likelihood import Data, Point


def own_intercept(alone: Data, first: float) -> float:
    """Return about the optimum of an intercept alone, looked for from ``first`` on."""
    at = first or -float(alone.offset.mean())
    for _ in range(50):
        parts = Point(alone, np.array([at])).parts
        score, information = float(parts.residuals.sum()), float(parts.weights.sum())
        if not information > 0:
            break
        step = float(np.clip(score / information, -2.0, 2.0))
        at += step
        if abs(step) < 1e-9:
            break
    return at
