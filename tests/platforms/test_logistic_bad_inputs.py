"""Logistic regression with one bad site of three: the pooled answer, or a code. Ids as listed."""

import json
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from platforms.helpers import wrapper
from v6_clinical.disclosure import Policy
from v6_clinical.errors import CODES
from v6_clinical.platforms import local
from v6_clinical.version import __version__

N = 120
PREDICTORS = ["age", "bmi", "stage"]
OPEN = Policy.open()


@cache
def _good(k: int) -> pd.DataFrame:
    rng = np.random.default_rng(k)
    age, bmi = rng.normal(60, 10, N), rng.normal(27, 4, N)
    stage = rng.permutation(np.resize(["I", "II", "III"], N))
    risk = 1 / (1 + np.exp(-(0.05 * (age - 60) - 0.1 * (bmi - 27) + 0.5 * (stage == "II"))))
    return pd.DataFrame(
        {
            "y": (rng.random(N) < risk).astype(int),
            "age": age,
            "bmi": bmi,
            "stage": stage,
            "w": rng.uniform(1, 3, N),
            "o": rng.normal(0, 0.3, N),
            "c": np.arange(N) % 30,
        }
    )


def good(k: int) -> pd.DataFrame:
    return _good(k).copy()


def fit(frames: list[pd.DataFrame], policy: Policy | None = None, **more: Any) -> dict[str, Any]:
    arguments = {"outcome": "y", "predictors": PREDICTORS} | more
    arguments = {name: value for name, value in arguments.items() if value is not None}
    found = local.run("logistic", frames, arguments, policy=policy)
    assert json.loads(json.dumps(found, allow_nan=False)) == found  # B26
    return found


def run(third: pd.DataFrame, **more: Any) -> dict[str, Any]:
    return fit([good(1), good(2), third], **more)


def code(third: pd.DataFrame, **more: Any) -> str:
    """Return the code that ends the analysis; no other site than the third is blamed."""
    return ended(run(third, **more), {3})


def ended(found: dict[str, Any], blamed: set[int] | None = None) -> str:
    assert found["status"] in ("refused", "failed"), found["coefficients"]
    assert "coefficients" not in found
    sites = {site["organization_id"] for site in found["error"]["sites"]}
    assert sites <= (blamed or {1, 2, 3})
    assert found["error"]["code"] != "INTERNAL"
    assert found["error"]["remedy"]
    return str(found["error"]["code"])


def numbers(found: dict[str, Any]) -> Any:
    assert found["status"] == "completed", found["error"]
    rows = [[row["estimate"], row["std_error"]] for row in found["coefficients"]]
    return np.array([*np.ravel(rows), found["fit"][0]["log_likelihood"]])


def same(one: dict[str, Any], two: dict[str, Any], rel: float = 1e-9) -> None:
    assert [r["term"] for r in one["coefficients"]] == [r["term"] for r in two["coefficients"]]
    assert numbers(one) == pytest.approx(numbers(two), rel=rel)


def test_missing_column_b01() -> None:
    for name in ("age", "y", "stage"):
        assert code(good(3).drop(columns=name)) == "COLUMN_MISSING"
    for role, name in (("weights", "w"), ("offset", "o"), ("cluster", "c")):
        assert code(good(3).drop(columns=name), **{role: name}) == "COLUMN_MISSING"


@pytest.mark.parametrize("text", ["n/a", "12 mg", "<5"])
@pytest.mark.parametrize("name", ["age", "y", "w", "o"])
def test_text_in_a_numeric_column_b02(text: str, name: str) -> None:
    frame = good(3).astype({name: object})
    frame.loc[5, name] = text
    found = code(frame, weights="w", offset="o")
    assert found == ("BAD_OUTCOME" if name == "y" else "NOT_NUMERIC")


def test_decimal_commas_b03() -> None:
    frame = good(3).assign(age=lambda f: [f"{x:.1f}".replace(".", ",") for x in f["age"]])
    assert code(frame) == "NOT_NUMERIC"


def test_text_at_one_site_where_others_have_numbers_b03() -> None:
    frame = good(3).assign(bmi=lambda f: np.where(f["bmi"] > 27, "high", "low"))
    assert ended(run(frame)) == "NOT_NUMERIC"


def test_constant_column_at_a_site_b04() -> None:
    third = good(3).assign(age=61.0)
    found = run(third)
    pooled = pd.concat([good(1), good(2), third])
    halves = [pooled.iloc[::2], pooled.iloc[1::2]]
    same(found, fit(halves), 1e-7)


