"""Finding the risk sets of sorted rows, and the moves that make one of the one before it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from v6_clinical.numerics.arrays import Array, Index
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
    keys, death_rows = sort_keys(strata, time), np.flatnonzero(event)
    if given is None:
        first = death_rows[_first_of_run(keys[death_rows])]
        none = np.broadcast_to(np.intp(0), len(first))  # takes no memory
        set_strata = none if strata is None else strata[first]
        set_times, set_keys, ends = time[first], keys[first], _ends_of_runs(keys, first)
    else:
        set_strata, set_times = given
        set_keys = sort_keys(None if strata is None else set_strata, set_times)
        ends = np.searchsorted(keys, set_keys, side="right")
    count, exit_set = len(set_keys), _exit_sets(ends, set_keys, keys)
    death_set = exit_set[death_rows]
    if given is not None:
        _check_known(death_set, set_keys, keys[death_rows])
    deaths = np.bincount(death_set, minlength=count).astype(np.intp)
    entry_keys = None if entry is None else sort_keys(strata, entry)
    entry_set = None if entry_keys is None else _first_set(set_keys, entry_keys)
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


def sort_keys(strata: NDArray[Any] | None, time: Array) -> NDArray[Any]:
    """Return keys that sort by stratum, then from the latest time to the earliest.

    numpy orders complex numbers by their real part, then their imaginary part.
    """
    if strata is None:
        return -time
    keys = np.empty(len(time), dtype=complex)
    keys.real, keys.imag = strata, -time
    return keys


def _exit_sets(ends: Index, set_keys: NDArray[Any], keys: NDArray[Any]) -> Index:
    """Return each row's set: the first of its stratum that does not end before it, K where none."""
    found = np.zeros(len(keys) + 1, dtype=np.intp)
    np.add.at(found, ends, 1)
    found = np.cumsum(found, out=found)[:-1]
    _leave_stratum(found, set_keys, keys)
    return found


def _check_known(sets: Index, set_keys: NDArray[Any], keys: NDArray[Any]) -> None:
    if (sets == len(set_keys)).any() or (set_keys[sets] != keys).any():
        raise ValueError("an event time of the data is not among the given ones")


def _find_moves(
    keys: NDArray[Any],
    ends: Index,
    entry_keys: NDArray[Any] | None,
    entry_set: Index | None,
    set_keys: NDArray[Any],
) -> Moves:
    rows, signs = None, None
    if entry_keys is not None and entry_set is not None:
        late = np.flatnonzero(entry_set < len(set_keys))  # the others never drop out of a risk set
        rows = np.concatenate([np.arange(len(keys)), late])
        signs = np.repeat([1.0, -1.0], [len(keys), len(late)])
        keys = np.concatenate([keys, entry_keys[late]])
        order = np.argsort(keys)
        keys, rows, signs = keys[order], rows[order], signs[order]
        ends = np.searchsorted(keys, set_keys, side="right")
    stratified = np.iscomplexobj(keys)
    starts = np.searchsorted(keys.real, set_keys.real) if stratified else np.zeros_like(ends)
    restarts = _restarts(keys.real) if stratified else np.zeros(0, dtype=np.intp)
    return Moves(rows, signs, len(keys), restarts, ends, np.flatnonzero(ends == starts))


def _first_of_run(values: NDArray[Any]) -> NDArray[np.bool_]:
    first = np.ones(len(values), dtype=bool)
    first[1:] = values[1:] != values[:-1]
    return first


def _ends_of_runs(keys: NDArray[Any], rows: Index) -> Index:
    """Return for some increasing rows where the run of equal keys ends that each is in."""
    first = _first_of_run(keys)
    starts = np.append(np.flatnonzero(first), len(keys))
    return rows + 1 if first.all() else starts[np.cumsum(first)[rows]]


def _restarts(strata: NDArray[Any]) -> Index:
    return np.flatnonzero(_first_of_run(strata))[1:]


def _first_set(set_keys: NDArray[Any], keys: NDArray[Any]) -> Index:
    """Return the first risk set of the same stratum at or after each key in order, K where none."""
    found = np.searchsorted(set_keys, keys)
    _leave_stratum(found, set_keys, keys)
    return found


def _leave_stratum(found: Index, set_keys: NDArray[Any], keys: NDArray[Any]) -> None:
    """Put K where the risk set that was found is of another stratum."""
    count = len(set_keys)
    if np.iscomplexobj(keys) and count:
        found[set_keys.real[np.minimum(found, count - 1)] != keys.real] = count
