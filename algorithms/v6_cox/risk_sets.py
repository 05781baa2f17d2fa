"""Risk sets, and sums over them as cumulative sums.

A *risk set* belongs to one event time of one stratum: the rows of the stratum that are under
observation there, entry < t <= time. Rows and risk sets are sorted by stratum and from the latest
time to the earliest, so that a risk set grows out of the one before it by rows that join (their
time has come) and, with entry times, rows that drop out again (they had not entered yet). Either is
a *move*; the sum of any quantity over every risk set is one cumulative sum down the moves, which
starts again at each stratum. Without entry times the moves are the rows themselves.

Shapes: n rows, p columns, m moves, K risk sets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from v6_cox.cumulative import Array, Index, RunningSums, cumulate, cumulate_twice

Ties = Literal["efron", "breslow"]
Rows = slice | Index
Values = Callable[[Rows], Array]

BLOCK: Final = 65_536  # numbers worked on at a time: they and their products stay in the cache


@dataclass(frozen=True)
class Moves:
    """Rows joining and dropping out, by stratum and from the latest time to the earliest.

    Attributes
    ----------
    rows, signs
        Which row joins (+1) or drops out (-1), shape (m,); None where moves are rows.
    count
        m.
    restarts
        Moves that are the first of a stratum, the very first left out.
    ends
        How many moves lead up to each risk set, shape (K,), not decreasing.
    empty
        Risk sets without a row: only where the event times are not the data's own.
    """

    rows: Index | None
    signs: Array | None
    count: int
    restarts: Index
    ends: Index
    empty: Index


@dataclass(frozen=True)
class RiskSets:
    """The K risk sets, sorted by stratum and from the latest time to the earliest.

    Attributes
    ----------
    strata, times
        Whose and when, shape (K,).
    restarts
        Risk sets that are the first of a stratum, the very first left out.
    deaths, death_weight
        Number of deaths and the sum of their weights, shape (K,).
    death_rows, death_ends
        Rows that die, sorted, shape (deaths,); those of risk set k end before
        ``death_ends[k + 1]``.
    exit_set, entry_set
        For each row the latest risk set of its stratum at or before its time, and at or before its
        entry; K where there is none. Shape (n,).
    moves
        How the risk sets come about.
    """

    strata: Index
    times: Array
    restarts: Index
    deaths: Index
    death_weight: Array
    death_rows: Index
    death_ends: Index
    exit_set: Index
    entry_set: Index | None
    moves: Moves

    def __len__(self) -> int:
        return len(self.times)


def at_risk(sets: RiskSets, values: Values, width: int = 1) -> Iterator[tuple[slice, Array]]:
    """Yield runs of risk sets and the sums of a quantity over the rows at risk in each.

    Parameters
    ----------
    values
        Gives the quantity for some rows, shape (rows,) or (rows, width).
    width
        How many numbers it has a row, to choose the size of a block.

    Yields
    ------
    tuple
        A slice of the risk sets and the sums, shape (len,) or (len, width). Every risk set that is
        not empty comes once, in order.
    """
    moves = sets.moves
    step = max(BLOCK // max(width, 1), 1024)
    running = RunningSums(compensate=moves.rows is not None)
    for start in range(0, moves.count, step):
        stop = min(start + step, moves.count)
        low, high = np.searchsorted(moves.restarts, [start, stop])
        sums = running.add(_moved(moves, values, start, stop), moves.restarts[low:high] - start)
        first, last = np.searchsorted(moves.ends, [start, stop], side="right")
        picked = sums[moves.ends[first:last] - 1 - start]
        low, high = np.searchsorted(moves.empty, [first, last])
        picked[moves.empty[low:high] - first] = 0
        yield slice(first, last), picked


def sums_at_risk(sets: RiskSets, values: Values, *width: int) -> Array:
    """Return the sums over the rows at risk in every risk set, shape (K,) or (K, width)."""
    total = np.zeros((len(sets), *width))
    for some, sums in at_risk(sets, values, *width):
        total[some] = sums
    return total


def sums_of_deaths(sets: RiskSets, values: Values, some: slice = slice(None)) -> Array:
    """Return the sums of a quantity over the rows that die in each risk set of a slice."""
    first, last, _ = some.indices(len(sets))
    ends = sets.death_ends[first : last + 1]
    block = values(sets.death_rows[ends[0] : ends[-1]])
    sums = np.zeros((len(ends) - 1, *block.shape[1:]))
    dying = ends[1:] > ends[:-1]
    if dying.any():
        sums[dying] = np.add.reduceat(block, ends[:-1][dying] - ends[0], axis=0)
    return sums


class OverTime:
    """For some rows the sum of jumps over the risk sets that each of them is in.

    The cumulative sum at its time less that at its entry, without loss of digits: a short stay may
    follow a large jump.

    Parameters
    ----------
    jumps
        Shape (K,).
    """

    def __init__(self, sets: RiskSets, jumps: Array) -> None:
        backwards = (len(sets) - sets.restarts)[::-1]
        self._sets, self._rest = sets, np.zeros(0)
        if sets.entry_set is None:
            self._sums = _in_order(cumulate(jumps[::-1], backwards))
        else:
            self._sums, self._rest = map(_in_order, cumulate_twice(jumps[::-1], backwards))

    def __call__(self, rows: slice = slice(None)) -> Array:
        """Return the sums of a slice of the rows."""
        exits = self._sets.exit_set[rows]
        if self._sets.entry_set is None:
            return self._sums[exits]
        entries = self._sets.entry_set[rows]
        total: Array = self._sums[exits] - self._sums[entries]
        total += self._rest[exits] - self._rest[entries]
        return total


def _in_order(backwards: Array) -> Array:
    """Return sums, shape (K,), turned round, and 0 for the rows without a risk set."""
    return np.append(backwards[::-1], 0.0)


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
        set_times, ends = time[first], _ends_of_runs(keys, first)
        set_keys = keys[first]
    else:
        set_strata, set_times = given
        set_keys = sort_keys(None if strata is None else set_strata, set_times)
        ends = np.searchsorted(keys, set_keys, side="right")
    # a row's set is the first that does not end before it
    count, exit_set = len(set_keys), np.zeros(len(keys) + 1, dtype=np.intp)
    np.add.at(exit_set, ends, 1)
    exit_set = np.cumsum(exit_set, out=exit_set)[:-1]
    _leave_stratum(exit_set, set_keys, keys)
    death_set = exit_set[death_rows]
    if given is not None:
        known = (death_set < count) & (
            set_keys[np.minimum(death_set, count - 1)] == keys[death_rows]
        )
        if not known.all():
            raise ValueError("an event time of the data is not among the given ones")
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


def _moved(moves: Moves, values: Values, start: int, stop: int) -> Array:
    if moves.rows is None or moves.signs is None:
        return values(slice(start, stop))
    block = values(moves.rows[start:stop])
    return (block.T * moves.signs[start:stop]).T


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
