"""An outcome of two classes: 1 for the value that counts as an event, 0 for the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from v6_clinical.errors import RefusalError
from v6_clinical.labels import places
from v6_clinical.numerics.arrays import Array
from v6_clinical.regression.families.family import Outcome
from v6_clinical.table import kind_of, labels, numbers

if TYPE_CHECKING:
    import pandas as pd


def read_classes(column: pd.Series, outcome: Outcome) -> Array:
    """Return 0 and 1, shape (n,), for a column without missing values.

    Raises
    ------
    RefusalError
        ``BAD_OUTCOME`` if there are other values, or nothing says which one counts.
    """
    bad = RefusalError("BAD_OUTCOME", [outcome.column])
    if outcome.levels is None and outcome.positive is None:
        if kind_of(column, outcome.column) == "text":
            raise bad
        values = numbers(column, outcome.column)
        if not np.isin(values, (0.0, 1.0)).all():
            raise bad
        return values
    found = labels(column)
    known = outcome.levels or found.levels
    if len(known) > 2 or -1 in (read := places(found.levels, known)):
        raise bad
    (positive,) = places([outcome.positive or known[-1]], known) if known else (-1,)
    if positive < 0 and len(known) == 2:  # spelt otherwise here: not the same as no event
        raise bad
    codes = np.array([place == positive for place in read], dtype=np.float64)
    return codes[found.codes] if len(found.codes) else np.zeros(0)
