"""Bad inputs that are the summary's own; those that all analyses meet: test_matrix.py."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.policies import EXACT
from helpers.summary_cases import dataset, split
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
    policy = more.pop("policy", EXACT)
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


RARE = {
    "RARE_VALUE": lambda n: np.r_[[1.0] * 3, np.zeros(n - 3)],
    "DOMINANT_ROW": lambda n: np.r_[1e6, np.arange(n - 1) % 7],
    "MIN_ROWS": lambda n: np.r_[np.arange(5.0), np.full(n - 5, np.nan)],
    "RARE_LEVEL": lambda n: np.array(["rare"] * 3 + ["often"] * (n - 3)),
    "TOO_MANY_LEVELS": lambda n: np.array([f"name {k}" for k in range(n)]),
}


@pytest.mark.parametrize("where", [0, 2])
@pytest.mark.parametrize("cause", RARE)
def test_one_rare_column_is_withheld_and_not_the_table(cause: str, where: int) -> None:
    """Null in every table, with its name and the cause; the others are as without it."""
    numeric = cause not in ("RARE_LEVEL", "TOO_MANY_LEVELS")
    frames = [good(k) for k in (1, 2, 3)]
    for frame in frames:
        frame["rare"] = frame["x"] if numeric else frame["stage"].map({"I": "often"})
    frames[where]["rare"] = RARE[cause](60)
    arguments = {"correlation": True, "per_site": True, "group_by": "stage"}
    found, without = (
        local.run("summary", frames, {"columns": columns} | arguments, policy=EXACT)
        for columns in (["x", "rare", "flag"], ["x", "flag"])
    )
    assert found["status"] == "completed", found["error"]
    (warning,) = [w for w in found["warnings"] if w["code"] == "COLUMN_WITHHELD"]
    assert "'rare'" in warning["message"]
    assert cause in warning["message"]
    for name in ("numeric", "categorical", "comparison"):
        others = [row for row in found[name] if row["variable"] != "rare"]
        assert others == without[name]
    own = [row for t in ("numeric", "categorical") for row in found[t] if row["variable"] == "rare"]
    named = ("variable", "group", "level", "suppressed")
    assert own
    assert all(row[key] is None for row in own for key in row if key not in named)
    tests = [row for row in found["comparison"] if row["variable"] == "rare"]
    assert tests
    assert all(row[key] is None for row in tests for key in row if key not in ("variable", "test"))
    if numeric:
        assert found["histogram"]["rare"]["count"] == []
        pairs = [
            row for row in found["correlation"] if "rare" in (row["variable_1"], row["variable_2"])
        ]
        assert [(row["n"], row["r"]) for row in pairs] == [(None, None)] * 2
    assert [row["variable"] for row in found["per_site"]["numeric"]] == ["x", "flag"] * 3


def test_where_nothing_is_left_the_sites_refuse() -> None:
    """A site that would withhold all refuses, and may be excluded; so may a rare group."""
    third = good(3).assign(rare=RARE["RARE_VALUE"](60))
    frames = [good(k).assign(rare=good(k)["x"]) for k in (1, 2)] + [third]
    found = local.run("summary", frames, {"columns": ["rare"]})
    assert found["error"]["code"] == "RARE_VALUE"
    assert [site["organization_id"] for site in found["error"]["sites"]] == [3]
    left = local.run("summary", frames, {"columns": ["rare"], "on_refusal": "exclude"})
    assert left["status"] == "completed"
    third["arm"] = RARE["RARE_LEVEL"](60)
    grouped = [frame.assign(arm=["often", "else"] * 30) for frame in frames[:2]] + [third]
    found = local.run("summary", grouped, {"columns": ["x"], "group_by": "arm"})
    assert found["error"]["code"] == "RARE_LEVEL"
    one, two = good(1).assign(a=RARE["RARE_VALUE"](60)), good(2).assign(b=RARE["DOMINANT_ROW"](60))
    one["b"], two["a"] = one["x"], two["x"]
    found = local.run("summary", [one, two], {"columns": ["a", "b"]})
    assert found["status"] == "failed"
    assert "'a'" in found["error"]["message"] and "'b'" in found["error"]["message"]  # noqa: PT018


@pytest.mark.parametrize(
    "kind", ["float64", "Int64", "Float64", "int8", "object", "int64[pyarrow]", "boolean"]
)
def test_types_that_differ_by_site_B22(kind: str) -> None:
    third = good(3)
    third["flag"] = third["flag"].astype(kind)
    assert mean(run(third, "flag"), "flag") == pytest.approx(pooled(third, "flag"), rel=1e-12)


@pytest.mark.parametrize("kind", ["category", "string", "str", "string[pyarrow]", "object"])
def test_text_types_that_differ_by_site_B22(kind: str) -> None:
    third = good(3)
    with pd.option_context("future.infer_string", True):  # the str type of pandas 3
        third["stage"] = third["stage"].astype(kind)
        counts = {r["level"]: r["count"] for r in run(third)["categorical"]}
    expected = pd.concat([good(1), good(2), good(3)])["stage"].value_counts().to_dict()
    assert counts == expected


def test_booleans_are_categories_B22() -> None:
    frames = [good(k).assign(flag=lambda f: f["flag"] == 1) for k in (1, 2)]
    frames[1]["flag"] = frames[1]["flag"].astype("boolean")
    found = local.run("summary", frames, {"columns": ["flag"]})
    assert [row["level"] for row in found["categorical"]] == ["False", "True"]


def test_numbers_as_categories_by_codebook_B22() -> None:
    third = good(3).assign(flag=lambda f: f["flag"].astype(float))
    found = run(third, "flag", levels={"flag": [0, 1]})
    expected = sum(int(f["flag"].sum()) for f in (good(1), good(2), good(3)))
    assert found["categorical"][1]["count"] == expected


def test_odd_labels_B27() -> None:
    third = good(3).assign(stage=["NA"] * 20 + [""] * 15 + [" "] * 5 + ["I"] * 20)
    found = run(third, "stage")
    rows = {row["level"]: row for row in found["categorical"]}
    assert rows["NA"]["count"] == 20
    assert rows["NA"]["missing"] == 20


@pytest.mark.parametrize("kind", ["object", "category", "string"])
def test_blank_labels_are_missing_in_every_check_B27(kind: str) -> None:
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
    found = local.run(
        "summary", frames, {"columns": ["age", "horTh"], "per_site": True}, policy=EXACT
    )
    means = [row["mean"] for row in found["per_site"]["numeric"]]
    assert means == pytest.approx([frame["age"].mean() for frame in frames], rel=1e-12)
    assert {row["organization_id"] for row in found["per_site"]["categorical"]} == {1, 2, 3}


def test_more_quantiles_than_a_site_answers_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Intervals are wider then, and as certain."""
    rng = np.random.default_rng(4)
    frames = [pd.DataFrame(rng.normal(size=(9_000, 2)), columns=["a", "b"]) for _ in range(2)]
    whole = local.run("summary", frames, {"columns": ["a", "b"]}, policy=EXACT)
    monkeypatch.setattr("v6_summary.questions.MOST_CURVES", 1)
    found = local.run("summary", frames, {"columns": ["a", "b"]}, policy=EXACT)
    assert found["status"] == "completed"
    for ours, full in zip(found["numeric"], whole["numeric"], strict=True):
        assert (
            ours["median_low"] <= full["median_low"] <= full["median_high"] <= ours["median_high"]
        )
    assert found["numeric"] != whole["numeric"]
