"""What of a model's terms is the request's: without moments and knots that data placed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from v6_clinical.model.factors import Factor, Scale, Spline
from v6_clinical.model.knots import round_knots
from v6_clinical.model.moments import BOUNDARY_SD, INNER_SD
from v6_clinical.model.terms import Term

PLACED: Final = {"step", "placed"}
MOMENTS: Final = {"mean", "sd"}


def standing_terms(terms: Sequence[Term]) -> list[list[dict[str, Any]]]:
    """Return the factors of each term as plain JSON, in an order that no spelling changes.

    Knots that were placed are left out where they are those that the request names, rounded, or
    as equally spaced as it asks; any others stay, so that they are another request's.
    """
    return sorted((sorted(map(_standing, term.factors), key=repr) for term in terms), key=repr)


def _standing(factor: Factor) -> dict[str, Any]:
    free = MOMENTS if isinstance(factor, Scale) else set()
    if isinstance(factor, Spline) and _follows(factor):
        free = PLACED
    return dict(sorted(factor.model_dump(mode="json", exclude=free, exclude_none=True).items()))


def _follows(spline: Spline) -> bool:
    """Tell whether the placed knots are what the request's come to on the grid of the step."""
    if spline.placed is None or spline.step is None:
        return True
    lower, *inner, upper = spline.placed
    named = [(spline.lower, lower), (spline.upper, upper)]
    named += zip(spline.knots or (), inner, strict=False)
    asked = [(knot, at) for knot, at in named if knot is not None]
    try:
        rounded = round_knots([knot for knot, _ in asked], spline.step)
    except ValueError:
        return False
    if rounded != tuple(at for _, at in asked):
        return False
    return spline.knots is not None or _is_spaced(spline, lower, inner, upper)


def _is_spaced(spline: Spline, lower: float, inner: Sequence[float], upper: float) -> bool:
    """Tell whether knots that data placed are equally spaced, all of them rounded to the step.

    They part the range of the bounds, or that of 2 sd where the bounds are at more.
    """
    step = spline.step or 0.0
    gaps = [right - left for left, right in pairwise(inner)]
    if gaps and max(gaps) - min(gaps) > 2 * step:
        return False
    named = (spline.lower is not None) + (spline.upper is not None)
    share = 1.0 if named == 2 else INNER_SD / BOUNDARY_SD[spline.basis]
    if named == 1 and share < 1:
        return True
    middle, reach = (lower + upper) / 2, share * (upper - lower) / 2
    wanted = [middle + reach * (2 * k / (len(inner) + 1) - 1) for k in range(1, len(inner) + 1)]
    return all(abs(at - there) <= 1.5 * step for at, there in zip(inner, wanted, strict=True))
