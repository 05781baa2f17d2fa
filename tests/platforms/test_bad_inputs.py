"""One bad site of three: the pooled answer, or a code. Ids as in the list of bad inputs."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sites import dataset, split
from v6_clinical.disclosure import Policy
from v6_clinical.errors import CODES
from v6_clinical.platforms import local


def good(k: int) -> pd.DataFrame:
    rng = np.random.default_rng(k)
    return pd.DataFrame(
        {
            "x": rng.integers(0, 50, 60),
            "flag": rng.integers(0, 2, 60),
            "stage": rng.choice(["I", "II", "III"], 60),
        }
    )


def run(third: pd.DataFrame, *columns: str, **more: Any) -> dict[str, Any]:
    policy = more.pop("policy", None)
    arguments = {"columns": list(columns) or ["x", "stage"]} | more
    found = local.run("summary", [good(1), good(2), third], arguments, policy=policy)
    json.dumps(found, allow_nan=False)
    return found


def code(third: pd.DataFrame, *columns: str, **more: Any) -> str:
    found = run(third, *columns, **more)
    assert found["status"] in ("refused", "failed")
    assert {site["organization_id"] for site in found["error"]["sites"]} <= {3}
    return str(found["error"]["code"])


def mean(found: dict[str, Any], name: str = "x") -> float:
    assert found["status"] == "completed", found["error"]
    (row,) = (r for r in found["numeric"] if r["variable"] == name and r["group"] == "all")
    return float(row["mean"])


def pooled(third: pd.DataFrame, name: str = "x") -> float:
    columns = [pd.to_numeric(f[name]).astype(float) for f in (good(1), good(2), third)]
    return float(pd.concat(columns).mean())


def test_missing_column_b01() -> None:
    assert code(good(3).drop(columns="x")) == "COLUMN_MISSING"


@pytest.mark.parametrize("text", ["n/a", "12 mg"])
def test_text_in_a_numeric_column_b02(text: str) -> None:
    frame = good(3).astype({"x": object})
    frame.loc[5, "x"] = text
    assert code(frame) in ("NOT_NUMERIC", "SMALL_CELL", "TOO_MANY_LEVELS")


def test_decimal_commas_b03() -> None:
    frame = good(3).assign(x=[f"{k},5" for k in range(60)])
    assert code(frame) == "NOT_NUMERIC"


def test_constant_column_b04() -> None:
    third = good(3).assign(x=7)
    assert mean(run(third)) == pytest.approx(pooled(third), rel=1e-12)
    everywhere = [good(k).assign(x=7) for k in (1, 2)]
    found = local.run("summary", everywhere, {"columns": ["x"]})["numeric"][0]
    assert (found["mean"], found["sd"], found["skewness"]) == (7, 0, None)


def test_all_missing_at_one_site_b05() -> None:
    for missing in (np.nan, None, pd.NA):
        third = good(3).assign(x=missing)
        assert mean(run(third)) == pytest.approx(pd.concat([good(1), good(2)])["x"].mean())


def test_scattered_missing_values_b06() -> None:
    third = good(3).astype({"x": float})
    third.loc[::3, "x"] = np.nan
    assert mean(run(third)) == pytest.approx(pooled(third), rel=1e-12)


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e300])
def test_infinite_and_absurd_numbers_b07(value: float) -> None:
    third = good(3).astype({"x": float})
    third.loc[0, "x"] = value
    assert code(third) == "NON_FINITE"


def test_level_at_one_site_only_b08() -> None:
    third = good(3).assign(stage=["IV"] * 30 + ["I"] * 30)
    found = run(third, policy=Policy.open())
    counts = {row["level"]: row["count"] for row in found["categorical"]}
    assert counts["IV"] == 30
    assert code(third, levels={"stage": ["I", "II", "III"]}) == "UNKNOWN_LEVEL"


def test_codebook_level_nowhere_b09() -> None:
    found = run(good(3), levels={"stage": ["I", "II", "III", "V"]})
    assert {row["level"]: row["count"] for row in found["categorical"]}["V"] == 0


def test_scales_b14() -> None:
    frames = [good(k).assign(a=lambda f: f["x"] * 1e-6, b=lambda f: f["x"] * 1e9) for k in (1, 2)]
    found = local.run("summary", frames, {"columns": ["a", "b"]}, policy=Policy.open())
    both = pd.concat(frames)
    for name in ("a", "b"):
        assert mean(found, name) == pytest.approx(both[name].mean(), rel=1e-12)


def test_duplicate_names_b15() -> None:
    third = good(3)
    third.insert(0, "x ", 1)
    assert code(third) == "DUPLICATE_COLUMN"


@pytest.mark.parametrize("name", ["a b", "it's", 'a"b', "größe", "__class__", "a,b", "[red]x"])
def test_odd_column_names_b16(name: str) -> None:
    frames = [good(k).rename(columns={"x": name}) for k in (1, 2)]
    found = local.run("summary", frames, {"columns": [name]})
    assert found["numeric"][0]["variable"] == name
    assert (
        local.run("summary", frames, {"columns": ["x" * 10_000]})["error"]["code"] == "BAD_REQUEST"
    )


def test_short_tables_b19() -> None:
    assert code(good(3).iloc[:1]) == "MIN_ROWS"
    assert code(good(3).iloc[:2]) == "MIN_ROWS"
    header = run(good(3).iloc[:0])
    assert header["sites"][2]["status"] == "no_rows"
    assert code(pd.DataFrame()) == "COLUMN_MISSING"


@pytest.mark.parametrize(
    "kind", ["float64", "Int64", "Float64", "int8", "object", "int64[pyarrow]", "boolean"]
)
def test_types_that_differ_by_site_b22(kind: str) -> None:
    third = good(3)
    third["flag"] = third["flag"].astype(kind)
    assert mean(run(third, "flag"), "flag") == pytest.approx(pooled(third, "flag"), rel=1e-12)


def test_int64_with_missing_values_b22() -> None:
    third = good(3).astype({"x": "Int64"})
    third.loc[::4, "x"] = pd.NA
    assert mean(run(third)) == pytest.approx(pooled(third.dropna()), rel=1e-12)


@pytest.mark.parametrize("kind", ["category", "string", "str", "string[pyarrow]", "object"])
def test_text_types_that_differ_by_site_b22(kind: str) -> None:
    third = good(3)
    with pd.option_context("future.infer_string", True):  # the str type of pandas 3
        third["stage"] = third["stage"].astype(kind)
        counts = {r["level"]: r["count"] for r in run(third)["categorical"]}
    expected = pd.concat([good(1), good(2), good(3)])["stage"].value_counts().to_dict()
    assert counts == expected


def test_booleans_are_categories_b22() -> None:
    frames = [good(k).assign(flag=lambda f: f["flag"] == 1) for k in (1, 2)]
    frames[1]["flag"] = frames[1]["flag"].astype("boolean")
    found = local.run("summary", frames, {"columns": ["flag"]})
    assert [row["level"] for row in found["categorical"]] == ["False", "True"]


def test_numbers_as_categories_by_codebook_b22() -> None:
    third = good(3).assign(flag=lambda f: f["flag"].astype(float))
    found = run(third, "flag", levels={"flag": [0, 1]})
    expected = sum(int(f["flag"].sum()) for f in (good(1), good(2), good(3)))
    assert found["categorical"][1]["count"] == expected


@pytest.mark.parametrize("zone", [None, "Europe/Amsterdam"])
def test_dates_b23(zone: str | None) -> None:
    third = good(3).assign(x=pd.date_range("2020-01-01", periods=60, tz=zone))
    assert code(third) == "NOT_NUMERIC"


BAD_ARGUMENTS: list[tuple[str, Any]] = [
    ("columns", []),
    ("columns", "x"),
    ("columns", [1]),
    ("columns", ["x", "x"]),
    ("columns", None),
    ("group_by", 3),
    ("group_by", "x"),
    ("quantiles", [0.5, 2.0]),
    ("quantiles", ["0.5"]),
    ("correlation", "yes"),
    ("levels", {"x": []}),
    ("levels", {"x": [" "]}),
    ("levels", {"y": ["a"]}),
    ("levels", ["x"]),
    ("collapse", {"x": ["a"]}),
    ("on_refusal", "ignore"),
    ("organizations_to_include", []),
    ("organizations_to_include", ["1"]),
    ("colums", ["x"]),
    ("mock_data", [1]),
]


@pytest.mark.parametrize(("name", "value"), BAD_ARGUMENTS, ids=str)
def test_wrong_arguments_name_the_argument_b24(name: str, value: Any) -> None:
    """Before any data are read: the frames here cannot be read at all."""
    frames: Any = [None, None]
    found = local.run("summary", frames, {"columns": ["x"]} | {name: value})
    assert found["status"] == "failed"
    assert found["error"]["code"] == "BAD_REQUEST"
    assert name in found["error"]["message"]
    assert found["error"]["remedy"]


def test_odd_labels_b27() -> None:
    third = good(3).assign(stage=["NA"] * 20 + [""] * 15 + [" "] * 5 + ["I"] * 20)
    found = run(third, "stage")
    rows = {row["level"]: row for row in found["categorical"]}
    assert rows["NA"]["count"] == 20
    assert rows["NA"]["missing"] == 20


@pytest.mark.parametrize("kind", ["object", "category", "string"])
def test_blank_labels_are_missing_in_every_check_b27(kind: str) -> None:
    few = good(3).assign(stage=["I"] * 57 + [" "] * 3).astype({"stage": kind})
    found = run(few, "stage")
    assert found["sites"][2]["n"] is None  # with n the withheld missing count could be worked out
    most = good(3).assign(stage=["I"] * 6 + [""] * 54).astype({"stage": kind})
    assert code(most, "stage") == "MIN_ROWS"


def test_collapse_merges_levels_first() -> None:
    found = run(good(3), "stage", collapse={"stage": {"II-III": ["II", "III"]}})
    counts = {row["level"]: row["count"] for row in found["categorical"]}
    both = pd.concat([good(1), good(2), good(3)])["stage"]
    assert counts == {"I": (both == "I").sum(), "II-III": (both != "I").sum()}


def test_per_site_tables() -> None:
    frames = split(dataset("gbsg2"), "three")
    found = local.run("summary", frames, {"columns": ["age", "horTh"], "per_site": True})
    means = [row["mean"] for row in found["per_site"]["numeric"]]
    assert means == pytest.approx([frame["age"].mean() for frame in frames], rel=1e-12)
    assert {row["organization_id"] for row in found["per_site"]["categorical"]} == {1, 2, 3}


CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.dates(),
    st.binary(max_size=3),
    st.just("canary-737373"),
    st.complex_numbers(),
    st.just(pd.NaT),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(CELLS, min_size=12, max_size=30), st.sampled_from([None, "g"]))
def test_any_column_gives_a_result_or_a_code_fuzz(cells: list[Any], group: str | None) -> None:
    frame = pd.DataFrame({"v": pd.Series(cells, dtype=object)}).assign(
        g=["a", "b"] * 6 + ["a"] * (len(cells) - 12)
    )
    arguments = {"columns": ["v"], "group_by": group}
    found = local.run("summary", [frame, frame], arguments)
    text = json.dumps(found, allow_nan=False)
    if found["status"] != "completed":
        assert found["error"]["code"] in CODES
        assert found["error"]["code"] != "INTERNAL", found["error"]
        assert "canary" not in text
