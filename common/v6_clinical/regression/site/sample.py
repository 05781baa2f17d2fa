"""Rows that stand for all of a large site's, where it looks for its own starting point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from v6_clinical.disclosure.survey import Survey, survey
from v6_clinical.errors import RefusalError

if TYPE_CHECKING:
    from v6_clinical.disclosure import Policy

SAMPLE_ROWS: Final = 20_000  # enough for a starting point; the quadratic there is that of all rows


def sample_step(about: Survey, derived: Sequence[bool], policy: Policy) -> int:
    """Return k where each k-th row may stand for all, 1 where it takes all of them.

    What is found in a sample tells of the sample's rows: of a level that ten patients have it may
    hold one. So R5 and R7 must let the sample in as if it were the site.

    Parameters
    ----------
    about
        The design's columns, and the outcome and all that R5 looks at beside them.
    derived
        Of the design's columns, see ``Coding.derived``.
    """
    step = max(1, len(about.design) // SAMPLE_ROWS)
    if step == 1:
        return step
    columns = np.column_stack([about.design[::step], *(x[::step] for x in about.others)])
    some, names = survey(columns), [""] * columns.shape[1]
    try:
        policy.check_parameters(columns.shape[1], len(columns))
        policy.check_design(some, names, [*derived, *[False] * len(about.others)])
        policy.check_combinations(some, names)
    except RefusalError:
        return 1
    return step
