"""Outcomes that are numbers: their reading, and R5 on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from v6_clinical.disclosure.survey import survey
from v6_clinical.numerics.arrays import Array
from v6_clinical.regression.families.family import Outcome

if TYPE_CHECKING:
    import pandas as pd

    from v6_clinical.disclosure import Policy


def read_real(column: pd.Series, outcome: Outcome, policy: Policy) -> Array:
    """Return the numbers of a column without missing values, shape (n,).

    Raises
    ------
    RefusalError
        ``NOT_NUMERIC``; R5: few rows off the commonest value, or one value that dominates.
    """
    from v6_clinical.table import numbers  # pandas: not at the centre

    values = numbers(column, outcome.column)
    if len(values):
        policy.check_design(survey(values[:, None]), [outcome.column], [False])
    return values
