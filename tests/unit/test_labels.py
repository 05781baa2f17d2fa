"""What a stored value is called as a level, and in which order levels stand."""

from datetime import datetime
from decimal import Decimal
from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from v6_clinical.labels import (
    in_order,
    label_of,
    one_spelling,
    places,
    read_stratum,
    strata_in_order,
    stratum_key,
    stratum_name,
)
from v6_clinical.protocol.request import Request
from v6_clinical.table import labels, select

# R: as.character(x); 1e5 is "1e+05" there, but whole numbers are written out here.
VALUES: list[tuple[Any, str]] = [
    (0.1 * 3, "0.3"),
    (0.1 + 0.2, "0.3"),
    (1 / 3, "0.333333333333333"),
    (2.9999999999999996, "3"),
    (1.0, "1"),
    (-0.0, "0"),
    (1e-5, "1e-05"),
    (100000.0, "100000"),
    (123456.7, "123456.7"),
    (2**53 + 1, "9007199254740993"),
    (np.int8(3), "3"),
    (np.float32(0.1), "0.1"),
    (np.float32(0.1) * np.float32(3), "0.3"),
    (np.float32(16777217), "16777216"),
    (np.float16(0.1), "0.1"),
    (Decimal("1.00"), "1"),
    (Decimal("0.50"), "0.5"),
    (True, "True"),
    (np.False_, "False"),
    ("1.0", "1.0"),
    (" b", " b"),
    (datetime(2020, 1, 2), "2020-01-02"),
    (pd.Timestamp("2020-01-02 03:04:05"), "2020-01-02 03:04:05"),
]


@pytest.mark.parametrize(("value", "expected"), VALUES)
def test_a_value_has_one_label(value: Any, expected: str) -> None:
    assert label_of(value) == expected


WHOLE = [1, 2, 2, 10, 1]
STORED: dict[str, Any] = {
    "int": np.array(WHOLE, dtype=np.int16),
    "float": np.array(WHOLE, dtype=np.float64),
    "single": np.array(WHOLE, dtype=np.float32),
    "Int64": pd.array(WHOLE, dtype="Int64"),
    "Float32": pd.array(WHOLE, dtype="Float32"),
    "object": np.array([1, 2.0, Decimal("2.0"), np.float32(10), "1"], dtype=object),
    "category": pd.Categorical(WHOLE),
    "category of text": pd.Categorical([str(value) for value in WHOLE]),
    "text": np.array([str(value) for value in WHOLE], dtype=object),
    "str": pd.array([str(value) for value in WHOLE], dtype="string"),
    "arrow int": pd.array(WHOLE, dtype="int32[pyarrow]"),
    "arrow float": pd.array(WHOLE, dtype="float[pyarrow]"),
    "arrow text": pd.array([str(value) for value in WHOLE], dtype="string[pyarrow]"),
}


@pytest.mark.parametrize("stored", STORED)
def test_whole_numbers_are_the_same_levels_in_whatever_type(stored: str) -> None:
    found = labels(pd.Series(STORED[stored]))
    assert [found.levels[code] for code in found.codes] == [str(value) for value in WHOLE]


@pytest.mark.parametrize(
    "dtype", ["float32", "float64", "Float32", "float[pyarrow]", "double[pyarrow]", "object"]
)
def test_decimals_are_the_same_levels_in_single_and_double_precision(dtype: str) -> None:
    column = pd.Series([0.1, 0.2, 0.1 * 3, 1.0]).astype(dtype)
    for stored in (column, column.astype("category")):
        found = labels(stored)
        assert [found.levels[code] for code in found.codes] == ["0.1", "0.2", "0.3", "1"]


@pytest.mark.parametrize("order", list(permutations([True, 0, 1, False])))
def test_true_beside_1_in_one_column_is_1_in_whatever_order(order: tuple[Any, ...]) -> None:
    """R: c(TRUE, 0) is 1 0."""
    frame = pd.DataFrame({"x": pd.Series(order, dtype=object)})
    found = labels(select(frame, ["x"])["x"])
    assert [found.levels[code] for code in found.codes] == [str(int(value)) for value in order]


