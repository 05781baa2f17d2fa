"""Concordance of the linear predictor with survival: pairs of rows within strata, counted exactly.

A pair is comparable when one row dies while the other is at risk and outlives it: a row censored at
the time of a death outlives it. It is concordant when the one that dies has the higher linear
predictor. A pair counts as the product of its weights. As R's
``concordance(Surv(entry, time, event) ~ lp + strata(s), reverse = TRUE)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from v6_clinical.numerics.arrays import Array, Index
from v6_clinical.numerics.blocks import row_blocks
from v6_cox.kernel.keys import Keys
from v6_cox.kernel.risk_sets import OverTime, RiskSets, sums_at_risk, sums_of_deaths
from v6_cox.kernel.sorted_data import SortedData, prepare

BLOCK_LEVELS: Final = 13  # blocks of 2^13 positions
LAST_LEVELS: Final = 7  # blocks whose positions are numbers below 255, a byte each


@dataclass(frozen=True)
class Concordance:
    """Numbers of pairs, which add over sites.

    Attributes
    ----------
    concordant, discordant, tied_x
        Comparable pairs by order of their linear predictors.
    tied_y, tied_xy
        Pairs that die at the same time, with different and with equal linear predictors.
    """

    concordant: float
    discordant: float
    tied_x: float
    tied_y: float
    tied_xy: float


def concordance(data: SortedData, beta: Array) -> Concordance:
    """Count the pairs in O(n log n) time and O(n) memory."""
    rank = _rank(data, beta)
    concordant = _outlived_by_lower(data, rank)
    if data.entry is not None:
        concordant -= _not_entered(data, data.entry, rank)
    comparable, tied = _pairs(data.sets, data.weights)
    tied_x, tied_xy = _pairs_of_equal_rank(data, rank)
    discordant = comparable - concordant - tied_x
    return Concordance(concordant, discordant, tied_x, tied - tied_xy, tied_xy)


def pairs_of_rows(data: SortedData) -> Array:
    """Return the comparable pairs that each row is one of, in sorted order, shape (n,)."""
    sets = data.sets
    at_risk, dying = sums_at_risk(sets, lambda rows: data.weights[rows]), sets.death_weight
    found = OverTime(sets, dying).of()
    own = sets.exit_set[sets.death_rows]
    found[sets.death_rows] += at_risk[own] - 2 * dying[own]
    return found * data.weights


def inversions(key: Index, first: Array, second: Array | None = None) -> float:
    """Return the sum of first_a second_b over positions a < b with key_a > key_b.

    Parameters
    ----------
    key
        Numbers from 0 to n - 1, shape (n,).
    first, second
        Shape (n,); ``second`` None means 1, and ``first`` is 0 or 1 then.

    Notes
    -----
    Merge sort run backwards: from the positions in the order of their keys to the positions
    themselves, one bit at a time. Blocks of few positions are taken to the end one by one: they fit
    the processor's cache. Without weights the last bits are not parted but compared.
    """
    n, position = len(key), _in_order(key)
    del key  # as long as the rows
    levels = max(n - 1, 0).bit_length()
    total = _part(position, first, second, range(levels - 1, BLOCK_LEVELS - 1, -1))
    low = 0 if second is not None else LAST_LEVELS
    compared = n >> low << low if low else 0  # positions in whole blocks
    for start in range(0, n, 1 << BLOCK_LEVELS):
        block = position[start : start + (1 << BLOCK_LEVELS)]
        total += _part(block, first, second, range(min(levels, BLOCK_LEVELS) - 1, low - 1, -1))
    rest = position[compared:]
    total += _part(rest, first, second, range(min(levels, low) - 1, -1, -1))
    return total + _compared(position[:compared], first)


def _compared(position: Index, first: Array) -> float:
    """Return the inversions between positions of one block, by comparing all of them.

    Blocks are of 2^LAST_LEVELS positions, which are told apart by a byte, and come in the order of
    their keys. A position that ``first`` marks by 0 is taken for one that no other comes after.
    """
    size = 1 << LAST_LEVELS
    place = (position & (size - 1)).astype(np.uint8).reshape(-1, size)
    marked = first[position].reshape(place.shape) > 0
    after, before = map(np.ascontiguousarray, (place.T, np.where(marked, place, 255).T))
    later = (int(np.count_nonzero(after[:k] > before[k])) for k in range(1, size))
    return float(sum(later))


def _in_order(key: Index) -> Index:
    """Return the positions in the order of their keys, equal keys in the order of positions.

    In two steps of 16 bits, which numpy sorts by radix: O(n).
    """
    low = np.argsort((key & 0xFFFF).astype(np.uint16), kind="stable")
    high = np.argsort((key >> 16)[low].astype(np.uint16), kind="stable")
    return low[high]


def _part(position: Index, first: Array, second: Array | None, levels: range) -> float:
    """Part blocks of 2 h positions, h = 2^level, in place; return the inversions between parts.

    In a block positions come by their keys. Those of its left half, lower ones, are put before
    those of its right half, either in their order. What a left one needs is the sum over the right
    ones that came before it in the block: only the last block is not full, so the others before it
    hold h right ones each.
    """
    total, n, index = 0.0, len(position), np.arange(len(position))
    for half in (1 << level for level in levels):
        is_right = (position & half) != 0
        passed = np.flatnonzero(~is_right)  # the left ones' places, then the right ones before each
        lefts, rights = position[passed], position[np.flatnonzero(is_right)]
        passed -= index[: len(lefts)]
        elsewhere = index[: len(lefts)] & -half  # right ones in blocks before
        if second is None:
            passed -= elsewhere
            total += float(np.dot(passed, first[lefts]))
        else:
            so_far = np.concatenate([[0.0], np.cumsum(second[rights])])
            total += float(np.dot(first[lefts], so_far[passed] - so_far[elsewhere]))
        del passed, elsewhere  # as long as the rows
        whole = n // (2 * half)
        full = position[: 2 * half * whole].reshape(whole, 2, half)
        full[:, 0] = lefts[: half * whole].reshape(whole, half)
        full[:, 1] = rights[: half * whole].reshape(whole, half)
        position[2 * half * whole :] = np.append(lefts[half * whole :], rights[half * whole :])
    return total


def _rank(data: SortedData, beta: Array) -> Index:
    """Return ranks 0, 1, ... of the linear predictor, by stratum with the last stratum first.

    Equal for equal predictors; a difference that rounding alone can make is none.
    """
    predictor, size = np.array(data.offset), 0.0
    for rows in row_blocks(len(data)):
        x = data.design[rows]
        terms = np.dot(np.abs(x), np.abs(beta)) + np.abs(predictor[rows])
        size = max(size, float(terms.max()))
        predictor[rows] += np.dot(x, beta)
    rounding = 4 * (len(beta) + 1) * np.finfo(float).eps * size
    keys = Keys.of(data.strata, predictor)
    order = keys.order()[::-1]
    step = np.zeros(len(order), dtype=np.intp)
    step[1:] = keys.take(order).steps() > rounding
    rank = np.empty_like(step)
    rank[order] = np.cumsum(step)
    return rank


def _outlived_by_lower(data: SortedData, rank: Index) -> float:
    """Return the weight of the pairs in which the row that dies first ranks higher.

    From the last row, the earliest time of the last stratum, to the first. Rows that die together
    come in the order of their ranks, so that no pair of them counts, and before those censored.
    Earlier strata come later and rank higher: no pair across strata counts.
    """
    order = _in_time(data.strata, data.time, ~data.event, rank)
    weights = None if (data.weights == 1).all() else data.weights[order]
    dying = np.where(data.event[order], data.weights[order], 0.0)
    keys = [rank[order]]
    del order  # as long as the rows
    return inversions(keys.pop(), dying, weights)


def _not_entered(data: SortedData, entry: Array, rank: Index) -> float:
    """Return the weight of such pairs in which the other row entered only at the death or later."""
    rows = np.concatenate([data.sets.death_rows, np.arange(len(data))])
    enters = np.arange(len(rows)) >= len(data.sets.death_rows)
    times = np.where(enters, entry[rows], data.time[rows])
    order = _in_time(None if data.strata is None else data.strata[rows], times, enters, rank[rows])
    rows, enters = rows[order], enters[order]
    weights = data.weights[rows]
    return inversions(rank[rows], weights * ~enters, weights * enters)


def _in_time(strata: Index | None, time: Array, last: NDArray[np.bool_], rank: Index) -> Index:
    """Return the order by stratum, the last first, then time, then what comes last, then rank."""
    keys = Keys.of(strata, time)
    order = (np.arange(len(keys)) if keys.in_order() else keys.order())[::-1]
    same = ~keys.take(order).starts()[1:]
    if same.any():
        tied = np.flatnonzero(np.append(False, same) | np.append(same, False))
        moment, rows = np.cumsum(np.append(True, ~same))[tied], order[tied]
        order[tied] = rows[np.lexsort((rank[rows], last[rows], moment))]
    return order


def _pairs(sets: RiskSets, weights: Array) -> tuple[float, float]:
    """Return the weight of the comparable pairs, and of the pairs that die together."""
    at_risk = sums_at_risk(sets, lambda rows: weights[rows])
    squares = sums_of_deaths(sets, lambda rows: weights[rows] ** 2)
    dying = sets.death_weight
    return float(dying @ (at_risk - dying)), float(dying @ dying - squares.sum()) / 2


def _pairs_of_equal_rank(data: SortedData, rank: Index) -> tuple[float, float]:
    """Return what ``_pairs`` does, of pairs with equal linear predictors alone.

    Rows of one rank are a stratum of their own.
    """
    rows = np.flatnonzero(np.bincount(rank)[rank] > 1)
    entry = None if data.entry is None else data.entry[rows]
    weights = data.weights[rows]
    equal = prepare(
        data.time[rows], data.event[rows], np.empty((len(rows), 0)), entry, rank[rows], weights
    )
    return _pairs(equal.sets, equal.weights)
