"""Sums of several arrays, entry by entry, each rounded once: the same bits in whatever order.

A chain of error-free additions (Knuth's TwoSum: a + b = s + e with s the rounded sum and e its
error, exactly) gives a sum s and, by a second chain over the errors, c and what that chain lost in
its turn, at most d. So the exact sum is s + c + x with |x| <= d, and r = fl(s + c), with its own
error e, is the correctly rounded one where |e| + d cannot reach the middle between two floats.
Nearly always d is 0. The few entries where that is not certain are left to ``math.fsum``.

Source: Ogita, Rump, Oishi 2005, SIAM J. Sci. Comput. 26(6); Shewchuk 1997, Discrete Comput. Geom.
18(3), which is ``math.fsum``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from v6_clinical.numerics.arrays import Array

BLOCK = 1 << 13  # entries: what is worked on stays in the processor's cache


def exact_total(parts: Sequence[Array]) -> Array:
    """Return the entrywise sum of arrays of one shape, correctly rounded (ties to even).

    Zero is positive whatever the signs of the zeros that were added.

    Parameters
    ----------
    parts
        One or more arrays of the same shape, finite; their sum must not overflow on its way.

    Raises
    ------
    OverflowError
        Where a sum is too large for a float64.
    """
    total = np.empty(parts[0].shape)
    flat, rows = total.reshape(-1), [np.ascontiguousarray(part).reshape(-1) for part in parts]
    with np.errstate(over="ignore", invalid="ignore"):  # looked for below
        for start in range(0, len(flat), BLOCK):
            block = slice(start, start + BLOCK)
            flat[block] = _total([row[block] for row in rows])
    if not np.isfinite(total).all():
        raise OverflowError("the sum of the sites' numbers is too large")
    return total


def _total(rows: Sequence[Array]) -> Array:
    """Return the sums of one block, shape (entries,)."""
    if len(rows) <= 2:  # one addition is rounded once as it is
        return np.asarray(sum(rows, np.zeros(len(rows[0]))))
    return _chained(rows)


def _chained(rows: Sequence[Array]) -> Array:
    """Return the sums of three rows or more."""
    found, errors = _two_sum(rows[0] + 0.0, rows[1])
    lost = np.zeros(len(found))
    for row in rows[2:]:
        found, error = _two_sum(found, row)
        errors, again = _two_sum(errors, error)
        lost += np.abs(again)
    total, rest = _two_sum(found, errors)
    doubtful = np.flatnonzero(lost != 0.0)
    # a quarter of the distance to the next float is half of that below a power of two
    near = np.abs(rest[doubtful]) + 2 * lost[doubtful]
    doubtful = doubtful[~(near < np.spacing(np.abs(total[doubtful])) / 4)]
    for place in doubtful.tolist():
        total[place] = math.fsum(row[place] for row in rows)
    return np.asarray(total + 0.0)


def _two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """Return s = fl(a + b) and a + b - s, which is a float too; Knuth, TAOCP 2, 4.2.2."""
    total = a + b
    second = total - a
    return total, (a - (total - second)) + (b - second)
