"""Finding the risk sets of sorted rows, and the moves that make one of the one before it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from v6_clinical.numerics.arrays import Array, Index
from v6_cox.kernel.keys import Keys, first_of_run
from v6_cox.kernel.risk_sets import Moves, RiskSets


def find_risk_sets(
    time: Array,
    entry: Array | None,
    event: NDArray[np.bool_],
    weights: Array,
    strata: Index | None,
    given: tuple[Index, Array] | None = None,
) -> RiskSets:
    """Find the risk sets of sorted rows, at their own event times or at given ones.

    Parameters
    ----------
    time, entry, event, weights, strata
        Shape (n,), sorted.
    given
        Strata and times, shape (K,), sorted. Every event time must be among them.
    """
    keys, death_rows = Keys.of(strata, time), np.flatnonzero(event)
    if given is None:
        first = death_rows[keys.take(death_rows).starts()]
        none = np.broadcast_to(np.intp(0), len(first))  # takes no memory
        set_strata = none if strata is None else strata[first]
        set_times, set_keys, ends = time[first], keys.take(first), _ends_of_runs(keys, first)
    else:
        set_strata, set_times = given
        set_keys = Keys.of(None if strata is None else set_strata, set_times)
        ends = keys.search(set_keys, "right")
    count, exit_set = len(set_keys), _exit_sets(ends, set_keys, keys)
    death_set = exit_set[death_rows]
    if given is not None:
        _check_known(death_set, set_keys, keys.take(death_rows))
    deaths = np.bincount(death_set, minlength=count).astype(np.intp)
    entry_keys = None if entry is None else Keys.of(strata, entry)
    entry_set = None if entry_keys is None else _first_set(set_keys, entry_keys)
    if entry_set is not None and (entry_set == count).all():  # nobody comes late
        entry_keys = entry_set = None
    return RiskSets(
        strata=set_strata,
        times=set_times,
        restarts=_restarts(set_strata),
        deaths=deaths,
        death_weight=np.bincount(death_set, weights[death_rows], minlength=count).astype(float),
        death_rows=death_rows,
        death_ends=np.concatenate([[0], np.cumsum(deaths)]),
        exit_set=exit_set,
        entry_set=entry_set,
        moves=_find_moves(keys, ends, entry_keys, entry_set, set_keys),
    )


def _exit_sets(ends: Index, set_keys: Keys, keys: Keys) -> Index:
    """Return each row's set: the first of its stratum that does not end before it, K where none."""
    found = np.zeros(len(keys) + 1, dtype=np.intp)
    np.add.at(found, ends, 1)
    found = np.cumsum(found, out=found)[:-1]
    _leave_stratum(found, set_keys, keys)
    return found


def _check_known(sets: Index, set_keys: Keys, keys: Keys) -> None:
    if (sets == len(set_keys)).any() or set_keys.take(sets).differ(keys).any():
        raise ValueError("an event time of the data is not among the given ones")


def _find_moves(
    keys: Keys,
    ends: Index,
    entry_keys: Keys | None,
    entry_set: Index | None,
    set_keys: Keys,
) -> Moves:
    rows, signs = None, None
    if entry_keys is not None and entry_set is not None:
        late = np.flatnonzero(entry_set < len(set_keys))  # the others never drop out of a risk set
        rows = np.concatenate([np.arange(len(keys)), late])
        signs = np.repeat([1.0, -1.0], [len(keys), len(late)])
        keys = keys.followed_by(entry_keys.take(late))
        order = keys.order()
        keys, rows, signs = keys.take(order), rows[order], signs[order]
        ends = keys.search(set_keys, "right")
    starts, restarts = np.zeros_like(ends), np.zeros(0, dtype=np.intp)
    if keys.strata is not None and set_keys.strata is not None:
        starts = np.searchsorted(keys.strata, set_keys.strata)
        restarts = _restarts(keys.strata)
    return Moves(rows, signs, len(keys), restarts, ends, np.flatnonzero(ends == starts))


def _ends_of_runs(keys: Keys, rows: Index) -> Index:
    """Return for some increasing rows where the run of equal keys ends that each is in."""
    first = keys.starts()
    starts = np.append(np.flatnonzero(first), len(keys))
    return rows + 1 if first.all() else starts[np.cumsum(first)[rows]]


def _restarts(strata: NDArray[Any]) -> Index:
    return np.flatnonzero(first_of_run(strata))[1:]


def _first_set(set_keys: Keys, keys: Keys) -> Index:
    """Return the first risk set of the same stratum at or after each key in order, K where none."""
    found = set_keys.search(keys)
    _leave_stratum(found, set_keys, keys)
    return found


def _leave_stratum(found: Index, set_keys: Keys, keys: Keys) -> None:
    """Put K where the risk set that was found is of another stratum."""
    count = len(set_keys)
    if keys.strata is not None and set_keys.strata is not None and count:
        found[set_keys.strata[np.minimum(found, count - 1)] != keys.strata] = count
