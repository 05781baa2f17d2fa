"""Counts on one universal grid, in cells that hold no row or at least ``min_cell``.

The grid is the dyadic tree: every cell is (k 2^j, (k+1) 2^j], anchored at zero, whatever the
request. A cell is halved where both halves may be published. Since the tree and the rule do not
depend on the request, all requests together tell no more than the finest answer does: moving a
grid by a little and taking the difference (the usual attack on histograms) finds nothing to move.

A half with too few rows would block a whole branch, so down to ``base`` (about .05 sd of the
site's rows) a cell may lend such a half to its neighbour and go on with the other half; below
``base`` it may not, so that no single row is placed more finely than ``base``.
The outermost cells reach to infinity: the smallest and largest rows are not located by empty cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.blocks import centred_squares

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Partition:
    """Edges between cells and the exact number of rows at or below each.

    Parameters
    ----------
    edges
        Shape (m,), increasing.
    below
        Shape (m,), rows x <= edge.
    n
        All rows.
    """

    edges: Array
    below: Counts
    n: int


@dataclass(frozen=True)
class Window:
    """Equally spaced points 2^level * (first .. last) on which cumulative counts are asked."""

    level: int
    first: int
    last: int

    def points(self) -> Array:
        """Return the points, shape (last - first + 1,)."""
        return np.ldexp(np.arange(self.first, self.last + 1, dtype=np.float64), self.level)


class _Cells(NamedTuple):
    """Cells that may still be halved, as arrays of equal length.

    A cell covers rows ``start``..``stop`` in sorted order; its dyadic core is (low, high], and
    rows outside the core were lent by a neighbour that may not stand alone.
    """

    start: Counts
    stop: Counts
    low: Array
    high: Array


def base_level(values: Array) -> int:
    """Return the level of cells of about .05 sd: 2^level <= .05 sd < 2^(level+1)."""
    sd = sqrt(centred_squares(values)[1] / max(len(values), 1))
    return int(np.floor(np.log2(0.05 * sd))) if sd > 0 else -1074


def partition(
    rows: Array,
    window: Window,
    base: int,
    min_cell: int,
    *,
    show_tails: bool = False,
    events: NDArray[np.bool_] | None = None,
) -> Partition:
    """Halve cells from the whole line down to the window's level.

    Parameters
    ----------
    rows
        Sorted values, shape (n,).
    window
        Cells outside of it are not halved any further.
    base
        See the module's docstring.
    show_tails
        Keep the empty outermost cells (allowed with the extremes).
    events
        Shape (n,): with it a cell holds no row or at least ``min_cell`` of each outcome.
    """
    n = len(rows)
    if n == 0:
        return Partition(np.empty(0), np.empty(0, np.int64), 0)
    tally = None
    if events is not None:
        tally = np.zeros(n + 1, np.int64)
        np.cumsum(events, out=tally[1:])
    top = max(int(np.frexp(np.abs(rows[[0, -1]]).max())[1]) + 1, window.level + 1)
    reach = np.ldexp(1.0, top)
    cells = _Cells(np.array([0]), np.array([n]), np.array([-reach]), np.array([reach]))
    edges = [np.array([-reach, reach])]  # no row lies beyond; shown only with the tails
    below = [np.array([0, n])]
    span = (np.ldexp(float(window.first), window.level), np.ldexp(float(window.last), window.level))
    for level in range(top, window.level - 1, -1):
        cells, found_edges, found_below = _halve(rows, tally, cells, min_cell, lend=level >= base)
        edges.append(found_edges)
        below.append(found_below)
        inside = ((cells.high > span[0]) & (cells.low < span[1])).nonzero()[0]
        if not len(inside):
            break
        if len(inside) < len(cells.start):
            cells = _Cells(*(part[inside] for part in cells))
    return _assemble(np.concatenate(edges), np.concatenate(below), n, show_tails)


def _halve(
    rows: Array, tally: Counts | None, cells: _Cells, min_cell: int, *, lend: bool
) -> tuple[_Cells, Array, Counts]:
    """Halve each cell once; return the cells to go on with and the new edges."""
    start, stop, low, high = cells
    middle = (low + high) / 2
    count = rows.searchsorted(middle, side="right")
    left, right = count - start, stop - count
    left_fine = _fine(left, None if tally is None else tally[count] - tally[start], min_cell)
    right_fine = _fine(right, None if tally is None else tally[stop] - tally[count], min_cell)
    both = left_fine & right_fine
    to_left = (left_fine & (left > 0) & (right_fine | lend)).nonzero()[0]
    to_right = (right_fine & (right > 0) & (left_fine | lend)).nonzero()[0]
    first, last = np.where(both, count, start), np.where(both, count, stop)
    rest = _Cells(
        np.concatenate([start[to_left], first[to_right]]),
        np.concatenate([last[to_left], stop[to_right]]),
        np.concatenate([low[to_left], middle[to_right]]),
        np.concatenate([middle[to_left], high[to_right]]),
    )
    return rest, middle[both], count[both]


def _fine(rows: Counts, events: Counts | None, min_cell: int) -> NDArray[np.bool_]:
    """R2: rows, or rows with and without the event, are each 0, or at least a cell."""
    if events is None:
        fine: NDArray[np.bool_] = (rows >= min_cell) | (rows == 0)
        return fine
    return _fine(events, None, min_cell) & _fine(rows - events, None, min_cell)


def _assemble(edges: Array, below: Counts, n: int, show_tails: bool) -> Partition:
    order = np.argsort(edges)
    edges, below = edges[order], below[order]
    if not show_tails:
        inner = (below > 0) & (below < n)
        edges, below = edges[inner], below[inner]
    return Partition(edges, below, n)


def bounds(cells: Partition, points: Array) -> tuple[Array, Array]:
    """Return the least and the greatest possible number of rows at or below each point.

    Both add over sites. They are equal where a cell ends at the point.
    """
    if cells.n == 0:
        return np.zeros(len(points)), np.zeros(len(points))
    below = np.concatenate([[0], cells.below, [cells.n]]).astype(np.float64)
    at_least = below[np.searchsorted(cells.edges, points, side="right")]
    at_most = below[np.searchsorted(cells.edges, points, side="left") + 1]
    return at_least, at_most
