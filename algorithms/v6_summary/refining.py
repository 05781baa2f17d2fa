"""Where quantiles lie, and the finer points to ask for: at once where round 1 tells enough."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from v6_clinical.disclosure.cells import Window
from v6_clinical.protocol.sums import Sums
from v6_summary.answers import unreadable
from v6_summary.moments import Moments, Rough
from v6_summary.quantiles import Curve, neighbours
from v6_summary.questions import MOST_POINTS, Finer, Points, Size, Tabulate
from v6_summary.request import SummaryRequest

RESOLUTION = 1e-3  # of a pooled sd: no finer quantile is asked for
FINER_POINTS = 512  # most points for one quantile in a refinement

Group = int | None  # None: all rows
Cell = tuple[float, float, float]  # low, high and the rows in (low, high]


class Known(Protocol):
    """What is known of numeric columns, by column and group."""

    @property
    def about(self) -> Sequence[Rough]:
        """What round 1 tells about each column."""

    def curve(self, i: int, group: Group) -> Curve:
        """Return the cumulative bounds."""

    def moments(self, i: int, group: Group) -> Moments:
        """Return the moments."""

    def knows(self, finer: Finer) -> bool:
        """Tell whether these points, or nearly as fine ones, were answered before."""


@dataclass(frozen=True)
class Unsettled:
    """An order statistic beside a quantile, in an interval wider than the resolution."""

    column: int
    group: Group
    low: float
    high: float


class Outline:
    """What round 1 tells: each site's cells, and the moments of all rows, for groups too.

    Parameters
    ----------
    question
        That of round 2, as yet without finer points.
    places
        Per numeric column its place in round 1.
    total
        The sums of round 1.
    """

    def __init__(
        self,
        question: Tabulate,
        places: Sequence[int],
        total: Sums,
        about: Sequence[Rough],
    ) -> None:
        self.about = about
        self._levels = [] if question.group is None else question.group.levels
        self._columns = [_read(total.tallies.get(f"cells/{place}", {})) for place in places]

    def _cells(self, i: int, group: Group) -> list[Cell]:
        """Return the sites' cells; all rows are those of every group and of none."""
        level = None if group is None else self._levels[group]
        return [cell for cell, label in self._columns[i] if level in (None, label)]

    def curve(self, i: int, group: Group) -> Curve:
        """Return the cumulative bounds that the cells give."""
        return curve_of(self._cells(i, group))

    def moments(self, i: int, group: Group) -> Moments:
        """Return the rows of the group, and mean and variance of all."""
        n, about = sum(rows for *_, rows in self._cells(i, group)), self.about[i]
        return Moments(n, about.mean, about.sd**2 * n / max(n - 1, 1), np.nan, np.nan)

    def knows(self, finer: Finer) -> bool:
        """Tell that nothing was asked before."""
        return False


def curve_of(cells: Sequence[Cell]) -> Curve:
    """Return the cumulative bounds that cells (low, high] of any sites give where these end.

    At or below a point are at least the rows of the cells that end there or before, at most those
    of the cells that begin before.
    """
    low, high, rows = np.array(cells, dtype=np.float64).reshape(-1, 3).T
    points = np.unique(np.concatenate([low, high]))
    points = points[np.isfinite(points)]
    ends, starts = np.argsort(high), np.argsort(low)
    ended = np.concatenate([[0.0], np.cumsum(rows[ends])])
    begun = np.concatenate([[0.0], np.cumsum(rows[starts])])
    return Curve(
        points,
        ended[np.searchsorted(high[ends], points, side="right")],
        begun[np.searchsorted(low[starts], points, side="left")],
    )


def _read(cells: Mapping[str, float]) -> list[tuple[Cell, str | None]]:
    """Return cells and their groups, from names of two bounds and, where in a group, its label."""
    found: list[tuple[Cell, str | None]] = []
    for name, rows in cells.items():
        try:
            low, high, *label = name.split(" ", 2)
            cell = float(low), float(high), rows
        except ValueError:
            raise unreadable() from None
        if not (cell[0] < cell[1] and rows > 0):
            raise unreadable()
        found.append((cell, label[0] if label else None))
    return found


