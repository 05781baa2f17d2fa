"""The rows of a site, sorted once for all evaluations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from v6_clinical.numerics.arrays import Array, Index
from v6_clinical.numerics.blocks import row_blocks
from v6_cox.kernel.find_risk_sets import find_risk_sets
from v6_cox.kernel.keys import Keys
from v6_cox.kernel.risk_sets import RiskSets, Ties


@dataclass(frozen=True)
class SortedData:
    """n rows, sorted by stratum and from the latest time to the earliest.

    Attributes
    ----------
    design
        Covariates less their ``centre``, shape (n, p). A shift changes no estimate, and the
        information, a difference of second moments, keeps more digits.
    centre
        Weighted column means, shape (p,).
    time, entry, event, weights, offset, strata
        Columns, shape (n,); ``entry`` and ``strata`` are None where there are none.
    order
        Row of the caller's arrays that became each sorted row, shape (n,).
    ties
        What to do about tied deaths.
    given
        Strata and times of the risk sets, where they are not the data's own.
    found
        The risk sets, where they are known beforehand.
    """

    design: Array
    centre: Array
    time: Array
    entry: Array | None
    event: NDArray[np.bool_]
    weights: Array
    offset: Array
    strata: Index | None
    order: NDArray[np.uint32]
    ties: Ties
    given: tuple[Index, Array] | None = None
    found: RiskSets | None = None

    @cached_property
    def sets(self) -> RiskSets:
        """The risk sets: found when first asked for, when the rows as they came may be gone."""
        if self.found is not None:
            return self.found
        keys = self.time, self.entry, self.event, self.weights, self.strata
        return find_risk_sets(*keys, self.given)

    def __len__(self) -> int:
        return len(self.time)


def prepare(
    time: Array,
    event: NDArray[Any],
    design: Array,
    entry: Array | None = None,
    strata_codes: NDArray[Any] | None = None,
    weights: Array | None = None,
    offset: Array | None = None,
    ties: Ties = "efron",
) -> SortedData:
    """Sort the rows.

    Parameters
    ----------
    time, event
        Follow-up and whether it ended with an event, shape (n,). Times are tied when they are
        equal.
    design
        Covariates, shape (n, p). Copied once.
    entry
        A row is at risk on (entry, time]; None means from the start.
    strata_codes
        Integers, shape (n,); each has its own baseline hazard.
    weights
        Positive case weights, shape (n,).
    offset
        Known part of the linear predictor, shape (n,).
    ties
        What to do about tied deaths.
    """
    if ties not in ("efron", "breslow"):
        raise ValueError(f"ties must be 'efron' or 'breslow', but was {ties!r}")
    _check_lengths(time, event, design, entry, strata_codes, weights, offset)
    order = Keys.of(strata_codes, time).order()

    def sort(column: NDArray[Any] | None, fill: float) -> Array:
        if column is None:
            return np.broadcast_to(np.float64(fill), len(order))  # takes no memory
        return column.take(order).astype(float, copy=False)

    centre = _centre(design, weights)
    x, w = _sorted_about(centre, design, order), sort(weights, 1.0)
    t, died = sort(time, 0.0), event[order].astype(bool)
    start = None if entry is None else sort(entry, 0.0)
    if start is not None and (start[died] >= t[died]).any():
        raise ValueError("entry must be before time")
    strata = None if strata_codes is None else strata_codes[order].astype(np.intp)
    rows = order.astype(np.uint32)  # half of the memory
    return SortedData(x, centre, t, start, died, w, sort(offset, 0.0), strata, rows, ties)


def _centre(design: Array, weights: Array | None) -> Array:
    """Return the weighted means of the columns, shape (p,)."""
    n, p = design.shape
    w = np.ones(n) if weights is None else weights
    parts = (np.dot(w[rows], design[rows]) for rows in row_blocks(n, p))
    return np.asarray(sum(parts, np.zeros(p)) / max(w.sum(), np.finfo(float).tiny))


def _sorted_about(centre: Array, design: Array, order: Index) -> Array:
    """Return the rows in order, less the centre: both while a block is in the cache."""
    x = np.empty(design.shape)
    for rows in row_blocks(*design.shape):
        np.subtract(design.take(order[rows], axis=0), centre, out=x[rows])
    return x


def with_event_times(data: SortedData, strata: Index, times: Array) -> SortedData:
    """Return the data with given risk sets instead of those of their own event times.

    Parameters
    ----------
    strata, times
        Shape (K,), sorted by stratum and from the latest time to the earliest, no pair twice. Every
        event time of the data must be among them (else asking for the sets is a ``ValueError``);
        a risk set may be empty.
    """
    return replace(data, given=(strata, times), found=None)


def retimed(data: SortedData, change: Callable[[Array], Array]) -> SortedData:
    """Return the data with each time changed by a function that keeps the order, sets as they are.

    Times may fall together: what died apart is still taken to have died apart.
    """
    entry = None if data.entry is None else change(data.entry)
    sets = replace(data.sets, times=change(data.sets.times))
    return replace(data, time=change(data.time), entry=entry, found=sets)


def _check_lengths(time: Array, *columns: NDArray[Any] | None) -> None:
    lengths = {len(column) for column in (time, *columns) if column is not None}
    if len(lengths) > 1:
        raise ValueError(f"columns must be of one length, but were of {sorted(lengths)}")
