"""Knots on a grid of tenths of a pooled sd: no analyst-chosen cut point is used as it came.

Grid: mean + k sd/10 with whole k from -1000 to 1000; neighbours at least .25 sd apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

STEPS_PER_SD: Final = 10
FARTHEST: Final = 1_000
CLOSEST_SD: Final = 0.25


def round_knots(knots: Sequence[float], mean: float, sd: float) -> tuple[float, ...]:
    """Round knots to the grid of the pooled moments; rounding again changes nothing.

    Raises
    ------
    ValueError
        If a knot is more than 100 sd from the mean, or sd vanishes beside the mean.
    """
    step = sd / STEPS_PER_SD
    if not step > 16 * np.spacing(abs(mean)):
        raise ValueError("the column is constant for numerical purposes")
    steps = [float(np.rint((knot - mean) / step)) for knot in knots]
    if any(abs(count) > FARTHEST for count in steps):
        raise ValueError("a knot is more than 100 sd from the mean")
    return tuple(mean + count * step for count in steps)


def far_enough(knots: Sequence[float], sd: float) -> bool:
    """Tell whether the knots ascend with at least .25 sd between neighbours."""
    return bool(np.all(np.diff(np.asarray(knots, dtype=np.float64)) >= CLOSEST_SD * sd))


def on_grid(knots: Sequence[float], mean: float, sd: float) -> bool:
    """Tell whether knots are what ``round_knots`` gives, and far enough apart."""
    try:
        rounded = round_knots(knots, mean, sd)
    except ValueError:
        return False
    return rounded == tuple(knots) and far_enough(knots, sd)