def test_constant_column_everywhere_b04() -> None:
    frames = [good(k).assign(age=61.0) for k in (1, 2, 3)]
    found = fit(frames)
    assert ended(found) == "SINGULAR"
    assert "age" in found["error"]["message"]


@pytest.mark.parametrize("name", ["age", "stage", "y"])
def test_all_missing_at_one_site_b05(name: str) -> None:
    for missing in (np.nan, None, pd.NA):
        found = run(good(3).assign(**{name: missing}))
        same(found, fit([good(1), good(2)]))
        assert found["sites"][2]["status"] == "no_rows"
        assert "NO_ROWS" in [warning["code"] for warning in found["warnings"]]


@pytest.mark.parametrize("name", ["age", "stage", "y", "w", "o", "c"])
def test_scattered_missing_values_b06(name: str) -> None:
    third = good(3).astype({name: object})
    third.loc[::3, name] = None
    if name in ("age", "w", "o"):
        third = third.astype({name: float})
    more = {"weights": "w", "offset": "o", "cluster": "c"}
    found = run(third, **more)
    same(found, run(good(3).drop(index=third.index[::3]), **more))
    assert found["sites"][2]["dropped"] == 40


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e300])
@pytest.mark.parametrize("name", ["age", "w", "o"])
def test_infinite_and_absurd_numbers_b07(value: float, name: str) -> None:
    third = good(3)
    third.loc[0, name] = value
    assert code(third, weights="w", offset="o") == "NON_FINITE"
    # as large as may be read: nothing overflows into a crash
    third.loc[:, "age"] = good(3)["age"] * 1e67
    assert ended(run(third, formula="age + I(age**3)", predictors=None))


def test_infinite_outcome_b07() -> None:
    assert code(good(3).astype({"y": float}).replace({"y": {1.0: np.inf}})) in (
        "NON_FINITE",
        "BAD_OUTCOME",
    )


def test_level_at_one_site_only_b08() -> None:
    third = good(3).assign(stage=np.resize(["IV", "I"], N))
    found = run(third)
    pooled = pd.concat([good(1), good(2), third])
    same(found, fit([pooled.iloc[::2], pooled.iloc[1::2]]), 1e-7)
    assert code(third, levels={"stage": ["I", "II", "III"]}) == "UNKNOWN_LEVEL"


def test_codebook_level_nowhere_b09() -> None:
    found = run(good(3), levels={"stage": ["I", "II", "III", "V"]})
    assert ended(found) == "EMPTY_LEVEL"
    assert "stage[T.V]" in found["error"]["message"]
    found = run(good(3), levels={"stage": ["V", "I", "II", "III"]})  # the reference
    assert ended(found) in ("SINGULAR", "EMPTY_LEVEL")


@pytest.mark.parametrize("value", [0, 1])
def test_one_outcome_at_a_site_b10(value: int) -> None:
    third = good(3).assign(y=value)
    pooled = pd.concat([good(1), good(2), third])
    same(run(third), fit([pooled.iloc[::2], pooled.iloc[1::2]]), 1e-7)
    few = good(3).assign(y=(np.arange(N) < 3).astype(int))
    assert code(few) == "SMALL_CELL"


def test_one_outcome_everywhere_b10() -> None:
    for value in (0, 1):
        found = fit([good(k).assign(y=value) for k in (1, 2, 3)])
        assert ended(found) in ("SEPARATION", "COEFFICIENT_RANGE", "NOT_CONVERGED")


def test_complete_separation_b11() -> None:
    frames = [good(k).assign(y=lambda f: (f["age"] > 60).astype(int)) for k in (1, 2, 3)]
    found = fit(frames)
    assert ended(found) in ("SEPARATION", "COEFFICIENT_RANGE")
    assert ended(fit(frames, OPEN)) == "SEPARATION"
    assert len(found["ledger"]) <= 26
    assert fit(frames, ridge=10.0)["status"] == "completed"


def test_quasi_separation_b11() -> None:
    frames = [good(k).assign(flag=np.arange(N) % 3 == 0) for k in (1, 2, 3)]
    for frame in frames:
        frame["y"] = np.where(frame["flag"], 1, frame["y"])
    for policy in (Policy(), OPEN):
        found = fit(frames, policy, predictors=["age", "flag"])
        assert ended(found) == "SEPARATION"
        assert "flag" in found["error"]["message"]
        assert "age" not in found["error"]["message"]


