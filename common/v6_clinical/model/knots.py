"""Knots on one dyadic grid anchored at zero, which no data and no request can move.

A knot placed at will is a cut point beside one patient, and a grid around a pooled mean goes
wherever the caller says that mean is. So knots are whole multiples k * step, |k| <= 2^40, of a
power of two; neighbours are at least 3 steps apart. Data choose the coarseness only: step is the
largest power of two up to sd/10 of the pooled sd. Numbers that people write (20, 28, 14.5) mostly
lie on it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

STEPS_PER_SD: Final = 10
FINEST_PER_SD: Final = 100
FINEST_PER_RANGE: Final = 128
LARGEST_EXPONENT: Final = 200
MOST_STEPS: Final = 2**40
CLOSEST_STEPS: Final = 3
CLOSEST_SD: Final = 0.25


def grid_step(sd: float) -> float:
    """Return the largest power of two up to sd/10, so more than sd/20.

    Raises
    ------
    ValueError
        If sd is not positive, or the power is not between 2^-200 and 2^200.
    """
    widest = sd / STEPS_PER_SD
    step = math.ldexp(0.5, math.frexp(widest)[1]) if 0 < widest < math.inf else 0.0
    if not is_step(step):
        raise ValueError("the column's sd is too small or too large for a grid of knots")
    return step


def coarse_step(knots: Sequence[float]) -> float | None:
    """Return the largest power of two of which the knots are multiples 3 or more apart.

    None where it is finer than 1/128 of their range: such knots wait for the pooled sd.
    """
    gap = min(right - left for left, right in pairwise(knots))
    if not gap > 0:
        return None
    step = math.ldexp(0.5, math.frexp(gap / CLOSEST_STEPS)[1])
    least = (knots[-1] - knots[0]) / FINEST_PER_RANGE
    while step >= least:
        if on_grid(knots, step):
            return step
        step /= 2
    return None


def is_step(step: float) -> bool:
    """Tell whether step is exactly a power of two between 2^-200 and 2^200."""
    fraction, exponent = math.frexp(step)
    return fraction == 0.5 and abs(exponent - 1) <= LARGEST_EXPONENT


def round_knots(knots: Sequence[float], step: float) -> tuple[float, ...]:
    """Round knots to whole multiples of step, exactly; rounding again changes nothing.

    Raises
    ------
    ValueError
        If a knot is more than 2^40 steps from zero.
    """
    counts = [knot / step for knot in knots]
    if not all(abs(count) <= MOST_STEPS for count in counts):
        raise ValueError("the column is constant for numerical purposes")
    return tuple(round(count) * step for count in counts)


def far_enough(knots: Sequence[float], sd: float) -> bool:
    """Tell whether the knots ascend with at least .25 sd, hence 3 steps, between neighbours."""
    return all(right - left >= CLOSEST_SD * sd for left, right in pairwise(knots))


def on_grid(knots: Sequence[float], step: float) -> bool:
    """Tell whether step is a step, and the knots its multiples, ascending, 3 or more apart."""
    if not is_step(step):
        return False
    counts = [knot / step for knot in knots]
    whole = all(count.is_integer() and abs(count) <= MOST_STEPS for count in counts)
    return whole and all(right - left >= CLOSEST_STEPS for left, right in pairwise(counts))


def fine_step(step: float, sd: float) -> bool:
    """Tell whether a site must refuse a step as finer than its own values justify.

    Whoever calls a site directly could declare so fine a grid that knots go anywhere. An honest
    step is more than 1/20 of the pooled sd, and a site's sd is more than 5 times the pooled one
    only if (site rows - 1) / (all rows - 1) < 1/25.

    Parameters
    ----------
    sd
        Standard deviation (n - 1) of the column over the site's own complete cases. The step is
        fine if it is below a hundredth of it; never beside an sd of 0 or nan.
    """
    return step < sd / FINEST_PER_SD
