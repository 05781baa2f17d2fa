"""What a site accepts as terms: the closed list, whoever sent it."""

import contextlib
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.formulas import CASES
from v6_clinical.model.errors import FormulaError
from v6_clinical.model.factors import Affine
from v6_clinical.model.formula import parse
from v6_clinical.model.moments import Moments, needs_moments, resolve
from v6_clinical.model.terms import from_json, to_json


@pytest.mark.parametrize("formula", [case[0] for case in CASES])
def test_json_round_trip(formula: str) -> None:
    """Terms survive strict JSON, before and after pooled moments are filled in."""
    parsed = parse(formula).terms
    for terms in (parsed, resolve(parsed, dict.fromkeys(needs_moments(parsed), Moments(27, 5.1)))):
        if any(isinstance(factor, Affine) for term in terms for factor in term.factors):
            with pytest.raises(FormulaError, match="change of unit"):
                to_json(terms)
            continue
        text = json.dumps(to_json(terms), allow_nan=False)
        assert from_json(json.loads(text)) == terms


def spline(**changes: Any) -> dict[str, Any]:
    """Return a resolved spline as a message, changed."""
    whole = {
        "kind": "spline",
        "column": "x",
        "basis": "ns",
        "df": 2,
        "step": 0.0625,
        "placed": [-2.0, 0.0, 2.0],
    }
    return whole | changes


COLUMN = {"kind": "column", "column": "x"}
BAD_FACTORS: list[object] = [
    {},
    {"kind": "column"},
    {"kind": "eval", "column": "x"},
    {"kind": "column", "column": 1},
    {"kind": "column", "column": ""},
    {"kind": "column", "column": " "},
    {"kind": "column", "column": "a" * 201},
    {"kind": "column", "column": "x", "extra": 1},
    {"kind": "category", "column": "x", "reference": 1},
    {"kind": "function", "function": "exp", "column": "x"},
    {"kind": "power", "column": "x", "exponent": 4},
    {"kind": "power", "column": "x", "exponent": True},
    {"kind": "scale", "column": "x", "mean": float("nan"), "sd": 1.0},
    {"kind": "scale", "column": "x", "mean": 0.0, "sd": 0.0},
    {"kind": "scale", "column": "x", "mean": 0.0, "sd": float("inf")},
    {"kind": "scale", "column": "x", "mean": True, "sd": 1.0},
    {"kind": "scale", "column": "x", "mean": "0", "sd": 1.0},
    {"kind": "affine", "column": "x", "factor": 2.0, "shift": 0.0, "text": "I(2 * x)"},
    spline(basis="cs"),
    spline(df=True),
    spline(df=2.0),
    spline(df=50),
    spline(df=None),
    spline(knots=[0.0]),
    spline(df=None, knots=[float("nan")]),
    spline(df=None, knots=[2.0, 1.0]),
    spline(df=None, knots=list(range(50))),
    spline(placed=[-2.0, 2.0, 0.0]),
    spline(placed=[-2.0, 0.05, 2.0]),
    spline(placed=[-2.0, 1e-9, 2.0]),
    spline(placed=[-1.99, 0.01, 2.01]),
    spline(placed=[-0.125, 0.0, 2.0]),
    spline(placed=[-2.0, 2.0]),
    spline(placed=[-2.0, 0.0, float("inf")]),
    spline(placed=None),
    spline(step=None),
    spline(step=0.0),
    spline(step=-0.0625),
    spline(step=float("nan")),
    spline(step=float("inf")),
    spline(step=True),
    spline(step="0.0625"),
    spline(step=0.1, placed=[-2.0, 0.0, 2.0]),
    spline(step=0.1, placed=[-20 * 0.1, 0.0, 20 * 0.1]),
    spline(step=math.nextafter(0.0625, 1.0)),
    spline(step=2.0**-40),
    spline(step=2.0**-201, placed=[-(2.0**-190), 0.0, 2.0**-190]),
    spline(step=2.0**201, placed=[-(2.0**210), 0.0, 2.0**210]),
    spline(mean=0.01),
    spline(mean=0.0, sd=1.0),
    "x",
    None,
    1,
]


@pytest.mark.parametrize("factor", BAD_FACTORS, ids=repr)
def test_bad_factors_are_refused(factor: object) -> None:
    """Unknown kinds, wrong types, numbers that are not finite, knots off their grid."""
    with pytest.raises(FormulaError) as caught:
        from_json([{"factors": [factor]}])
    assert "terms" in str(caught.value) or "unit" in str(caught.value)


def test_the_pattern_of_a_good_spline() -> None:
    """What the bad ones above differ from."""
    for good in (spline(), spline(step=2.0**-39), spline(placed=[-0.1875, 0.0, 0.1875])):
        assert from_json([{"factors": [good]}])[0].label == "ns(x, df=2)"


@pytest.mark.parametrize(
    "message",
    [
        None,
        {},
        "terms",
        [[]],
        [{"factors": []}],
        [{"factors": [COLUMN, COLUMN]}],
        [{"factors": [COLUMN]}, {"factors": [COLUMN]}],
        [{"factors": [COLUMN], "weight": 1}],
        [{"factors": [{"kind": "column", "column": str(i)} for i in range(7)]}],
        [{"factors": [{"kind": "column", "column": str(i)}]} for i in range(201)],
    ],
)
def test_bad_messages_are_refused(message: object) -> None:
    """Other shapes, doubles, too much of it."""
    with pytest.raises(FormulaError):
        from_json(message)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8) | st.just("column"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["kind", "column", "factors", "df", "step", "placed", "basis"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_fuzz(message: object) -> None:
    """Any JSON at all: terms, or a FormulaError."""
    with contextlib.suppress(FormulaError):
        from_json(message)
