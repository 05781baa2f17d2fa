"""Pooled moments turned into explicit numbers: ``scale()`` and the knots of splines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from v6_clinical.model.errors import FormulaError
from v6_clinical.model.factors import SMALLEST_SD, Factor, Scale, Spline
from v6_clinical.model.knots import coarse_step, far_enough, grid_step, round_knots
from v6_clinical.model.terms import Term

INNER_SD: Final = 2.0  # interior knots part the mean -+ this
# Boundary knots. Beyond them ns is straight, and bs goes on as a cubic: there are to be few rows.
BOUNDARY_SD: Final = {"ns": 2.0, "bs": 4.0}
FARTHEST_SD: Final = 100.0


class Moments(NamedTuple):
    """Pooled mean and standard deviation (n - 1) of a column over the complete cases."""

    mean: float
    sd: float


def needs_moments(terms: Sequence[Term]) -> tuple[str, ...]:
    """Return the columns whose pooled moments must be known before sites can code the terms."""
    factors = [factor for term in terms for factor in term.factors if not _is_resolved(factor)]
    return tuple(dict.fromkeys(factor.column for factor in factors))


def settle(terms: Sequence[Term]) -> tuple[Term, ...]:
    """Return the terms with the splines placed that need no moments, labels unchanged.

    Knots and both bounds given as coarse numbers stay as they are: no site is asked first.
    """
    return tuple(Term(factors=tuple(_settle(factor) for factor in term.factors)) for term in terms)


def _settle(factor: Factor) -> Factor:
    if not isinstance(factor, Spline) or _is_resolved(factor) or factor.knots is None:
        return factor
    if factor.lower is None or factor.upper is None:
        return factor
    placed = (factor.lower, *factor.knots, factor.upper)
    step = coarse_step(placed)
    if step is None:
        return factor
    return Spline(**(factor.model_dump() | {"step": step, "placed": placed}))


def resolve(terms: Sequence[Term], moments: Mapping[str, Moments]) -> tuple[Term, ...]:
    """Return the terms with pooled means and sds, steps and knots filled in, labels unchanged.

    Raises
    ------
    FormulaError
        If a column does not vary, or knots fall together or outside their bounds.
    """
    return tuple(
        Term(factors=tuple(_resolve(factor, moments) for factor in term.factors)) for term in terms
    )


def _is_resolved(factor: Factor) -> bool:
    if isinstance(factor, Scale):
        return factor.sd is not None
    return not isinstance(factor, Spline) or factor.placed is not None


def _resolve(factor: Factor, moments: Mapping[str, Moments]) -> Factor:
    if not isinstance(factor, Scale | Spline) or _is_resolved(factor):
        return factor
    mean, sd = moments[factor.column]
    if not sd >= SMALLEST_SD:
        remedy = "Leave the column out."
        raise FormulaError("the column does not vary over the sites", factor.label, remedy)
    filled: dict[str, object] = {"mean": float(mean), "sd": float(sd)}
    if isinstance(factor, Spline):
        filled = _on_the_grid(factor, float(mean), float(sd))
    return type(factor)(**(factor.model_dump() | filled))


def _on_the_grid(spline: Spline, mean: float, sd: float) -> dict[str, object]:
    """Return the step of the pooled sd, and the wanted knots rounded to it."""
    wanted = _wanted(spline, mean, sd)
    try:
        if not all(abs(knot - mean) <= FARTHEST_SD * sd for knot in wanted):
            raise ValueError(f"a knot is more than {FARTHEST_SD:g} sd from the mean")
        step = grid_step(sd)
        placed = round_knots(wanted, step)
    except ValueError as error:
        raise FormulaError(str(error), spline.label, "Check the unit of the knots.") from None
    if not far_enough(placed, sd):
        problem = f"knots and bounds must ascend, .25 sd apart after rounding to steps of {step:g}"
        shown = ", ".join(f"{knot:.4g}" for knot in placed)
        remedy = f"They came to {shown}: move the knots, or set lower= and upper=."
        raise FormulaError(problem, spline.label, remedy)
    return {"step": step, "placed": placed}


def _wanted(spline: Spline, mean: float, sd: float) -> tuple[float, ...]:
    """Return boundary, interior knots, boundary: as asked, else equally spaced about the mean."""

    def about(reach: float) -> tuple[float, float]:
        lower = mean - reach * sd if spline.lower is None else spline.lower
        return lower, mean + reach * sd if spline.upper is None else spline.upper

    low, high = about(INNER_SD)
    gap = (high - low) / (spline.inner + 1)
    spaced = tuple(low + gap * (index + 1) for index in range(spline.inner))
    lower, upper = about(BOUNDARY_SD[spline.basis])
    return (lower, *(spaced if spline.knots is None else spline.knots), upper)


def placed_knots(terms: Sequence[Term]) -> dict[str, list[float]]:
    """Return the knots of each spline by its label, boundaries first and last."""
    factors = [factor for term in terms for factor in term.factors]
    return {f.label: list(f.placed) for f in factors if isinstance(f, Spline) and f.placed}
