"""What a fit that fails is said to fail of, by term."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from v6_clinical.errors import AnalysisError
from v6_clinical.numerics.newton import SingularError
from v6_clinical.regression.centre.design import Design

MOST_NAMES = 12  # in a message


def listed(terms: Sequence[str]) -> str:
    """Return names for a message, the first dozen of them."""
    more = len(terms) - MOST_NAMES
    return ", ".join(terms[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def singular(design: Design, error: SingularError) -> AnalysisError:
    """Name the terms of a near-null vector of the information."""
    names = [design.terms[place] for place in error.places]
    slopes = [name for name in names if name in design.user_slopes] or names
    if len(slopes) > 1:
        return AnalysisError(
            "SINGULAR", f"The data cannot tell these terms apart: {listed(slopes)}."
        )
    return AnalysisError(
        "SINGULAR",
        f"{slopes[0]} does not vary, or not within the groups of rows that are compared.",
        remedy="Leave the term out, or compare across sites: without site_effect, or with "
        "baseline='exact'.",
    )


def separated(design: Design, places: NDArray[np.intp]) -> AnalysisError:
    """Name the terms whose estimates are infinite."""
    terms = listed([design.terms[place] for place in places])
    return AnalysisError("SEPARATION", f"The outcome is separated by {terms}.")
