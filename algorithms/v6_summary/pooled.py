"""The pooled sums of the rounds, read as moments, curves and counts of a column and a group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from v6_clinical.disclosure.cells import Window
from v6_clinical.numerics.arrays import Array
from v6_clinical.protocol.analysis import Reply
from v6_clinical.protocol.sums import Sums
from v6_summary.answers import blurred, changed
from v6_summary.moments import Moments, NoiseSums, PowerSums, Rough, moments
from v6_summary.pairs import PairNoise, PairSums, pairs
from v6_summary.quantiles import Curve
from v6_summary.questions import Finer, Tabulate
from v6_summary.ranks import Placed, placed
from v6_summary.refining import Outline

Group = int | None  # None: all rows
ALL = "all"  # the group of all rows


class Pooled:
    """What is known after round 2, sharpened by refinements.

    Parameters
    ----------
    question
        The question of round 2.
    reply
        Its answer.
    outline
        What round 1 told.
    """

    def __init__(self, question: Tabulate, reply: Reply, outline: Outline) -> None:
        self.question = question
        self.total = reply.total
        self.organizations = reply.organizations
        self.blurred = blurred(reply.total)
        self.about: Sequence[Rough] = outline.about
        self._outline = outline
        self._names = [column.name for column in question.numeric]
        self.groups = () if question.group is None else question.group.levels
        self._curves: dict[tuple[int, Group], Curve] = {}
        self._windows: dict[tuple[int, Group], list[Window]] = {}
        for i, column in enumerate(question.numeric):
            self._add_curves(i, column.window.window())
        self.add_finer(question.finer, reply.total)

    def _add_curves(self, i: int, window: Window) -> None:
        """Read round 2's curves: a site sends its groups or, where it may not, all rows at once."""
        points = len(window.points())
        grouped = self.total.get(f"curve/{i}/group", (2, len(self.groups) + 1, points))
        together = self.total.get(f"curve/{i}/all", (2, points)) + grouped.sum(axis=1)
        self.add(i, None, window, together)
        for g in range(len(self.groups)):
            self.add(i, g, window, grouped[:, g])

    def add(self, i: int, group: Group, window: Window, bounds: Array) -> None:
        """Sharpen a curve by bounds of shape (2, points) on a window.

        Raises
        ------
        AnalysisError
            ``DATA_CHANGED`` where they contradict what is known.
        """
        curve = Curve(window.points(), bounds[0], bounds[1])
        known = self._curves.get((i, group))
        curve = curve if known is None else known.merge(curve)
        if (curve.at_least > curve.at_most + 0.5).any():
            raise changed()
        self._curves[i, group] = curve
        self._windows.setdefault((i, group), []).append(window)

    def add_finer(self, windows: Sequence[Finer], total: Sums) -> None:
        """Sharpen curves by the answer to finer points."""
        for k, finer in enumerate(windows):
            window = finer.window.window()
            bounds = total.get(f"finer/{k}", (2, len(window.points())))
            self.add(self._names.index(finer.name), finer.group, window, bounds)

    def knows(self, finer: Finer) -> bool:
        """Tell whether a window was answered before, in cells at most twice as wide.

        Finer ones are at most half of the resolution, or as fine as they may be asked for.
        """
        window = finer.window.window()
        low, high = window.points()[[0, -1]]
        for old in self._windows[self._names.index(finer.name), finer.group]:
            first, last = np.ldexp(np.array([old.first, old.last], dtype=np.float64), old.level)
            if old.level <= window.level + 1 and first <= low and high <= last:
                return True
        return False

    def curve(self, i: int, group: Group) -> Curve:
        """Return the cumulative bounds of a numeric column."""
        return self._curves[i, group]

    def placed(self, i: int) -> Placed:
        """Return the rows of each group of a numeric column, as finely as all rounds tell them."""
        groups = range(len(self.groups))
        rows = [self.moments(i, g).n for g in groups]
        curves = [
            self.curve(i, g).merge(self._outline.curve(i, g))
            if self._outline.moments(i, g).n == rows[g]
            else self.curve(i, g)
            for g in groups
        ]
        return placed(curves, rows, self.about[i])

    def moments(self, i: int, group: Group, prefix: str = "") -> Moments:
        """Return the moments of a numeric column; third and fourth NaN where a site withheld."""
        found = moments(self._power_sums(i, group, prefix), self.question.numeric[i].shift)
        return found if prefix or not self.blurred else found.with_noise(self._noise(i, group))

    def _noise(self, i: int, group: Group) -> NoiseSums:
        name, width = f"blur/{i}/", len(NoiseSums())
        if group is None:
            return NoiseSums(*self.total.get(name + "all", (width,)).tolist())
        rows = self.total.get(name + "group", (len(self.groups), width))
        return NoiseSums(*rows[group].tolist())

    @property
    def precision(self) -> float:
        """Return the largest sd of the noise in a mean of the table, in its standard errors."""
        groups: list[Group] = [None, *range(len(self.groups))]
        columns = range(len(self.question.numeric))
        return max((self.moments(i, g).precision for i in columns for g in groups), default=0.0)

    def withholds_high_orders(self, i: int, group: Group) -> bool:
        """Tell whether a site withheld third and fourth power sums."""
        return bool(self._power_sums(i, group).withheld)

    def _power_sums(self, i: int, group: Group, prefix: str = "") -> PowerSums:
        name, width = f"{prefix}moments/{i}/", len(PowerSums())
        if group is None:
            return PowerSums(*self.total.get(name + "all", (width,)).tolist())
        rows = self.total.get(name + "group", (len(self.groups), width))
        return PowerSums(*rows[group].tolist())

    def pair_sums(self) -> list[PairSums]:
        """Return the sums of each pair of numeric columns, in the order of ``pairs``."""
        shape = (len(pairs(len(self._names))), len(PairSums()))
        return [PairSums(*row) for row in self.total.get("pairs", shape).tolist()]

    def pair_noise(self) -> list[PairNoise]:
        """Return what is declared of the noise in them, in the same order."""
        shape = (len(pairs(len(self._names))), len(PairNoise()))
        return [PairNoise(*row) for row in self.total.get("blur/pairs", shape).tolist()]

    def missing(self, kind: str, i: int, group: Group, prefix: str = "") -> int | None:
        """Return the missing values of a column (``kind`` missing or absent); None if withheld."""
        name, groups = f"{prefix}{kind}/{i}/", len(self.groups)
        if group is None:
            counts, withheld = self.total.get(name + "all", (2, 1))[:, 0]
        else:
            counts, withheld = self.total.get(name + "group", (2, groups))[:, group]
        return None if withheld else round(counts)

    def counts(self, i: int, group: Group, prefix: str = "") -> tuple[Array, NDArray[np.bool_]]:
        """Return the rows of each level of a categorical column, and which levels are withheld."""
        levels = len(self.question.categorical[i].levels)
        if group is None:
            counts, withheld = self.total.get(f"{prefix}counts/{i}/all", (2, levels))
        else:
            shape = (2, levels, len(self.groups))
            counts, withheld = self.total.get(f"counts/{i}/group", shape)[:, :, group]
        return counts, withheld > 0

    def group_name(self, group: Group) -> str:
        """Return a group's label; all rows are ``all``."""
        return ALL if group is None else self.groups[group]

    def incomplete(self) -> Iterator[tuple[str, int, int]]:
        """Yield the name of each column, its rows with a value and those without, where told."""
        for i, numeric in enumerate(self.question.numeric):
            if (missing := self.missing("missing", i, None)) is not None:
                yield numeric.name, round(self.moments(i, None).n), missing
        for i, factor in enumerate(self.question.categorical):
            counts, withheld = self.counts(i, None)
            missing = self.missing("absent", i, None)
            if missing is not None and not withheld.any():
                yield factor.name, round(counts.sum()), missing

    def rows_without_group(self) -> int:
        """Return the rows that are in no group, by the column that tells most of them.

        The table holds them: rows of all less rows of every group, where no site withholds these.
        """
        gaps, found = self.ungrouped_sites(), [0]
        groups = range(len(self.groups))
        for i, numeric in enumerate(self.question.numeric):
            if groups and numeric.name not in gaps:
                every = self.moments(i, None).n
                found.append(round(every - sum(self.moments(i, g).n for g in groups)))
        for i, factor in enumerate(self.question.categorical):
            parts = [self.counts(i, g) for g in (None, *groups)]
            if groups and factor.name not in gaps and not any(p[1].any() for p in parts):
                every, *own = (counts.sum() for counts, _ in parts)
                found.append(round(every - sum(own)))
        return max(found)

    def ungrouped_sites(self) -> dict[str, int]:
        """Return, per column that has any, how many sites withhold its group sums."""
        names = [c.name for c in self.question.numeric] + [
            c.name for c in self.question.categorical
        ]
        if not self.groups:
            return {}
        sent = self.total.get("grouped", (len(names),))
        gaps = {
            name: len(self.organizations) - round(k) for name, k in zip(names, sent, strict=True)
        }
        return {name: gap for name, gap in gaps.items() if gap}
