"""What a site shows of the rows at risk of a curve: points of the grid that its limits allow.

For any curve over time, whichever estimate it shows: counts do not depend on that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from v6_clinical.numerics.arrays import Array, Index
from v6_clinical.survival.grid import Exits, TimeGrid, shown_points

if TYPE_CHECKING:
    from v6_clinical.disclosure import Policy


def shown_at_risk(
    time: Array,
    entry: Array | None,
    kinds: Index,
    strata: Index | None,
    codes: Sequence[int],
    grid: TimeGrid,
    policy: Policy,
) -> tuple[Array, Array]:
    """Return which points of each stratum may be shown, and the rows that remain after them.

    Parameters
    ----------
    time, entry
        When rows leave and enter, shape (n,), as ``rounding.decimal`` gives them; ``entry`` is None
        where all are there from the start.
    kinds
        Codes of the ways in which follow-up ended, shape (n,).
    strata
        Codes of the rows' strata, shape (n,), None where there is one.
    codes
        The strata that are asked about, S of them.

    Returns
    -------
    tuple
        1 where a point is shown, else 0, and the rows that remain, 0 where not shown; both of shape
        (S, times). A site shows that a stratum has no row of its own.
    """
    every, found = np.unique(kinds).tolist(), []
    for code in codes:
        rows: Index | slice = slice(None) if strata is None else np.flatnonzero(strata == code)
        left, kind = time[rows], kinds[rows]
        entered = np.full(len(left), -np.inf) if entry is None else np.sort(entry[rows])
        times = (*(np.sort(left[kind == one]) for one in every), entered)
        show_ends = policy.allow_min_max or not len(left)
        found.append(shown_points(Exits(times, policy.min_cell, show_ends), grid))
    shape = len(found), grid.count
    shown = np.array([shown for shown, _ in found], dtype=float).reshape(shape)
    return shown, np.array([remain for _, remain in found], dtype=float).reshape(shape)


def countable(shown: Array, remain: Array) -> Array:
    """Return sums over sites of what ``shown_at_risk`` returns, shape (S, 3, times).

    The second axis holds 1, which adds up to the number of sites, 1 where this site shows its rows,
    and the rows that remain.
    """
    return np.stack([np.ones_like(shown), shown, remain], axis=1)
