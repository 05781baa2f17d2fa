"""Layouts: names, shapes and labels without numbers; sums laid out in a row and taken up again."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from v6_clinical.errors import AnalysisError, RefusalError
from v6_clinical.protocol.form import Form, Noise
from v6_clinical.protocol.layout import Layout, additive, laid_out, settled, sizes, taken_up
from v6_clinical.protocol.sums import Sums

COUNTS = frozenset({"rows", "level"})
NAMES = st.sampled_from(["a", "b/0", "b/1", "rows", "level/x", "c"])
VALUES = st.floats(-1e6, 1e6)
WHOLE = st.integers(0, 10**6).map(float)


def kind_of(name: str) -> str:
    return {"b/0": "form", "b/1": "form", "level/x": "tally", "c": "tally"}.get(name, "array")


@st.composite
def sums(draw: st.DrawFn) -> Sums:
    """Draw a site's sums: what a name is, and the shape of arrays, are the same at all sites."""
    found: dict[str, dict[str, Any]] = {"array": {}, "tally": {}, "form": {}}
    for name in draw(st.sets(NAMES)):
        numbers = WHOLE if name.split("/")[0] in COUNTS else VALUES
        kind = kind_of(name)
        if kind == "array":
            found[kind][name] = np.array(draw(st.lists(numbers, min_size=6, max_size=6)))
            found[kind][name] = found[kind][name].reshape(2, 3)
            continue
        labels = draw(st.lists(st.sampled_from("uvwxyz"), unique=True, max_size=4))
        if kind == "tally":
            found[kind][name] = {label: draw(numbers) for label in labels}
        else:
            q = len(labels)
            half = np.triu(
                np.array(draw(st.lists(numbers, min_size=q * q, max_size=q * q))).reshape(q, q)
            )
            found[kind][name] = Form(tuple(labels), half + np.triu(half, 1).T)
    return Sums(found["array"], found["tally"], found["form"])


def same(one: Sums, other: Sums) -> bool:
    return json.dumps(one.to_json(), sort_keys=True) == json.dumps(other.to_json(), sort_keys=True)


@given(st.lists(sums(), min_size=1, max_size=4))
def test_rows_of_numbers_add_as_sums_do(parts: list[Sums]) -> None:
    """Whatever each site lacks: in the union of the layouts it is 0 there."""
    union = Layout.union([Layout.of(part) for part in parts])
    rows = [laid_out(part, union, COUNTS) for part in parts]
    assert {(len(real), len(whole)) for real, whole in rows} == {sizes(union, COUNTS)}
    real, whole = (np.sum([row[k] for row in rows], axis=0) for k in (0, 1))
    found, total = taken_up(real, whole, union, COUNTS), Sums.total(parts)
    assert Layout.of(found) == Layout.of(total) == union
    rest = laid_out(total, union, COUNTS)
    assert np.allclose(real, rest[0], rtol=1e-12, atol=1e-9)
    assert (whole == rest[1]).all()


@given(sums())
def test_there_and_back(one: Sums) -> None:
    layout = Layout.of(one)
    assert same(taken_up(*laid_out(one, layout, COUNTS), layout, COUNTS), Sums.total([one]))
    assert Layout.from_json(json.loads(json.dumps(layout.to_json()))) == layout
    assert layout.counts() == one.counts()


@given(sums(), sums())
def test_a_union_holds_its_parts(one: Sums, other: Sums) -> None:
    mine, theirs = Layout.of(one), Layout.of(other)
    union = Layout.union([mine, theirs])
    assert union == Layout.union([theirs, mine]) or mine.forms != theirs.forms
    assert union.holds(mine)
    assert union.holds(theirs)
    assert mine.holds(theirs) == (Layout.union([mine, theirs]).counts() == mine.counts())
    assert not Layout().holds(mine) or not mine.counts()


SITE = Sums(
    {"rows": np.array([63.0, 0.0])},
    {"level/x": {"no": 1.0}},
    {"information": Form(("a", "b"), np.array([[4.0, 1.0], [1.0, 9.0]]))},
    {"information": Noise(0.25, 0.125), "rows": Noise()},
)


def test_what_is_told_of_noise_adds() -> None:
    found = additive(SITE)
    assert not found.noise
    assert found.arrays["told/information"].tolist() == [0.0625, 0.015625]
    assert (
        found.forms["noise/information"].values == 0.0625 * SITE.forms["information"].values
    ).all()
    assert "told/rows" not in found.arrays
    total, clear = settled(Sums.total([found])), Sums.total([SITE])
    assert same(total, clear)
    three = settled(Sums.total([found] * 3))
    assert three["noise/information"] == pytest.approx(np.sqrt(3) * np.array([0.25, 0.125]))
    twice = Sums.total([SITE] * 3).forms["noise/information"]
    assert (three.forms["noise/information"].values == twice.values).all()


@pytest.mark.parametrize("value", [0.5, -1.0, 2.0**53, np.nan])
def test_a_count_that_is_none_does_not_leave(value: float) -> None:
    wrong = Sums({"rows": np.array([value])})
    with pytest.raises(RefusalError) as caught:
        laid_out(wrong, Layout.of(wrong), COUNTS)
    assert caught.value.code == "INTERNAL"


def test_arrays_of_two_shapes_have_no_union() -> None:
    parts = [Layout.of(Sums({"a": np.zeros(k)})) for k in (2, 3)]
    with pytest.raises(AnalysisError) as caught:
        Layout.union(parts)
    assert caught.value.code == "BAD_ANSWER"
    assert not parts[0].holds(parts[1])


GOOD = Layout.of(SITE).to_json()
BAD: list[Any] = [
    None,
    [],
    "layout",
    {},
    GOOD | {"more": {}},
    {name: part for name, part in GOOD.items() if name != "forms"},
    GOOD | {"arrays": []},
    GOOD | {"arrays": {"rows": 2}},
    GOOD | {"arrays": {"rows": [-1]}},
    GOOD | {"arrays": {"rows": [2.0]}},
    GOOD | {"arrays": {"rows": [True]}},
    GOOD | {"arrays": {"rows": [10**9]}},
    GOOD | {"arrays": {"information": [2]}},
    GOOD | {"arrays": {f"n{k}": [1] for k in range(7000)}},
    GOOD | {"tallies": {"level/x": "no"}},
    GOOD | {"tallies": {"level/x": [1]}},
    GOOD | {"tallies": {"level/x": ["no", "no"]}},
    GOOD | {"tallies": {"level/x": ["yes", "no"]}},
    GOOD | {"forms": {"information": ["a", "a"]}},
    GOOD | {"forms": {"information": [f"c{k}" for k in range(5000)]}},
    GOOD | {"forms": {"information": None}},
]


@pytest.mark.parametrize("message", BAD, ids=range(len(BAD)))
def test_what_is_no_layout_is_refused(message: Any) -> None:
    with pytest.raises(AnalysisError) as caught:
        Layout.from_json(message)
    assert caught.value.code == "BAD_ANSWER"
