"""How follow-up ended: which levels of a column are the event.

An analyst who may choose the events could move one patient from one answer to the next: of a
column of ages "60 or more" and "61 or more" differ by those of 60. So a listed level that occurs
has at least a cell of rows, in each stratum too, and the column few levels (R13, R6): whatever is
listed, two answers differ by whole levels of at least a cell. A level with fewer rows can only be
censored. Curves are cut so that no cell holds few rows of any level, whichever of them is the event
(``kinds``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from v6_clinical.errors import RefusalError
from v6_clinical.labels import places
from v6_clinical.numerics.arrays import Index
from v6_clinical.table import Labels, categories, kind_of, numbers

if TYPE_CHECKING:
    import pandas as pd

    from v6_clinical.disclosure import Policy


@dataclass(frozen=True)
class Status:
    """How the follow-up of n rows ended.

    Attributes
    ----------
    event
        Whether with an event, shape (n,).
    kinds
        Codes, shape (n,): one for each level of at least a cell of rows, the last for all others.
    listed
        The kinds that are events.
    """

    event: NDArray[np.bool_]
    kinds: Index
    listed: tuple[int, ...]

    def counts(self, strata: Index) -> Index:
        """Return the rows of each listed kind in each stratum, shape (listed, strata)."""
        number = int(strata.max(initial=-1)) + 1
        rows = [np.bincount(strata[self.kinds == kind], minlength=number) for kind in self.listed]
        return np.array(rows, dtype=np.intp).reshape(len(self.listed), number)


def read_status(
    column: pd.Series, name: str, listed: Sequence[str] | None, policy: Policy
) -> Status:
    """Read a column without missing values.

    Parameters
    ----------
    listed
        The levels that are events; None where 1 of 0/1, or true, is.

    Raises
    ------
    RefusalError
        ``BAD_EVENT`` for other values than 0 and 1 where no level is listed, or where one is
        spelt otherwise at the site; R13: ``TOO_MANY_LEVELS``, and ``RARE_LEVEL`` where a listed
        level has few rows.
    """
    if listed is None:
        return _zeros_and_ones(column, name)
    found = categories(column, name, {}, policy)
    is_event = np.array([place >= 0 for place in places(found.levels, listed)], dtype=np.bool_)
    _check_spelling(found, is_event, listed, name)
    counts = found.counts()
    policy.check_levels(counts[is_event], name)
    # redundant: a rare level as a kind of its own would only make the cells of curves coarser
    kept = np.flatnonzero(~policy.is_small(counts) | is_event)
    kind = np.full(len(counts), len(kept), dtype=np.intp)
    kind[kept] = np.arange(len(kept))
    return Status(is_event[found.codes], kind[found.codes], tuple(kind[is_event].tolist()))


def _zeros_and_ones(column: pd.Series, name: str) -> Status:
    if kind_of(column, name) == "text":
        raise RefusalError("BAD_EVENT", [name])
    values = numbers(column, name)
    if not np.isin(values, (0.0, 1.0)).all():
        raise RefusalError("BAD_EVENT", [name])
    return Status(values == 1, values.astype(np.intp), (1,))


def _check_spelling(
    found: Labels, is_event: NDArray[np.bool_], listed: Sequence[str], name: str
) -> None:
    """Refuse "Dead" beside a listed "dead": silently it would be no event."""
    others = {found.levels[place].strip().casefold() for place in np.flatnonzero(~is_event)}
    if others & {label.strip().casefold() for label in listed}:
        raise RefusalError("BAD_EVENT", [name])
