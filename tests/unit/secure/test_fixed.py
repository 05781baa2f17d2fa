"""Fixed point: exact where a float is a multiple of 2^-96, nearest otherwise; sums exact."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from v6_clinical.errors import RefusalError
from v6_clinical.numerics.exact import exact_total
from v6_clinical.secure.fixed import added, from_limbs, negated, to_limbs

STEP = Fraction(1, 2**96)
LARGEST = math.nextafter(2.0**159, 0.0)
FLOATS = st.floats(-LARGEST, LARGEST, allow_nan=False)
EDGES = [0.0, -0.0, 1.0, -1.0, 0.1, 1e-29, 2**-96, 2**-97, 3 * 2**-97, 2**-98, 5e-324, -5e-324]
EDGES += [s * b for s in (1.0, -1.0) for b in (2.0**-44, 2.0**-32, 2.0**31, 2.0**32, 2.0**63)]
EDGES += [math.nextafter(2.0**k, to) for k in (-96, -44, 0, 32, 64, 128) for to in (0.0, math.inf)]
EDGES += [LARGEST, -LARGEST, 2.0**158, 5e31, 1e46, 1 / 3, math.pi * 1e20]


def whole(limbs: np.ndarray) -> list[int]:
    """Return each number as Python has it, by the definition."""
    found = [sum(int(limb) << 64 * place for place, limb in enumerate(row)) for row in limbs]
    top = 1 << 64 * limbs.shape[1]
    return [one - top if one >= top // 2 else one for one in found]


def on_grid(value: float) -> int:
    return round(Fraction(value) / STEP)  # ties to even, as np.rint


@given(st.lists(FLOATS | st.sampled_from(EDGES), max_size=20))
def test_a_number_is_the_nearest_of_the_grid(values: list[float]) -> None:
    assert whole(to_limbs(np.array(values))) == [on_grid(value) for value in values]


@given(st.lists(FLOATS | st.sampled_from(EDGES), max_size=20))
def test_there_and_back(values: list[float]) -> None:
    found = from_limbs(to_limbs(np.array(values)))
    assert found.tolist() == [float(on_grid(value) * STEP) for value in values]
    held = [abs(value) >= 2.0**-44 or value == 0 for value in values]
    assert all(
        back == value for back, value, exact in zip(found, values, held, strict=True) if exact
    )


@pytest.mark.parametrize("value", EDGES)
def test_edges(value: float) -> None:
    limbs = to_limbs(np.array([value]))
    assert whole(limbs) == [on_grid(value)]
    assert from_limbs(limbs)[0] == float(on_grid(value) * STEP)
    assert not np.signbit(from_limbs(limbs))[0] or on_grid(value) < 0


@given(st.lists(st.integers(-(2**255), 2**255 - 1), min_size=1, max_size=9))
def test_any_words_are_rounded_once(numbers: list[int]) -> None:
    limbs = np.array(
        [[(one >> 64 * place) % 2**64 for place in range(4)] for one in numbers], dtype=np.uint64
    )
    assert from_limbs(limbs).tolist() == [float(Fraction(one) * STEP) for one in numbers]


SITES = st.integers(1, 6).flatmap(
    lambda k: st.lists(
        st.lists(st.floats(-(2.0**150), 2.0**150), min_size=k, max_size=k), min_size=1, max_size=7
    )
)


@given(SITES, st.randoms())
def test_sums_are_exact_and_the_same_in_any_order(sites: list[list[float]], random: object) -> None:
    parts = [to_limbs(np.array(site), len(sites)) for site in sites]
    total = added(parts)
    assert whole(total) == [sum(map(on_grid, values)) for values in zip(*sites, strict=True)]
    random.shuffle(parts)  # type: ignore[attr-defined]
    assert (added(parts) == total).all()
    folded = parts[0]
    for part in parts[1:]:
        folded = added([folded, part])
    assert (folded == total).all()


def test_a_sum_is_that_of_the_clear_answers_to_the_last_bit() -> None:
    drawn = np.random.default_rng(5)
    sites = [drawn.normal(size=500) * 10.0 ** drawn.integers(-6, 31, 500) for _ in range(5)]
    assert (from_limbs(added([to_limbs(site, 5) for site in sites])) == exact_total(sites)).all()


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=5))
def test_counts_add_modulo_one_limb(words: list[int]) -> None:
    parts = [np.array([[word]], dtype=np.uint64) for word in words]
    assert int(added(parts)[0, 0]) == sum(words) % 2**64
    assert not added([*parts, *map(negated, parts)]).any()


def test_carries_run_through() -> None:
    ones = np.full((1, 4), 2**64 - 1, dtype=np.uint64)
    one = np.array([[1, 0, 0, 0]], dtype=np.uint64)
    assert not added([ones, one]).any()
    for first, count in itertools.product(range(1, 4), (2, 3, 70)):
        parts = [ones.copy() for _ in range(count)]
        for part in parts:
            part[:, first:] = 0
        expected = count * (2 ** (64 * first) - 1) % 2**256
        assert whole(added(parts)) == [expected]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 2.0**159, -(2.0**159), 1e300])
def test_what_cannot_be_held_is_refused(value: float) -> None:
    with pytest.raises(RefusalError) as caught:
        to_limbs(np.array([1.0, value]))
    assert caught.value.code == "NON_FINITE"


@pytest.mark.parametrize("parts", [2, 3, 64, 10_000])
def test_numbers_that_would_overflow_together_are_refused(parts: int) -> None:
    most = math.nextafter(2.0**159 / parts, 0.0)
    values = np.array([most, -most])
    assert from_limbs(added([to_limbs(values, parts)] * parts)) == pytest.approx(
        values * parts, rel=1e-15
    )
    with pytest.raises(RefusalError):
        to_limbs(values * 1.0001, parts)


def test_none_are_none() -> None:
    assert to_limbs(np.array([])).shape == (0, 4)
    assert from_limbs(np.zeros((0, 4), dtype=np.uint64)).shape == (0,)
    assert added([np.zeros((0, 4), dtype=np.uint64)] * 3).shape == (0, 4)
