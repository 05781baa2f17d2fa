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
from typing import Final, Literal

import numpy as np

from v6_clinical.numerics.arrays import Array, Index
from v6_cox.kernel.cumulative import RunningSums, cumulate, cumulate_twice

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
        picked = sums.take(moves.ends[first:last] - 1 - start, axis=0)
        low, high = np.searchsorted(moves.empty, [first, last])
        picked[moves.empty[low:high] - first] = 0
        yield slice(first, last), picked


def sums_at_risk(sets: RiskSets, values: Values, *width: int) -> Array:
    """Return the sums over the rows at risk in every risk set, shape (K,) or (K, width)."""
    total = np.zeros((len(sets), *width))
    for some, sums in at_risk(sets, values, *width):
        total[some] = sums
    return total


def typical_risk_set(sets: RiskSets, scores: Array) -> float:
    """Return how many equal rows a risk set is worth, the harmonic mean over the deaths.

    With shares p_i = r_i / S0 of the rows at risk, a risk set is worth 1 / sum p_i^2 rows (Kish).
    Not a number where scores overflow.
    """
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        squares = sums_at_risk(sets, lambda rows: np.square(scores[rows]))
        shares = squares / np.square(sums_at_risk(sets, lambda rows: scores[rows]))
        return float(sets.deaths.sum() / np.dot(sets.deaths, shares))


def sums_of_deaths(sets: RiskSets, values: Values, some: Index | None = None) -> Array:
    """Return the sums of a quantity over the rows that die in each risk set, or each of some."""
    deaths = sets.deaths if some is None else sets.deaths[some]
    block = values(sets.death_rows if some is None else dying_rows(sets, some))
    ends = np.concatenate([[0], np.cumsum(deaths)])
    sums = np.zeros((len(deaths), *block.shape[1:]))
    dying = np.flatnonzero(deaths > 0)
    if len(dying):
        sums[dying] = np.add.reduceat(block, ends[dying], axis=0)
    return sums


def dying_rows(sets: RiskSets, some: Index) -> Index:
    """Return the rows that die in each of some increasing risk sets, one set after the other."""
    deaths = sets.deaths[some]
    starts = np.repeat(sets.death_ends[some] - (np.cumsum(deaths) - deaths), deaths)
    return sets.death_rows[starts + np.arange(len(starts))]


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

    def of(self, rows: slice = slice(None)) -> Array:
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


def _moved(moves: Moves, values: Values, start: int, stop: int) -> Array:
    if moves.rows is None or moves.signs is None:
        return values(slice(start, stop))
    block = values(moves.rows[start:stop])
    return (block.T * moves.signs[start:stop]).T
