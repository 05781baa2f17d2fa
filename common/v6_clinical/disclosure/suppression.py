"""Tables of counts in which no small cell can be read or worked out.

R2: a published cell holds 0 or at least ``min_cell`` rows. R3: neither do totals give one away:
levels that are withheld hold together 0 or at least ``min_cell`` rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Published:
    """Counts with zeros where withheld, and which levels are withheld (shape (levels,))."""

    counts: Counts
    withheld: NDArray[np.bool_]


def publish(table: Counts, min_cell: int, start: NDArray[np.bool_] | None = None) -> Published:
    """Withhold levels (rows of the table) until every sum over the withheld ones is safe.

    Parameters
    ----------
    table
        Counts, shape (levels, groups): one column for a simple table.
    min_cell
        The smallest count that may be published.
    start
        Levels that are withheld already in the table's margin: a cross-table that showed them
        would give the margin away.

    Notes
    -----
    Whoever knows the column sums knows the sum of the withheld levels in each column, so that sum
    must be safe too: the smallest remaining level joins them until it is. What is known is then a
    table in which the withheld levels are one row.
    """
    withheld: NDArray[np.bool_] = np.asarray(_small(table, min_cell).any(axis=1))
    if start is not None:
        withheld = withheld | start
    while withheld.any() and not withheld.all():
        if not _small(table[withheld].sum(axis=0), min_cell).any() and withheld.sum() > 1:
            break
        totals = table.sum(axis=1)
        # A level without any row hides nothing: join the smallest level that has rows.
        candidates = np.flatnonzero(~withheld & (totals > 0))
        if not len(candidates):
            withheld[:] = True
            break
        withheld[candidates[np.argmin(totals[candidates])]] = True
    counts = np.where(withheld[:, None], 0, table)
    return Published(counts, withheld)


def _small(counts: Counts, min_cell: int) -> NDArray[np.bool_]:
    return (counts > 0) & (counts < min_cell)