@pytest.mark.parametrize("noise", [0.0, 1e-10])
def test_collinear_columns_b12(noise: float) -> None:
    rng = np.random.default_rng(8)
    frames = [good(k).assign(copy=lambda f: 2 * f["age"] - 7) for k in (1, 2, 3)]
    frames = [f.assign(copy=f["copy"] + noise * rng.normal(size=N)) for f in frames]
    found = fit(frames, predictors=["age", "copy", "bmi"])
    assert ended(found) == "SINGULAR"
    assert "age" in found["error"]["message"]
    assert "copy" in found["error"]["message"]
    assert "bmi" not in found["error"]["message"]


def test_max_rounds_b13() -> None:
    found = run(good(3), max_rounds=2)
    assert ended(found) == "NOT_CONVERGED"
    assert len(found["ledger"]) == 2
    assert "max_rounds" in run(good(3), max_rounds=1)["error"]["message"]


def test_scales_b14() -> None:
    """Units of 1e-6 and 1e9: the same fit in other units."""
    units = {"age": 1e-6, "bmi": 1e9}
    frames = [good(k) for k in (1, 2, 3)]
    other = [f.assign(**{n: f[n] * unit for n, unit in units.items()}) for f in frames]
    one, two = fit(frames), fit(other)
    for row, moved in zip(one["coefficients"], two["coefficients"], strict=True):
        unit = units.get(row["term"], 1.0)
        assert moved["estimate"] * unit == pytest.approx(row["estimate"], rel=1e-9)
        assert moved["std_error"] * unit == pytest.approx(row["std_error"], rel=1e-9)
    assert two["fit"][0]["deviance"] == pytest.approx(one["fit"][0]["deviance"], rel=1e-10)


@pytest.mark.parametrize(("mean", "sd"), [(2015.0, 3.0), (1e6, 1.0), (-1e6, 1.0)])
def test_large_means_b14(mean: float, sd: float) -> None:
    """Years, and a column of mean 1e6 and sd 1: the slope does not depend on the origin."""
    near = [good(k).assign(age=lambda f: ((f["age"] - 60) / 10 * sd).round(6)) for k in (1, 2, 3)]
    far = [f.assign(age=f["age"] + mean) for f in near]
    for one, two in zip(fit(near)["coefficients"], fit(far)["coefficients"], strict=True):
        if one["term"] != "Intercept":
            assert two["estimate"] == pytest.approx(one["estimate"], rel=1e-7)
            assert two["std_error"] == pytest.approx(one["std_error"], rel=1e-8)


def test_an_offset_far_from_zero_b14() -> None:
    """Years as an offset: the intercept takes them up."""
    near = [good(k).assign(o=np.arange(N) % 7 - 3.0) for k in (1, 2, 3)]
    far = [f.assign(o=f["o"] + 2015) for f in near]
    one, two = fit(near, offset="o"), fit(far, offset="o")
    expected = numbers(one)
    expected[0] -= 2015
    assert numbers(two) == pytest.approx(expected, rel=1e-7)
    silent = fit(far, Policy(allow_per_site=False), offset="o")
    assert ended(silent) == "COEFFICIENT_RANGE"


def test_duplicate_names_b15() -> None:
    third = good(3)
    third.insert(0, "age ", 1)
    assert code(third) == "DUPLICATE_COLUMN"
    assert code(good(3).assign(x=1).rename(columns={"x": "y "})) == "DUPLICATE_COLUMN"


NAMES = ["a b", "it's", 'a"b', "größe", "__class__", "a,b", "[red]x", "a:b", "a[T.II]", "x/0", "1"]


@pytest.mark.parametrize("name", NAMES)
def test_odd_column_names_b16(name: str) -> None:
    frames = [good(k).rename(columns={"age": name, "stage": f"{name}s"}) for k in (1, 2, 3)]
    found = fit(frames, predictors=[name, "bmi", f"{name}s"])
    assert numbers(found) == pytest.approx(numbers(run(good(3))), rel=1e-9)
    assert found["coefficients"][1]["term"] == name


