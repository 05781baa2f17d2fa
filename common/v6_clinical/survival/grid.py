"""Times at which a site may show its curve: decimal points, chosen by its own rows alone.

The points are nodes of one tree, whatever the request: (0, 10^k] is halved at 5 10^(k-1), a half at
2, and so on down to single digits, and each of these is a (0, 10] of the next finer power. So all
points of the 1-2-5 grids are nodes. A cell is parted where both sides hold 0 or at least
``min_cell`` of each kind of row (deaths, leavers, entries), and a side with too few may be lent to
the other one as in :mod:`v6_clinical.disclosure.cells`. The partition does not depend on horizon
or step: grids that are moved against each other tell no more than the finest one does.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from v6_clinical.numerics.arrays import Array, Index

MOST_STEPS = 30
FINEST, COARSEST = -30, 71  # powers of ten
BASE_SD = 0.05  # cells below so many sd of the times lend no rows
# Where a cell of so many units is parted.
_PART = {10: 5, 5: 2, 3: 2, 2: 1}


@dataclass(frozen=True)
class TimeGrid:
    """The times digit 10^exponent * (1 .. count)."""

    digit: int
    exponent: int
    count: int

    def times(self) -> Array:
        """Return the times, shape (count,)."""
        return np.array([_point(self.digit * i, self.exponent) for i in range(1, self.count + 1)])


def grid_up_to(horizon: float) -> TimeGrid:
    """Return the finest 1-2-5 grid of at most 30 steps that ends at ``horizon`` or before."""
    exponent = math.floor(math.log10(horizon / MOST_STEPS)) - 1
    while True:
        for digit in (1, 2, 5):
            count = math.floor(horizon / _point(digit, exponent) * (1 + 1e-12))
            if count <= MOST_STEPS:
                return TimeGrid(digit, exponent, count)
        exponent += 1


@dataclass(frozen=True)
class Exits:
    """When the rows of a stratum leave, by kind of exit, and enter; the limits for them.

    Parameters
    ----------
    times
        Sorted arrays: the exits of each kind (events, censored rows), last the entries; rows there
        from the start enter at -inf.
    min_cell
        Cells hold 0 or at least so many of each.
    show_ends
        Whether the first and the last row may be located.
    """

    times: tuple[Array, ...]
    min_cell: int
    show_ends: bool

    def up_to(self, time: float) -> Index:
        """Return how many leave in each way, and enter, up to a time; shape (kinds + 1,)."""
        found = [np.searchsorted(column, time, side="right") for column in self.times]
        return np.array(found, dtype=np.intp)


def shown_points(exits: Exits, grid: TimeGrid) -> tuple[NDArray[np.bool_], Index]:
    """Return which times of the grid may be shown, and the rows that remain after each.

    Shown are edges of the partition and times within empty cells, if none or at least a cell of
    rows remains, and neither all nor none (the ends are extremes) unless the site shows those.

    Returns
    -------
    tuple
        Shape (grid.count,) both; counts are 0 where not shown.
    """
    times = grid.times()
    edges = np.array(sorted(_edges(exits, grid)))
    low, high = (np.searchsorted(edges, times, side=side) for side in ("right", "left"))
    every = exits.up_to(np.inf)
    below = np.array([0 * every, *(exits.up_to(edge) for edge in edges), every])
    shown = (below[low] == below[high + 1]).all(axis=1)
    gone, entered = below[low, :-1].sum(axis=1), below[low, -1]
    remain = entered - gone
    shown &= (remain == 0) | (remain >= exits.min_cell)
    if not exits.show_ends:
        shown &= (gone > 0) & (gone < every[:-1].sum()) & (remain > 0)
    return shown, np.where(shown, remain, 0)


def _edges(exits: Exits, grid: TimeGrid) -> Iterator[float]:
    """Yield the edges of the partition that the grid's points can see."""
    leave = np.concatenate(exits.times[:-1])
    if not len(leave):
        return
    base = BASE_SD * float(np.std(leave))
    top = math.ceil(math.log10(max(leave.max(), _point(1, grid.exponent)))) + 1
    end = _point(grid.digit * grid.count, grid.exponent)
    start = np.zeros(len(exits.times), dtype=np.intp)
    waiting: list[tuple[int, int, int, Index, Index]] = [
        (0, 1, min(top, COARSEST), start, exits.up_to(np.inf))
    ]
    while waiting:
        low, high, exponent, before, after = waiting.pop()
        if high - low == 1:
            if exponent == grid.exponent:
                continue
            low, high, exponent = 10 * low, 10 * high, exponent - 1
        if _point(low, exponent) >= end:
            continue
        middle = low + _PART[high - low]
        cut = exits.up_to(_point(middle, exponent))
        sides = cut - before, after - cut
        fine = [_is_fine(side, exits.min_cell) for side in sides]
        lend = _point(high - low, exponent) >= base
        if all(fine):
            yield _point(middle, exponent)
            waiting.append((low, middle, exponent, before, cut))
            waiting.append((middle, high, exponent, cut, after))
        elif fine[0] and lend:
            waiting.append((low, middle, exponent, before, after))
        elif fine[1] and lend:
            waiting.append((middle, high, exponent, before, after))
        waiting[:] = [cell for cell in waiting if (cell[4] > cell[3]).any()]


def _is_fine(counts: Sequence[int] | Index, min_cell: int) -> bool:
    return all(count == 0 or count >= min_cell for count in counts)


def _point(units: int, exponent: int) -> float:
    """Return units 10^exponent, rounded once."""
    return float(f"{units}e{exponent}")
