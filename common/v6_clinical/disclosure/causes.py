"""The refusal that says the cause, where one rule has several."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from v6_clinical.errors import RefusalError


def rare_columns(
    names: Sequence[str], rare: NDArray[np.bool_], dummies: Sequence[bool] | None
) -> RefusalError:
    """Return the refusal of columns of which few rows are off the commonest value, shape (p,).

    A level is said to be rare before a number's value is. ``dummies`` marks the columns of levels
    alone; None where there is none.
    """
    levels = rare & np.array(dummies or [False] * len(rare), dtype=np.bool_)
    if levels.any():
        return RefusalError("RARE_LEVEL", list(compress(names, levels)))
    return RefusalError("RARE_VALUE", list(compress(names, rare)))