def test_names_of_the_intercept_b16() -> None:
    """A column called as the intercept's sums are: refused, never mixed up with it."""
    for name, more in (("Intercept", {}), ("Intercept/0", {"site_effect": True})):
        frames = [good(k).rename(columns={"age": name}) for k in (1, 2, 3)]
        for formula in (f"`{name}` + bmi", f"0 + `{name}` + bmi"):
            if more and formula.startswith("0"):
                continue
            found = fit(frames, predictors=None, formula=formula, **more)
            assert ended(found) == "BAD_REQUEST"
    assert ended(run(good(3), predictors=["x" * 10_000])) == "BAD_REQUEST"


@pytest.mark.parametrize(
    "values",
    [
        lambda y: y.astype(bool),
        lambda y: y.astype("boolean"),
        lambda y: y.astype(float),
        lambda y: y.astype("Int64"),
        lambda y: y.astype(object),
    ],
)
def test_kinds_of_outcome_b18(values: Any) -> None:
    third = good(3)
    third["y"] = values(third["y"])
    same(run(third), run(good(3)))


def test_labelled_outcomes_b18() -> None:
    def labelled(k: int, no: Any, yes: Any) -> pd.DataFrame:
        return good(k).assign(y=lambda f: np.where(f["y"] == 1, yes, no))

    plain = run(good(3))
    text = [labelled(k, "no", "yes") for k in (1, 2, 3)]
    assert ended(fit(text)) == "BAD_OUTCOME"
    same(fit(text, positive="yes"), plain)
    same(fit(text, levels={"y": ["no", "yes"]}), plain)
    codes = [labelled(k, 1, 2) for k in (1, 2, 3)]
    assert ended(fit(codes)) == "BAD_OUTCOME"
    same(fit(codes, levels={"y": [1, 2]}), plain)
    same(fit(codes, positive=2), plain)
    # spelt otherwise at one site: not silently a site without events
    assert code(good(3).assign(y=labelled(3, "No", "Yes")["y"]), positive="1") == "BAD_OUTCOME"
    mixed = [labelled(1, "no", "yes"), labelled(2, "no", "yes"), labelled(3, "No", "Yes")]
    assert ended(fit(mixed, positive="yes"), {3}) == "BAD_OUTCOME"
    assert ended(fit(mixed, levels={"y": ["no", "yes"]}), {3}) == "BAD_OUTCOME"
    assert code(good(3).assign(y=np.arange(N) % 3)) == "BAD_OUTCOME"


def test_short_tables_b19() -> None:
    assert code(good(3).iloc[:1]) == "MIN_ROWS"
    assert code(good(3).iloc[:2]) == "MIN_ROWS"
    header = run(good(3).iloc[:0])
    same(header, fit([good(1), good(2)]))
    assert code(pd.DataFrame()) == "COLUMN_MISSING"
    assert ended(fit([good(k).iloc[:0] for k in (1, 2, 3)])) == "TOO_FEW_SITES"
    assert ended(fit([good(1), good(2).iloc[:0]])) == "TOO_FEW_SITES"


def test_more_parameters_than_rows_b20() -> None:
    wide = [
        good(k)
        .iloc[:30]
        .assign(**{f"x{j}": np.random.default_rng(j + k).normal(size=30) for j in range(40)})
        for k in (1, 2)
    ]
    names = [f"x{j}" for j in range(40)]
    assert ended(fit(wide, predictors=names)) == "TOO_MANY_PARAMETERS"
    open_code = ended(fit([f.iloc[:15] for f in wide], OPEN, predictors=names))
    assert open_code in ("SINGULAR", "SEPARATION", "NOT_CONVERGED", "SMALL_CELL")


def test_no_predictor_b20() -> None:
    found = fit([good(k) for k in (1, 2, 3)], predictors=None, formula="1")
    mean = float(pd.concat([good(k) for k in (1, 2, 3)])["y"].mean())
    assert found["coefficients"][0]["estimate"] == pytest.approx(np.log(mean / (1 - mean)))
    assert found["fit"][0]["lr_statistic"] == pytest.approx(0, abs=1e-8)
    assert ended(run(good(3), predictors=[])) == "BAD_REQUEST"
    assert ended(run(good(3), predictors=None, formula="0")) == "BAD_REQUEST"


def test_everything_tied_b21() -> None:
    frames = [good(k).assign(age=lambda f: (f["age"] > 60) * 1.0) for k in (1, 2, 3)]
    found = fit(frames, predictors=["age"])
    table = pd.crosstab(
        *(pd.concat(frames, ignore_index=True)[name] for name in ("age", "y"))
    ).to_numpy()
    ratio = np.log(table[1, 1] * table[0, 0] / (table[1, 0] * table[0, 1]))
    assert found["coefficients"][1]["estimate"] == pytest.approx(ratio, rel=1e-9)
    same_rows = [pd.concat([good(1).iloc[[0]]] * 60).assign(y=np.arange(60) % 2) for _ in "ab"]
    assert ended(fit(same_rows, predictors=["age", "bmi"])) == "SINGULAR"


