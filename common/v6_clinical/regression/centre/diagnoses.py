"""What a fit that fails is said to fail of, by term."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from v6_clinical.errors import AnalysisError
from v6_clinical.model.factors import is_numeric
from v6_clinical.numerics.newton import Evaluation, Newton, SingularError
from v6_clinical.numerics.noisy_steps import is_drowned
from v6_clinical.numerics.separation import LEFT, LEFT_AT_AN_END, infinite, leading, lost
from v6_clinical.regression.centre.design import Design

MOST_NAMES = 12  # in a message
SETTLED = 0.05  # of log-likelihood to gain: which terms part all rows shows by then
UNEVEN = 0.1  # of the mean weight: no row's is assumed to be less


def listed(terms: Sequence[str]) -> str:
    """Return names for a message, the first dozen of them."""
    more = len(terms) - MOST_NAMES
    return ", ".join(terms[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def singular(design: Design, error: SingularError) -> AnalysisError:
    """Name the terms of a near-null vector of the information."""
    names = [design.terms[place] for place in error.places]
    slopes = [name for name in names if name in design.user_slopes] or names
    if len(slopes) == 1:
        return constant(design, slopes)
    factor = _one_factor(design, slopes)
    own = len(design.intercepts) > 1 and len(slopes) < len(names)
    if factor is None and not own:
        return AnalysisError(
            "SINGULAR", f"The data cannot tell these terms apart: {listed(slopes)}."
        )
    what = "these terms" if factor is None else f"all levels of {factor}"
    message = f"The data cannot tell {what} from differences between sites or strata: "
    message += f"{listed(slopes)}."
    return AnalysisError("SINGULAR", message, remedy=_elsewhere(design))


def _elsewhere(design: Design) -> str:
    return f"Leave the term out, or compare across sites: {design.across_sites}."


def constant(design: Design, terms: Sequence[str]) -> AnalysisError:
    """Name terms that are constant wherever rows are compared."""
    verb = "does" if len(terms) == 1 else "do"
    message = f"{listed(terms)} {verb} not vary, or not within the groups of rows that are compared"
    return AnalysisError("SINGULAR", f"{message} (sites, strata).", remedy=_elsewhere(design))


def _one_factor(design: Design, names: Sequence[str]) -> str | None:
    """Return the categorical column that all of these design columns are levels of."""
    levels = {
        column.name: column.term
        for column in design.user.columns
        if len(column.parts) == 1 and not is_numeric(column.parts[0].factor, design.user.levels)
    }
    found = {levels.get(name) for name in names}
    return found.pop() if len(found) == 1 else None


def separated(design: Design, places: NDArray[np.intp]) -> AnalysisError:
    """Name the terms whose estimates are infinite."""
    terms = listed([design.terms[place] for place in places])
    return AnalysisError("SEPARATION", f"The outcome is separated by {terms}.")


def stop_if_separated(design: Design, state: Newton, *, end: bool = False) -> None:
    """End a fit whose estimates are infinite.

    A site's refusal is no evidence of that: with ``end``, where the fit cannot go on, somewhat
    less evidence does, but what there is comes from the likelihood.

    Raises
    ------
    AnalysisError
        ``SEPARATION`` naming every term whose estimate is infinite; where all rows are separated,
        those that do it. ``NOT_CONVERGED`` where the information is more noise than information.
    """
    if not state.history or state.evaluation is None:
        return
    proposals = [proposal for _, proposal in state.history]
    left, to_user = LEFT_AT_AN_END if end else LEFT, design.to_user
    places = infinite(proposals, state.gain / state.row, left, to_user, in_noise=state.in_noise)
    complete = state.is_complete or (state.in_noise > 1 and len(places) == len(design.terms))
    if not len(places) and not (complete and (end or state.gain < SETTLED * state.row)):
        return
    if is_drowned(state.evaluation) and not state.is_complete:
        raise _drowned(design, places)
    if complete and len(design.sd):
        places = parting(design, state)
    slopes = places[places >= len(design.intercepts)]
    raise separated(design, slopes if len(slopes) else places)


def _drowned(design: Design, places: NDArray[np.intp]) -> AnalysisError:
    """Name terms of which noise hides whether their estimates are finite."""
    terms = listed([design.terms[place] for place in places])
    message = f"The noise in the sites' sums hides whether there are finite estimates of {terms}."
    remedy = "Use fewer columns: a single row decides on these, and the noise hides each row."
    return AnalysisError("NOT_CONVERGED", message, remedy=remedy)


def parting(design: Design, state: Newton) -> NDArray[np.intp]:
    """Return the slopes that part all rows: those that move most, with noise on the whole way."""
    free = len(design.intercepts)
    (first, _), (last, proposal) = state.history[0], state.history[-1]
    way = proposal.step if proposal.noise is None else last + proposal.step - first
    return free + leading(way[free:], design.sd)


def stop_if_lost(design: Design, state: Newton, found: Evaluation, error: SingularError) -> None:
    """End a fit in which parameters have lost the information that there was of them at 0.

    Raises
    ------
    AnalysisError
        ``SEPARATION`` naming them.
    """
    if state.null is not None:
        places = lost(found.information, state.null.information, error.places)
        if len(places):
            raise separated(design, places)