def unsettled(request: SummaryRequest, question: Tabulate, known: Known) -> list[Unsettled]:
    """Return the order statistics that are not known to the resolution."""
    found = []
    groups: list[Group] = [None]
    groups += [] if question.group is None else list(range(len(question.group.levels)))
    asked = sorted({0.25, 0.5, 0.75, *request.quantiles})
    for i in range(len(question.numeric)):
        for g in groups:
            moments, about = known.moments(i, g), known.about[i]
            if moments.n == 0:
                continue
            curve = known.curve(i, g)
            for q in asked:
                for place in neighbours(q, curve, moments, about):
                    if place.high - place.low > RESOLUTION * about.sd:
                        found.append(Unsettled(i, g, place.low, place.high))
    return list(dict.fromkeys(found))


def finer(question: Tabulate, known: Known, place: Unsettled) -> Finer:
    """Return the points that settle an order statistic, or as many as may be asked for."""
    column, about = question.numeric[place.column], known.about[place.column]
    width = max(RESOLUTION * about.sd / 2, (place.high - place.low) / (FINER_POINTS / 2))
    level = finest_level(width, about.mean, whole=about.whole)
    pad = float(np.ldexp(1.0, level))
    points = window(place.low - pad, place.high + pad, level)
    return Finer(name=column.name, group=place.group, window=Points.of(points))


def joined(windows: Sequence[Finer]) -> list[Finer]:
    """Return as few windows as cover all points of those given, by column, group and level.

    Both neighbours of a quantile, and quantiles side by side, ask for much the same.
    """
    found: dict[tuple[str, Group, int], list[Window]] = {}
    for one in sorted(windows, key=lambda one: one.window.first):
        parts = found.setdefault((one.name, one.group, one.window.level), [])
        first, last = one.window.first, one.window.last
        if parts and first <= parts[-1].last and last - parts[-1].first < MOST_POINTS:
            parts[-1] = replace(parts[-1], last=max(last, parts[-1].last))
        else:
            parts.append(one.window.window())
    return [
        Finer(name=name, group=group, window=Points.of(part))
        for (name, group, _), parts in found.items()
        for part in parts
    ]


def at_once(windows: Sequence[Finer], groups: int, beside: Size) -> list[Finer]:
    """Return the first of the windows, as many as a site answers ``beside`` what else is asked.

    Of hundreds of columns by dozens of groups that is not all: others wait for the next round, and
    keep wider intervals where there is none.
    """
    found: list[Finer] = []
    for one in windows:
        beside = beside.beside(one.size(groups))
        if not beside.fits():
            break
        found.append(one)
    return found


def covered(windows: Sequence[Finer]) -> Callable[[Finer], bool]:
    """Return what tells whether some finer points are among those of the windows."""
    held: dict[tuple[str, Group, int], list[Points]] = {}
    for one in windows:
        held.setdefault((one.name, one.group, one.window.level), []).append(one.window)

    def among(one: Finer) -> bool:
        same = held.get((one.name, one.group, one.window.level), [])
        return any(w.first <= one.window.first and one.window.last <= w.last for w in same)

    return among


def finest_level(width: float, near: float, *, whole: bool) -> int:
    """Return the level of cells of at most this width that float64 can tell apart near a value."""
    finest = int(np.frexp(near)[1]) - 48 if near else -300
    level = int(np.floor(np.log2(width))) if width > 0 else finest
    return int(np.clip(max(level, finest, 0 if whole else -300), -300, 300))


def window(low: float, high: float, level: int) -> Window:
    """Return the points of a level from the last below ``low`` to the first above ``high``."""
    first = int(np.floor(np.ldexp(low, -level)))
    return Window(level, first, int(np.ceil(np.ldexp(high, -level))))