def test_true_beside_words_stays_a_word() -> None:
    """R: c(TRUE, "unknown") is "TRUE" "unknown"."""
    frame = pd.DataFrame({"x": pd.Series([True, "unknown", False, None], dtype=object)})
    assert labels(select(frame, ["x"])["x"]).levels == ("False", "True", "unknown")


# R 4.2 with ICU: icuSetCollate(locale = "en_US"); sort(x)
SORTED = [
    ["<=20", ">50", "20-50"],
    ["autosomal", "X-linked"],
    ["a b", "a-b", "ab", "aB", "Ab", "abc"],
    ["10 mg", "2 mg"],
    ["_", "-", "(", "/", "+", "<", "$", "0", "a", "A", "e", "E", "é", "É", "f"],
    ["e", "é", "Ea", "éb"],
    ["strasse", "Straße", "straßen"],
]


@pytest.mark.parametrize("expected", SORTED)
def test_text_is_in_the_order_of_r_s_locale(expected: list[str]) -> None:
    assert in_order(sorted(expected)) == expected
    assert in_order(reversed(expected)) == expected


def test_numbers_are_in_their_own_order() -> None:
    """R: levels(factor(c(10, 2, -8, -10, .5)))."""
    assert in_order(["10", "2", "-8", "-10", "0.5", "1e-05"]) == [
        *("-10", "-8", "1e-05", "0.5", "2", "10")
    ]
    assert in_order(["10", "2", "x"]) == ["10", "2", "x"]


@pytest.mark.parametrize(
    ("found", "agreed", "expected"),
    [
        (["a", "c"], ["a", "b"], [0, -1]),
        (["False", "True"], ["0", "1"], [0, 1]),
        (["0", "1"], ["false", "TRUE"], [0, 1]),
        (["1.0", "2.00"], ["1", "2"], [0, 1]),
        (["0", "0.5"], ["0.0", "0.5"], [0, 1]),
        (["1.10"], ["1.1"], [-1]),  # versions, and codes of diseases
        (["1", "1.0"], ["1"], [0, -1]),  # the site tells them apart
        (["1.0"], ["1", "1.00"], [-1]),
        (["1.0"], ["1", "1.0"], [1]),
        (["yes"], ["1"], [-1]),
    ],
)
def test_a_site_reads_its_levels_in_the_codebook_s_words(
    found: list[str], agreed: list[str], expected: list[int]
) -> None:
    assert places(found, agreed) == expected


def test_one_number_or_truth_value_spelt_twice_is_noticed() -> None:
    assert one_spelling(["1", "2", "1.5", "a", "A"])
    for twice in (["1", "1.0"], ["1", "True"], ["true", "TRUE"], ["0.5", "0.50"], ["1e1", "10"]):
        assert not one_spelling(twice)


LABEL = st.text('aB1/~,=" ', min_size=1, max_size=4)


@given(st.lists(st.lists(LABEL, min_size=2, max_size=2), min_size=2, max_size=8))
def test_strata_have_one_key_and_one_name_each(strata: list[list[str]]) -> None:
    different = {tuple(stratum) for stratum in strata}
    assert {read_stratum(stratum_key(stratum)) for stratum in strata} == different
    assert len({stratum_name(["a", "b"], stratum) for stratum in strata}) == len(different)
    assert set(strata_in_order(strata)) == different


def test_strata_are_called_as_r_calls_them() -> None:
    """R: levels(strata(stage, grade)); one column's label stands alone, as it always did."""
    assert stratum_name(["stage", "grade"], ["1", "2/3"]) == "stage=1, grade=2/3"
    assert stratum_name(["stage"], ["1/2"]) == "1/2"
    assert (stratum_name([], []), stratum_key([]), read_stratum("")) == ("", "", ())
    assert strata_in_order([("10", "b"), ("2", "a"), ("2", "B")]) == [
        *(("2", "a"), ("2", "B"), ("10", "b"))
    ]


def test_a_request_s_labels_go_through_the_same_function() -> None:
    asked = Request.model_validate(
        {"levels": {"x": [0, 0.5, True, 0.1 * 3]}, "collapse": {"x": {"0.5": [0.1 + 0.2, 1.0]}}}
    )
    assert asked.levels == {"x": ["0", "0.5", "True", "0.3"]}
    assert asked.collapse == {"x": {"0.5": ["0.3", "1"]}}