@pytest.mark.parametrize(
    "kind", ["float64", "Int64", "Float64", "int16", "object", "int64[pyarrow]"]
)
def test_number_types_that_differ_by_site_b22(kind: str) -> None:
    frames = [good(k).assign(age=lambda f: f["age"].round().astype(int)) for k in (1, 2, 3)]
    plain = fit(frames)
    frames[2]["age"] = frames[2]["age"].astype(kind)
    same(fit(frames), plain)


@pytest.mark.parametrize("kind", ["category", "string", "object", "string[pyarrow]"])
def test_text_types_that_differ_by_site_b22(kind: str) -> None:
    third = good(3)
    third["stage"] = third["stage"].astype(kind)
    same(run(third), run(good(3)))
    third.loc[::4, "stage"] = pd.NA
    same(run(third), run(good(3).drop(index=third.index[::4])))


@pytest.mark.parametrize("kind", [bool, "boolean", int, float])
def test_flags_that_differ_by_site_b22(kind: Any) -> None:
    frames = [good(k).assign(flag=lambda f: f["bmi"] > 27) for k in (1, 2, 3)]
    plain = [f.assign(flag=f["flag"].astype(int)) for f in frames]
    mixed = [*plain[:2], frames[2].assign(flag=frames[2]["flag"].astype(kind))]
    same(fit(mixed, predictors=["age", "flag"]), fit(plain, predictors=["age", "flag"]))


@pytest.mark.parametrize("zone", [None, "Europe/Amsterdam"])
@pytest.mark.parametrize("name", ["age", "y", "w", "o"])
def test_dates_b23(name: str, zone: str | None) -> None:
    third = good(3).assign(**{name: pd.date_range("2020-01-01", periods=N, tz=zone)})
    assert code(third, weights="w", offset="o") in ("NOT_NUMERIC", "BAD_OUTCOME")


WRONG: dict[str, list[Any]] = {
    "outcome": [None, 1, "", ["y"], {"y": 1}, "age"],
    "predictors": ["age", [], [1], ["age", "age"], [None], {"age": 1}, True],
    "formula": [1, "", ["age"], {"a": 1}, True, "age +", "~", "age ~ bmi", "age" * 9_999],
    "levels": [["x"], {"stage": "I"}, {"stage": []}, {"stage": ["I", "I"]}, {"zzz": ["I"]}, 3],
    "collapse": [{"stage": ["I"]}, {"stage": {"x": "I"}}, {"zzz": {"x": ["I"]}}, [1], "x"],
    "reference": ["I", {"stage": 1.5}, {"stage": None}, {"zzz": "I"}, {"y": "1"}, ["stage"]],
    "positive": [1.5, [1], {"a": 1}, ""],
    "weights": [1, "", ["w"], "y", "age", True],
    "offset": [1, "", ["o"], "y", "age", {"o": 1}],
    "cluster": [1, "", ["c"], "y", "age"],
    "robust": [True, "HC2", 0, ["HC0"], "hc0"],
    "ridge": [-1, "1", None, [1], 1e7, True],
    "site_effect": [1, "yes", None, [True]],
    "confidence_level": [95, 1, 0, "0.95", None, -0.5],
    "max_rounds": [0, 1, 101, 2.5, "25", None, True],
    "on_refusal": ["ignore", 1, None, True],
    "organizations_to_include": [[], ["1"], [1.0], 1, [1, 1], [1], [1, 99], "all"],
    "outcom": ["y"],
    "mock_data": [[1]],
    "mock_client": [{"a": 1}],
    "V6C_MIN_ROWS": [1],
}
WRONG_CASES = [(name, value) for name, values in WRONG.items() for value in values]


