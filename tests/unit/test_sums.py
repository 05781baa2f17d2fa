"""Sums are rounded once, in whatever order; they travel as strict JSON, read without trust."""

import json
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from v6_clinical.errors import AnalysisError
from v6_clinical.numerics.exact import BLOCK, exact_total
from v6_clinical.protocol.sums import Form, Sums

# Of every size at once, so that errors of errors matter; and halves, so that sums tie.
TIES = st.builds(math.ldexp, st.integers(-(2**53), 2**53).map(float), st.integers(-60, 60))
NUMBERS = st.floats(-1e290, 1e290) | st.integers(-9, 9).map(float) | TIES


def arrays(size: int) -> Any:
    return st.lists(NUMBERS, min_size=size, max_size=size).map(np.array)


def forms(labels: list[str]) -> Any:
    size = len(labels)
    upper = arrays(size * size).map(lambda values: np.triu(values.reshape(size, size)))
    return upper.map(lambda half: Form(tuple(labels), half + np.triu(half, 1).T))


LABELS = st.lists(st.sampled_from("xyz"), unique=True, max_size=3)
MADE = st.builds(
    Sums,
    st.dictionaries(st.sampled_from("abc"), arrays(2)),
    st.dictionaries(st.sampled_from("de"), st.dictionaries(st.sampled_from("xyz"), NUMBERS)),
    st.dictionaries(st.sampled_from("fg"), LABELS.flatmap(forms)),
)


def plain(sums: Sums) -> Any:
    made = sums.to_json()
    return json.loads(json.dumps(made, allow_nan=False, sort_keys=True))


@given(
    st.lists(MADE, min_size=1, max_size=6).flatmap(
        lambda m: st.tuples(st.just(m), st.permutations(m))
    )
)
def test_the_order_of_parts_is_of_no_account(orders: tuple[list[Sums], list[Sums]]) -> None:
    """The very bytes, names and labels included."""
    one, other = (json.dumps(Sums.total(parts).to_json()) for parts in orders)
    assert one == other


@given(st.lists(MADE, max_size=4))
def test_a_part_without_numbers_adds_nothing(parts: list[Sums]) -> None:
    assert plain(Sums.total([*parts, Sums()])) == plain(Sums.total(parts))
    assert plain(sum(parts[:2], Sums())) == plain(Sums.total(parts[:2]))


@given(st.integers(1, 7).flatmap(lambda k: st.lists(arrays(4), min_size=k, max_size=k)))
def test_every_sum_is_the_exact_one_rounded_once(parts: list[Any]) -> None:
    exact = [float(sum(map(Fraction, numbers))) for numbers in zip(*parts, strict=True)]
    assert exact_total(parts).tolist() == exact


@pytest.mark.parametrize("spread", [0, 5, 60, 400])
@pytest.mark.parametrize("sites", [1, 2, 3, 5, 50])
def test_many_sums_are_those_of_fsum(sites: int, spread: int) -> None:
    """Beyond one block, with sums that cancel in part."""
    rng = np.random.default_rng(sites)
    shape = (2, BLOCK // 2 + 3, 2)
    parts = [
        np.ldexp(rng.normal(size=shape), rng.integers(-spread, spread + 1, shape))
        for _ in range(sites)
    ]
    parts[-1] = parts[-1] - sum(parts[:-1], np.zeros(shape)) * rng.integers(0, 2, shape)
    columns = np.array([part.ravel() for part in parts]).T
    expected = [math.fsum(column) for column in columns.tolist()]
    assert exact_total(parts).ravel().tolist() == expected
    assert exact_total(parts).shape == shape


def test_halves_go_to_the_even_neighbour_and_what_decides_may_be_far_below() -> None:
    half = 2.0**-53
    for tiny, expected in ((0.0, 1.0), (1e-300, 1 + 2 * half), (-1e-300, 1.0)):
        assert exact_total([np.array([x]) for x in (1.0, half, tiny)])[0] == expected


def test_zero_has_no_sign() -> None:
    for parts in ([-0.0], [-0.0, -0.0], [-0.0, -0.0, -0.0], [1.0, -2.0, 1.0]):
        assert math.copysign(1, exact_total([np.array([x]) for x in parts])[0]) == 1


def test_a_sum_that_overflows_is_no_sum() -> None:
    with pytest.raises(AnalysisError, match="too large"):
        Sums.total([Sums({"a": np.array([1.7e308])})] * 2)


@given(MADE)
def test_json_round_trip(sums: Sums) -> None:
    assert plain(Sums.from_json(plain(sums))) == plain(sums)


def test_shapes_must_agree() -> None:
    with pytest.raises(AnalysisError, match="different shapes"):
        _ = Sums({"a": np.zeros(2)}) + Sums({"a": np.zeros(3)})


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_never_reaches_a_message_b26(value: float) -> None:
    with pytest.raises(ValueError, match="not finite"):
        Sums({"a": np.array([value])}).to_json()


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda c: st.lists(c) | st.dictionaries(st.text(), c),
    )
)
def test_no_message_crashes_the_decoder(message: Any) -> None:
    try:
        Sums.from_json(message)
    except AnalysisError as error:
        assert error.code == "BAD_ANSWER"
