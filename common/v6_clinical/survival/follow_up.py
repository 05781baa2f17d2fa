"""Follow-up at a site: times, events, entries and strata of the complete cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from v6_clinical.errors import RefusalError
from v6_clinical.labels import Stored
from v6_clinical.numerics.arrays import Array, Index
from v6_clinical.survival.question import Stratum, Survival
from v6_clinical.survival.rounding import tied
from v6_clinical.survival.status import read_status
from v6_clinical.table import categories, numbers, recode

if TYPE_CHECKING:
    import pandas as pd

    from v6_clinical.disclosure import Policy


@dataclass(frozen=True)
class FollowUp:
    """The outcome of n rows.

    Parameters
    ----------
    time, entry, event
        Shape (n,); times that only rounding tells apart are equal. ``entry`` is None where every
        row is at risk from the start.
    strata
        Codes into ``labels``, shape (n,), or None.
    labels
        The strata that the site has rows of: the levels of their columns, none without strata.
    stored
        How each column of strata is stored.
    kinds
        Codes of the ways in which follow-up ended, see ``Status``; shape (n,).
    missed
        How many deaths each row came too late for, shape (n,); None where none did.
    """

    time: Array
    entry: Array | None
    event: NDArray[np.bool_]
    strata: Index | None
    labels: tuple[tuple[str, ...], ...]
    stored: tuple[Stored, ...]
    kinds: Index
    missed: Index | None = None

    @cached_property
    def ties(self) -> bool:
        """Whether two rows of a stratum die at one time."""
        times = self.time[self.event]
        if self.strata is None:
            times.sort()
            return bool((times[1:] == times[:-1]).any())
        codes = self.strata[self.event]
        order = np.lexsort([times, codes])
        same = (np.diff(times[order]) == 0) & (np.diff(codes[order]) == 0)
        return bool(same.any())


def read_follow_up(
    columns: Mapping[str, pd.Series], survival: Survival, policy: Policy
) -> FollowUp:
    """Read columns without missing values.

    Raises
    ------
    RefusalError
        ``BAD_TIME`` for times below 0 without entries, or not after the entry, ``BAD_EVENT`` for
        other values than 0 and 1 without ``event_value``, R5, R6, R8, R13, and whatever is wrong
        with a column.
    """
    time = numbers(columns[survival.time], survival.time)
    entry = None
    if survival.entry is None and (time < 0).any():
        raise RefusalError("BAD_TIME", [survival.time])
    if survival.entry is not None:
        entry = numbers(columns[survival.entry], survival.entry)
    time, entry = tied(time, entry)
    if entry is not None and (entry >= time).any():
        raise RefusalError("BAD_TIME", [str(survival.entry)])
    status = read_status(columns[survival.event], survival.event, survival.event_value, policy)
    event = status.event
    # R3: with the rows used, a count of events tells that of the others
    policy.check_classes(int(event.sum()), int((~event).sum()), survival.event)
    strata, labels, stored = _strata(columns, survival.strata, len(time), policy)
    missed = None
    if entry is not None:
        missed = _missed(time, event, entry, strata)
        policy.check_late_entries(missed, str(survival.entry))
    if strata is not None:
        rows, events = np.bincount(strata), status.counts(strata)
        policy.check_strata(rows, events, *(stratum.column for stratum in survival.strata))
    late = missed if missed is not None and missed.any() else None
    return FollowUp(time, entry, event, strata, labels, stored, status.kinds, late)


def _missed(
    time: Array, event: NDArray[np.bool_], entry: Array, strata: Index | None
) -> NDArray[np.int64]:
    """Return how many deaths of its stratum each row came too late for, shape (n,)."""
    missed = np.zeros(len(time), dtype=np.int64)
    codes = np.zeros(len(time), np.intp) if strata is None else strata
    for code in np.unique(codes):
        rows = codes == code
        deaths = np.sort(time[rows & event])
        missed[rows] = np.searchsorted(deaths, entry[rows], side="right")
    return missed


def _strata(
    columns: Mapping[str, pd.Series], strata: tuple[Stratum, ...], n: int, policy: Policy
) -> tuple[Index | None, tuple[tuple[str, ...], ...], tuple[Stored, ...]]:
    """Return the combinations of levels that occur, and how each column is stored.

    A combination is a tuple: joined to one text, ("1", "2/3") and ("1/2", "3") could be the same.
    """
    if not strata:
        return None, ((),), ()
    codes, stored = np.zeros(n, dtype=np.intp), []
    labels: list[tuple[str, ...]] = [()]
    for stratum in strata:
        merge = {new: list(old) for new, old in stratum.collapse.items()}
        found = categories(columns[stratum.column], stratum.column, merge, policy)
        stored.append(found.stored)
        if stratum.levels is not None:
            found = recode(found, stratum.levels, stratum.column)
        pairs = codes * max(len(found.levels), 1) + found.codes
        occurring, codes = np.unique(pairs, return_inverse=True)
        before, last = np.divmod(occurring, max(len(found.levels), 1))
        labels = [
            (*labels[i], found.levels[j])
            for i, j in zip(before.tolist(), last.tolist(), strict=True)
        ]
    return codes.astype(np.intp), tuple(labels), tuple(stored)