@pytest.mark.parametrize(("name", "value"), WRONG_CASES, ids=lambda v: str(v)[:30])
def test_wrong_arguments_name_the_argument_b24(name: str, value: Any) -> None:
    """Before any data are read: the frames here cannot be read at all."""
    frames: Any = [None, None, None]
    arguments: dict[str, Any] = {"outcome": "y", "predictors": PREDICTORS} | {name: value}
    if name == "formula":
        del arguments["predictors"]
    if name == "cluster" and value == "c":
        arguments["robust"] = "HC1"
    found = local.run("logistic", frames, arguments)
    assert found["status"] == "failed"
    alone = name == "organizations_to_include" and repr(value) == "[1]"
    expected = "TOO_FEW_SITES" if alone else "BAD_REQUEST"
    assert found["error"]["code"] == expected
    told = found["error"]["message"] + found["error"]["remedy"]
    assert name in told or "The model" in told or expected != "BAD_REQUEST"


def test_every_argument_is_in_the_matrix_b24() -> None:
    from v6_logistic.request import LogisticRequest

    assert set(LogisticRequest.model_fields) <= set(WRONG)


def test_order_of_rows_sites_and_columns_b25() -> None:
    rng = np.random.default_rng(4)
    frames = [good(k) for k in (1, 2, 3)]
    more: dict[str, Any] = {"weights": "w", "offset": "o", "cluster": "c"}
    plain = fit(frames, **more)
    rows = [f.iloc[rng.permutation(N)] for f in frames]
    columns = [f[rng.permutation(f.columns)] for f in frames]
    same(fit(rows, **more), plain, 1e-10)
    same(fit(frames[::-1], **more), plain, 1e-10)
    for one, two in zip(fit(columns, **more)["fit"], plain["fit"], strict=True):
        assert one == two
    turned = {
        r["term"]: r for r in fit(frames, predictors=PREDICTORS[::-1], **more)["coefficients"]
    }
    for row in plain["coefficients"]:
        assert turned[row["term"]]["estimate"] == pytest.approx(row["estimate"], rel=1e-10)
        assert turned[row["term"]]["robust_se"] == pytest.approx(row["robust_se"], rel=1e-10)


def test_strict_json_from_the_wrapper_b26(tmp_path: Path) -> None:
    model = {"terms": [{"factors": [{"kind": "column", "column": "age"}]}], "intercept": True}
    model |= {"levels": {}, "references": {}, "collapse": {}}
    model |= {"weights": None, "offset": None, "cluster": None}
    outcome = {"column": "y", "levels": None, "positive": None}
    arguments = {"model": model, "outcome": outcome, "site_effect": False}
    kwargs = {"version": __version__, "step": "start", "arguments": arguments, "index": 0}
    message = {"method": "logistic_regression_partial", "kwargs": kwargs | {"count": 2}}
    third = good(3)
    third.loc[::3, "age"] = np.nan
    found, done = wrapper(tmp_path, third, message, "v6_logistic")
    text = (tmp_path / "output").read_text()
    assert found["status"] == "ok"
    assert "NaN" not in text
    assert "Infinity" not in text
    assert str(third["age"].max()) not in done.stdout + done.stderr


def test_odd_labels_b27() -> None:
    """The text NA is a level, blank text is missing, at every site alike."""
    names = {"I": "NA", "II": "x y", "III": "[red]"}
    frames = [good(k).assign(stage=lambda f: f["stage"].map(names)) for k in (1, 2, 3)]
    found = fit(frames, levels={"stage": list(names.values())})
    assert numbers(found) == pytest.approx(numbers(run(good(3))), rel=1e-9)
    blank = good(3)
    blank.loc[::4, "stage"] = ["", " ", "\t"] * 10
    same(run(blank), run(good(3).drop(index=blank.index[::4])))
    few = good(3)
    few.loc[:2, "stage"] = " "
    assert code(few) == "SMALL_CELL"  # R4


CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=3),
    st.dates(),
    st.binary(max_size=3),
    st.just("canary-737373"),
    st.complex_numbers(),
    st.lists(st.integers(), max_size=2),
    st.just(pd.NaT),
)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(CELLS, min_size=20, max_size=40),
    st.sampled_from(["y", "age", "stage", "w", "o", "c"]),
    st.booleans(),
)
def test_any_column_gives_a_result_or_a_code_fuzz(cells: list[Any], name: str, lax: bool) -> None:
    third = good(3).iloc[: len(cells)].assign(**{name: pd.Series(cells, dtype=object)})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = run(third, policy=OPEN if lax else None, weights="w", offset="o", cluster="c")
    if found["status"] != "completed":
        assert found["error"]["code"] in CODES
        assert found["error"]["code"] != "INTERNAL", found["error"]
        assert lax or "canary" not in json.dumps(found)  # a level of one row, where allowed
