"""One pass over the rows that gives each the means of the risk sets that it is in.

With the steps of :mod:`v6_cox.kernel.residuals`, what a row needs is

    B_i = sum_k sum_l m mean_kl / s_l   over the risk sets k that it is in.

That is a sum over the risk sets at or before the row's time, the means of which are sums over rows
at or after it. So that one pass in blocks does, the total is computed first, by exchanging sums:
sum_k S1_k m / S0_k^2 = X' (r G), G_i the sum of m / S0^2 over the risk sets that row i is in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from v6_clinical.numerics.arrays import Array, Index
from v6_clinical.numerics.blocks import FEWEST, NUMBERS
from v6_cox.kernel.cumulative import RunningSums
from v6_cox.kernel.partial_likelihood import Point
from v6_cox.kernel.residuals import HazardSteps, hazard_steps
from v6_cox.kernel.risk_sets import (
    OverTime,
    RiskSets,
    Rows,
    dying_rows,
    sums_at_risk,
    sums_of_deaths,
)


@dataclass(frozen=True)
class Block:
    """Rows, the risk sets at which they join, and sums of hazard times means before each row.

    Attributes
    ----------
    design
        Of the rows, in the coordinates that are worked in, shape (rows, q).
    exits
        The row's latest risk set at or before its time, as a place in ``sets``, shape (rows,).
    none
        Rows that left before the first death: their ``exits`` is no place.
    means
        By factor B of a row that is in a set and in all of those before it in time, (sets, q).
    steps
        Of the risk sets.
    entered
        By factor B_i of the rows themselves, shape (rows, q), where some enter late.
    """

    rows: slice
    sets: slice
    design: Array
    exits: Index
    none: Index
    means: Sequence[Array]
    steps: HazardSteps
    entered: Sequence[Array] | None = None

    def of_rows(self, factor: int, some: Rows = slice(None)) -> Array:
        """Return B_i of the rows, or some of them, whole jumps, shape (rows, q)."""
        if self.entered is not None:
            return self.entered[factor][some]
        exits = self.exits[some]
        found = self.means[factor].take(exits, axis=0, mode="clip")
        if len(self.none):
            found[exits >= len(self.means[factor])] = 0.0
        return found


@dataclass(frozen=True)
class Passage:
    """Rows at a point, to be passed through once.

    Attributes
    ----------
    through
        The matrix that the design is seen through, shape (p, q).
    factors
        What each risk set counts, shape (K,) each; None for 1.
    """

    point: Point
    through: Array
    factors: Sequence[Array | None]

    @cached_property
    def alike(self) -> bool:
        """Whether all risk scores and weights are 1, as they often are at coefficients of 0."""
        return bool((self.point.risk.scores == 1).all() and (self.point.data.weights == 1).all())

    def design(self, rows: Rows) -> Array:
        """Return the design of some rows."""
        return np.asarray(np.dot(self.point.data.design[rows], self.through))

    def scored(self, rows: Rows) -> Array:
        """Return r_i x_i of some rows."""
        return self.times_scores(self.design(rows), rows)

    def times_scores(self, values: Array, rows: Rows) -> Array:
        """Return r_i times the values of some rows, shape (rows, q)."""
        return values if self.alike else values * self.point.risk.scores[rows, None]


def at_lengths(point: Point, lengths: Array) -> Point:
    """Return the same risk scores beside one column, shape (n,), in place of the others."""
    found = Point(replace(point.data, design=lengths[:, None]), np.zeros(1))
    vars(found).update(risk=point.risk, jumps=point.jumps)
    return found


def times(values: Array, factor: Array | None) -> Array:
    """Return values of the risk sets times a factor, None for 1."""
    if factor is None:
        return values
    return values * (factor if values.ndim == 1 else factor[:, None])


def blocks(passage: Passage) -> Iterator[Block]:
    """Yield runs of risk sets with the rows that join at them; one run where rows enter late."""
    sets = passage.point.data.sets
    if sets.moves.rows is not None:
        yield _whole(passage)
        return
    starts = np.concatenate([[0], sets.moves.restarts])  # of strata
    totals = [_totals(passage, factor, starts) for factor in passage.factors]
    joined, passed = RunningSums(), [RunningSums() for _ in passage.factors]
    for rows, some in _runs(sets, passage.through.shape[1]):
        design = passage.design(rows)
        steps = _steps(passage, design, rows, some, joined)
        exits = sets.exit_set[rows] - some.start
        none = np.flatnonzero(exits >= len(steps.mean))
        stratum = np.searchsorted(starts, sets.moves.ends[some] - 1, side="right") - 1
        restarts, means = _within(sets.restarts, some), []
        for factor, total, running in zip(passage.factors, totals, passed, strict=True):
            jumps = times(steps.mean_hazard, None if factor is None else factor[some])
            found = jumps - running.add(jumps, restarts)  # less those at later times
            found += total[stratum] if len(total) > 1 else total
            means.append(found)
        yield Block(rows, some, design, exits, none, means, steps)


def _whole(passage: Passage) -> Block:
    point, sets, width = passage.point, passage.point.data.sets, passage.through.shape[1]
    moments = sums_at_risk(sets, passage.scored, width)
    deaths = sums_of_deaths(sets, passage.scored)
    steps = hazard_steps(point.jumps, moments, deaths, sets.death_weight)
    entered = [
        np.column_stack([OverTime(sets, times(x, factor)).of() for x in steps.mean_hazard.T])
        for factor in passage.factors
    ]
    rows, some = slice(0, len(point.data)), slice(0, len(sets))
    none = np.zeros(0, dtype=np.intp)
    return Block(rows, some, passage.design(rows), sets.exit_set, none, [], steps, entered)


def _runs(sets: RiskSets, columns: int) -> Iterator[tuple[slice, slice]]:
    """Yield runs of rows that end with whole risk sets, and these; the last run has what is left.

    Parameters
    ----------
    columns
        Of the design, to choose the length of a run.
    """
    step, ends, row, first = max(NUMBERS // max(columns, 1), FEWEST), sets.moves.ends, 0, 0
    while first < len(sets):
        last = max(int(np.searchsorted(ends, row + step, side="right")), first + 1)
        stop = int(ends[last - 1]) if last < len(sets) else len(sets.exit_set)
        yield slice(row, stop), slice(first, last)
        row, first = stop, last


def _within(places: Index, some: slice) -> Index:
    """Return the increasing places that lie in a slice, from its start."""
    low, high = np.searchsorted(places, [some.start, some.stop])
    return np.asarray(places[low:high] - some.start)


def _steps(
    passage: Passage, design: Array, rows: slice, some: slice, joined: RunningSums
) -> HazardSteps:
    """Return the steps of a run of risk sets; ``joined`` are the sums over the rows before."""
    sets = passage.point.data.sets
    scored = passage.times_scores(design, rows)
    sums = joined.add(scored, _within(sets.moves.restarts, rows))
    moments = sums.take(sets.moves.ends[some] - 1 - rows.start, axis=0)
    jumps, deaths = passage.point.jumps.part(some), None
    if len(jumps.tied):
        deaths = np.zeros_like(moments)
        deaths[jumps.tied] = sums_of_deaths(sets, passage.scored, jumps.tied + some.start)
    return hazard_steps(jumps, moments, deaths, sets.death_weight[some])


def _totals(passage: Passage, factor: Array | None, starts: Index) -> Array:
    """Return the sum over a stratum's risk sets of hazard times means, shape (strata, q)."""
    data, jumps = passage.point.data, passage.point.jumps
    exposed = OverTime(data.sets, times(jumps.square, factor)).of()
    if len(jumps.tied):
        own = jumps.mean_fraction * jumps.square[jumps.tied]
        own = times(own, None if factor is None else factor[jumps.tied])
        dying = dying_rows(data.sets, jumps.tied)
        exposed[dying] -= np.repeat(own, data.sets.deaths[jumps.tied])
    if not passage.alike:
        exposed *= passage.point.risk.scores
    ends = np.append(starts[1:], len(data))
    strata = [slice(low, high) for low, high in zip(starts.tolist(), ends.tolist(), strict=True)]
    sums = np.array([np.dot(exposed[rows], data.design[rows]) for rows in strata])
    return np.asarray(np.dot(sums, passage.through))
