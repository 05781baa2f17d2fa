"""What correlations tell of a column: bits, beside those that its rows hold."""

from __future__ import annotations

from math import lgamma, log, log2

import numpy as np
import pytest

from helpers.summary_attacker import RNG
from v6_clinical.disclosure.blur import Blur
from v6_clinical.numerics.arrays import Array
from v6_summary.row_sets import RowSets

SIZES = [(30, 3), (30, 5), (60, 10), (120, 20), (200, 40)]


def held(column: Array) -> float:
    """Return the bits of the order of a column's values, its margin known."""
    counts = np.unique(column, return_counts=True)[1]
    return (lgamma(len(column) + 1) - sum(lgamma(count + 1) for count in counts)) / log(2)


def told(columns: list[Array], blur: Blur) -> float:
    """Return the bits that the correlations of the first column tell, all others known.

    In any order of its values they are normal with variance 1/(n - 1) in each of p - 1 whitened
    directions, and their noise has sd e there.
    """
    e = RowSets(columns, blur, together=True).of(0).told.scale.e
    return (len(columns) - 1) / 2 * log2(1 + 1 / (len(columns[0]) * e**2))


@pytest.mark.parametrize(("n", "p"), SIZES)
def test_A20_correlations_tell_less_than_half_of_a_column(n: int, p: int) -> None:
    """Of five patients marked among n, the least that a column holds."""
    shares: dict[float, float] = {}
    for hospital in range(20):
        marked = RNG.permutation(np.arange(n) < 5).astype(float)
        others = [
            RNG.integers(20, 90, n).astype(float) if k % 2 else RNG.normal(size=n)
            for k in range(p - 1)
        ]
        for floor in (0.15, 1e-3):
            blur = Blur(1e-4, floor, bytes([hospital]))
            share = told([marked, *others], blur) / held(marked)
            shares[floor] = max(shares.get(floor, 0.0), share)
    assert shares[0.15] < 0.5
    assert shares[1e-3] > 0.5  # the attack, with next to no noise
