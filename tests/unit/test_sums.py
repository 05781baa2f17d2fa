"""Sums add in any order and grouping, travel as strict JSON, and are read without trust."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from v6_clinical.errors import AnalysisError
from v6_clinical.protocol.sums import Sums

NUMBERS = st.integers(-(2**40), 2**40).map(float)  # whole numbers add exactly
MADE = st.builds(
    Sums,
    st.dictionaries(
        st.sampled_from("abc"), st.lists(NUMBERS, min_size=2, max_size=2).map(np.array)
    ),
    st.dictionaries(st.sampled_from("de"), st.dictionaries(st.sampled_from("xyz"), NUMBERS)),
)


def plain(sums: Sums) -> Any:
    made = sums.to_json()
    return json.loads(json.dumps(made, allow_nan=False, sort_keys=True))


@given(MADE, MADE, MADE)
def test_addition_is_associative_commutative_and_has_a_zero(a: Sums, b: Sums, c: Sums) -> None:
    assert plain((a + b) + c) == plain(a + (b + c))
    assert plain(a + b) == plain(b + a)
    assert plain(a + Sums()) == plain(a)


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
