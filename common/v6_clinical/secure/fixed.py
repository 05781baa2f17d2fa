"""Real numbers as whole numbers modulo 2^256, with 96 binary digits behind the point.

Under masks numbers add modulo a power of two, so that a sum of random words is a random word. A
float64 from 2^-44 on is held as it is, smaller ones to the nearest 2^-96 = 1.3e-29; sums are exact,
the same in any order, and rounded once at the end. A number is four limbs of 64 bits, the lowest
first, negative ones as their complement to 2^256. Counts need one limb.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from v6_clinical.errors import RefusalError
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.exact import exact_total

Words = NDArray[np.uint64]
LIMB: Final = np.dtype("<u8")
HALF: Final = np.dtype("<u4")
LIMBS: Final = 4
FRACTION: Final = 96
HIGHEST: Final = 64 * LIMBS - 1 - FRACTION  # sums stay below 2 to the power of it
MANTISSA: Final = 53


def to_limbs(values: Array, parts: int = 1) -> Words:
    """Return numbers, shape (k,), as limbs, shape (k, 4).

    Parameters
    ----------
    parts
        How many such numbers will be added: each is below 2^159 / parts.

    Raises
    ------
    RefusalError
        ``NON_FINITE`` where a number is none, or too large.
    """
    size = np.abs(np.asarray(values, dtype=np.float64))
    if not (size < 2.0**HIGHEST / parts).all():  # not >=: NaN too
        raise RefusalError("NON_FINITE")
    exponent = np.frexp(size)[1].astype(np.int64) - MANTISSA + FRACTION
    shift = np.where(size == 0, 0, np.maximum(exponent, 0))
    # a whole number below 2^53 times 2^shift
    whole = np.rint(np.ldexp(size, FRACTION - shift)).astype(LIMB)
    place, beyond = shift // 64, (shift % 64).astype(LIMB)
    limbs = np.zeros((len(size), LIMBS + 1), dtype=LIMB)
    rows = np.arange(len(size))
    limbs[rows, place] = whole << beyond
    # in two steps: a shift by 64 is none
    limbs[rows, place + 1] = (whole >> (np.uint64(63) - beyond)) >> np.uint64(1)
    return _signed(limbs[:, :LIMBS], np.asarray(values) < 0)


def from_limbs(limbs: Words) -> Array:
    """Return the numbers of limbs, shape (k, 4), each rounded once; shape (k,)."""
    negative = limbs[:, -1] >> np.uint64(63) == 1
    halves = _halves(_signed(limbs, negative))
    parts = [
        np.ldexp(half.astype(np.float64), 32 * place - FRACTION)
        for place, half in enumerate(halves.T)
    ]
    size = exact_total(parts)
    return np.where(negative, -size, size)


def added(parts: Sequence[Words]) -> Words:
    """Return the sum modulo 2^(64 w) of limbs of one shape, (k, w), of fewer than 2^32 parts."""
    sums = np.zeros((len(parts[0]), 2 * parts[0].shape[1]), dtype=LIMB)
    for part in parts:
        sums += _halves(part)
    carry = np.zeros(len(sums), dtype=LIMB)
    for place in range(sums.shape[1]):
        sums[:, place] += carry
        carry = sums[:, place] >> np.uint64(32)
    return _joined(sums)


def negated(limbs: Words) -> Words:
    """Return what limbs, shape (k, w), lack to 0 modulo 2^(64 w)."""
    one = np.zeros_like(limbs)
    one[:, 0] = 1
    return added([~limbs, one])


def _signed(limbs: Words, negative: NDArray[np.bool_]) -> Words:
    return np.where(negative[:, None], negated(limbs), limbs)


def _halves(limbs: Words) -> NDArray[np.uint32]:
    """Return limbs, shape (k, w), as digits of 32 bits, shape (k, 2 w)."""
    return np.ascontiguousarray(limbs, dtype=LIMB).view(HALF)


def _joined(halves: Words) -> Words:
    """Return digits in words of 64 bits, shape (k, 2 w), as limbs; what is above 32 bits falls."""
    found: Words = halves.astype(HALF).view(LIMB)
    return found
