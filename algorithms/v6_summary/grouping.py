"""Rows by group at a site: when groups may be told apart, and a numeric column's cells by group."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from v6_clinical.disclosure import Policy
from v6_clinical.disclosure.cells import Partition, Window, base_level, bounds, partition
from v6_clinical.numerics.arrays import Array
from v6_clinical.table import Labels, present


def cross(groups: Labels, rows: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Count rows by group; the last entry is the rows whose group is missing."""
    codes = np.where(groups.codes < 0, len(groups.levels), groups.codes)
    return np.bincount(codes[rows], minlength=len(groups.levels) + 1)


def groups_allowed(counts: NDArray[np.int64], policy: Policy) -> bool:
    """R2, R3 and R4: each group is safe, and so are the rows in no group."""
    missing_allowed = policy.allows_difference(counts[-1:])
    return missing_allowed and not policy.is_small(counts[:-1]).any()


def _split(
    known: NDArray[np.bool_], groups: Labels, policy: Policy
) -> list[NDArray[np.bool_]] | None:
    """Return the known rows of each group and of no group, or none where a cell is too small."""
    if not groups_allowed(cross(groups, known), policy):
        return None
    rows = [known & (groups.codes == code) for code in range(len(groups.levels))]
    return [*rows, known & (groups.codes < 0)]


class GroupedColumn:
    """A numeric column's rows, sorted within each group, and the cells that may be shown."""

    def __init__(self, values: Array, groups: Labels | None, policy: Policy) -> None:
        self._policy = policy
        every = present(values)
        self.split = None if groups is None else _split(~np.isnan(values), groups, policy)
        self._base = base_level(every)
        if self.split is not None and not all(policy.allows_sums(values[r]) for r in self.split):
            self.split = None
        parts = [every] if self.split is None else [values[rows] for rows in self.split]
        self._sorted = [np.sort(part) for part in parts]

    def outline(self) -> list[dict[str, float]]:
        """Return the rows of each cell down to the column's own base level.

        Of all rows, or of each group and of the rows whose group is missing. Cells are named by
        their bounds, of which the outermost are infinite.
        """
        level = self._base if self._base > -300 else 300  # none is halved of a constant column
        everywhere = Window(level, -(2**53), 2**53)
        return [_named(self._cells(rows, everywhere)) for rows in self._sorted]

    def curves(self, window: Window) -> dict[str, Array]:
        """Return cumulative bounds: ``all`` (2, points), or ``group`` (2, groups + 1, points).

        The last group holds the rows whose group is missing. Sites send groups instead of all
        where they may, so that no difference between the two is left to take.
        """
        points = window.points()
        pairs = np.array([bounds(self._cells(rows, window), points) for rows in self._sorted])
        return {"all": pairs[0]} if self.split is None else {"group": pairs.transpose(1, 0, 2)}

    def curve(self, window: Window, group: int | None) -> Array | None:
        """Return the cumulative bounds of all rows, or of a group where groups may be sent.

        Shape (2, points).
        """
        points = window.points()
        if group is None:
            parts = self._sorted
        elif self.split is None:
            return None
        else:
            parts = [self._sorted[group]]
        found = (np.array(bounds(self._cells(rows, window), points)) for rows in parts)
        return sum(found, np.zeros((2, len(points))))

    def _cells(self, rows: Array, window: Window) -> Partition:
        policy = self._policy
        return partition(rows, window, self._base, policy.min_cell, show_tails=policy.allow_min_max)


def _named(cells: Partition) -> dict[str, float]:
    """Return the rows of each cell that has any, under its bounds."""
    bounds = [-np.inf, *cells.edges.tolist(), np.inf]
    rows = np.diff([0, *cells.below.tolist(), cells.n]).tolist()
    names = (f"{low!r} {high!r}" for low, high in pairwise(bounds))
    return {name: float(n) for name, n in zip(names, rows, strict=True) if n}
