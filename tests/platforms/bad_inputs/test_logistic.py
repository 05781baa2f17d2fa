"""Bad inputs that are logistic regression's own; those that all analyses meet: test_matrix.py."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers import three_sites
from helpers.policies import EXACT, exact
from helpers.three_sites import OPEN, N, good
from v6_clinical.disclosure import Policy

PREDICTORS = three_sites.REQUESTS["logistic"]["predictors"]


def fit(frames: list[pd.DataFrame], policy: Policy | None = None, **more: Any) -> dict[str, Any]:
    return three_sites.run("logistic", frames, policy, **more)


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


def test_text_at_one_site_where_others_have_numbers_B03() -> None:
    frame = good(3).assign(bmi=lambda f: np.where(f["bmi"] > 27, "high", "low"))
    assert ended(run(frame)) == "NOT_NUMERIC"


@pytest.mark.parametrize("name", ["age", "stage", "y", "w", "o", "c"])
def test_scattered_missing_values_B06(name: str) -> None:
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
def test_infinite_and_absurd_numbers_B07(value: float, name: str) -> None:
    third = good(3)
    third.loc[0, name] = value
    assert code(third, weights="w", offset="o") == "NON_FINITE"
    # as large as may be read: nothing overflows into a crash
    third.loc[:, "age"] = good(3)["age"] * 1e67
    assert ended(run(third, formula="age + I(age**3)", predictors=None))


def test_codebook_level_nowhere_B09() -> None:
    found = run(good(3), levels={"stage": ["I", "II", "III", "V"]})
    assert ended(found) == "EMPTY_LEVEL"
    assert "stage[T.V]" in found["error"]["message"]
    found = run(good(3), levels={"stage": ["V", "I", "II", "III"]})  # the reference
    assert ended(found) in ("SINGULAR", "EMPTY_LEVEL")


@pytest.mark.parametrize("value", [0, 1])
def test_one_outcome_at_a_site_B10(value: int) -> None:
    third = good(3).assign(y=value)
    pooled = pd.concat([good(1), good(2), third])
    same(run(third), fit([pooled.iloc[::2], pooled.iloc[1::2]]), 1e-7)
    few = good(3).assign(y=(np.arange(N) < 3).astype(int))
    assert code(few) == "FEW_EVENTS"


@pytest.mark.parametrize("more", [{}, {"weights": "w", "offset": "o"}, {"site_effect": True}])
@pytest.mark.parametrize("limits", [EXACT, OPEN], ids=["shipped", "open"])
@pytest.mark.parametrize(("value", "said"), [(0, "No row has"), (1, "Every row has")])
def test_one_outcome_everywhere_B10(
    value: int, said: str, limits: Policy, more: dict[str, Any]
) -> None:
    found = fit([good(k).assign(y=value) for k in (1, 2, 3)], limits, **more)
    assert ended(found) == "BAD_OUTCOME"
    assert found["error"]["message"].startswith(f"{said} the outcome 'y'")


def test_complete_separation_B11() -> None:
    frames = [good(k).assign(y=lambda f: (f["age"] > 60).astype(int)) for k in (1, 2, 3)]
    found = fit(frames)
    assert ended(found) in ("SEPARATION", "COEFFICIENT_RANGE")
    assert ended(fit(frames, OPEN)) == "SEPARATION"
    assert len(found["ledger"]) <= 26
    assert fit(frames, ridge=10.0)["status"] == "completed"


def test_quasi_separation_B11() -> None:
    frames = [good(k).assign(flag=np.arange(N) % 3 == 0) for k in (1, 2, 3)]
    for frame in frames:
        frame["y"] = np.where(frame["flag"], 1, frame["y"])
    for policy in (EXACT, OPEN):
        found = fit(frames, policy, predictors=["age", "flag"])
        assert ended(found) == "SEPARATION"
        assert "flag" in found["error"]["message"]
        assert "age" not in found["error"]["message"]


@pytest.mark.parametrize("noise", [0.0, 1e-10])
def test_collinear_columns_B12(noise: float) -> None:
    rng = np.random.default_rng(8)
    frames = [good(k).assign(copy=lambda f: 2 * f["age"] - 7) for k in (1, 2, 3)]
    frames = [f.assign(copy=f["copy"] + noise * rng.normal(size=N)) for f in frames]
    found = fit(frames, predictors=["age", "copy", "bmi"])
    assert ended(found) == "SINGULAR"
    assert "age" in found["error"]["message"]
    assert "copy" in found["error"]["message"]
    assert "bmi" not in found["error"]["message"]


def test_max_rounds_B13() -> None:
    found = run(good(3), max_rounds=2)
    assert ended(found) == "NOT_CONVERGED"
    assert len(found["ledger"]) == 2
    assert "max_rounds" in run(good(3), max_rounds=1)["error"]["message"]


@pytest.mark.parametrize(("mean", "sd"), [(2015.0, 3.0), (1e6, 1.0), (-1e6, 1.0)])
def test_large_means_B14(mean: float, sd: float) -> None:
    """Years, and a column of mean 1e6 and sd 1: the slope does not depend on the origin."""
    near = [good(k).assign(age=lambda f: ((f["age"] - 60) / 10 * sd).round(6)) for k in (1, 2, 3)]
    far = [f.assign(age=f["age"] + mean) for f in near]
    for one, two in zip(fit(near)["coefficients"], fit(far)["coefficients"], strict=True):
        if one["term"] != "Intercept":
            assert two["estimate"] == pytest.approx(one["estimate"], rel=1e-7)
            assert two["std_error"] == pytest.approx(one["std_error"], rel=1e-8)


def test_an_offset_far_from_zero_B14() -> None:
    """Years as an offset: the intercept takes them up."""
    near = [good(k).assign(o=np.arange(N) % 7 - 3.0) for k in (1, 2, 3)]
    far = [f.assign(o=f["o"] + 2015) for f in near]
    one, two = fit(near, offset="o"), fit(far, offset="o")
    expected = numbers(one)
    expected[0] -= 2015
    assert numbers(two) == pytest.approx(expected, rel=1e-7)
    silent = fit(far, exact(allow_per_site=False), offset="o")
    assert ended(silent) == "COEFFICIENT_RANGE"


def test_names_of_the_intercept_B16() -> None:
    """A column called as the intercept's sums are: refused, never mixed up with it."""
    for name, more in (("Intercept", {}), ("Intercept/0", {"site_effect": True})):
        frames = [good(k).rename(columns={"age": name}) for k in (1, 2, 3)]
        for formula in (f"`{name}` + bmi", f"0 + `{name}` + bmi"):
            if more and formula.startswith("0"):
                continue
            found = fit(frames, predictors=None, formula=formula, **more)
            assert ended(found) == "BAD_REQUEST"
    assert ended(run(good(3), predictors=["x" * 10_000])) == "BAD_REQUEST"


def test_labelled_outcomes_B18() -> None:
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


def test_short_tables_B19() -> None:
    assert code(good(3).iloc[:1]) == "MIN_ROWS"
    assert code(good(3).iloc[:2]) == "MIN_ROWS"
    header = run(good(3).iloc[:0])
    same(header, fit([good(1), good(2)]))
    assert code(pd.DataFrame()) == "COLUMN_MISSING"
    assert ended(fit([good(k).iloc[:0] for k in (1, 2, 3)])) == "TOO_FEW_SITES"
    assert ended(fit([good(1), good(2).iloc[:0]])) == "TOO_FEW_SITES"


def test_more_parameters_than_rows_B20() -> None:
    wide = [
        good(k)
        .iloc[:30]
        .assign(**{f"x{j}": np.random.default_rng(j + k).normal(size=30) for j in range(40)})
        for k in (1, 2)
    ]
    names = [f"x{j}" for j in range(40)]
    assert ended(fit(wide, predictors=names)) == "TOO_MANY_PARAMETERS"
    open_code = ended(fit([f.iloc[:15] for f in wide], OPEN, predictors=names))
    assert open_code in ("SINGULAR", "SEPARATION", "NOT_CONVERGED", "DOMINANT_ROW")


def test_no_predictor_B20() -> None:
    found = fit([good(k) for k in (1, 2, 3)], predictors=None, formula="1")
    mean = float(pd.concat([good(k) for k in (1, 2, 3)])["y"].mean())
    assert found["coefficients"][0]["estimate"] == pytest.approx(np.log(mean / (1 - mean)))
    assert found["fit"][0]["lr_statistic"] == pytest.approx(0, abs=1e-8)
    assert ended(run(good(3), predictors=[])) == "BAD_REQUEST"
    assert ended(run(good(3), predictors=None, formula="0")) == "BAD_REQUEST"


def test_everything_tied_B21() -> None:
    frames = [good(k).assign(age=lambda f: (f["age"] > 60) * 1.0) for k in (1, 2, 3)]
    found = fit(frames, predictors=["age"])
    table = pd.crosstab(
        *(pd.concat(frames, ignore_index=True)[name] for name in ("age", "y"))
    ).to_numpy()
    ratio = np.log(table[1, 1] * table[0, 0] / (table[1, 0] * table[0, 1]))
    assert found["coefficients"][1]["estimate"] == pytest.approx(ratio, rel=1e-9)
    same_rows = [pd.concat([good(1).iloc[[0]]] * 60).assign(y=np.arange(60) % 2) for _ in "ab"]
    assert ended(fit(same_rows, predictors=["age", "bmi"])) == "SINGULAR"


@pytest.mark.parametrize("kind", ["category", "string", "object", "string[pyarrow]"])
def test_text_types_that_differ_by_site_B22(kind: str) -> None:
    third = good(3)
    third["stage"] = third["stage"].astype(kind)
    same(run(third), run(good(3)))
    third.loc[::4, "stage"] = pd.NA
    same(run(third), run(good(3).drop(index=third.index[::4])))


@pytest.mark.parametrize("kind", [bool, "boolean", int, float])
def test_flags_that_differ_by_site_B22(kind: Any) -> None:
    frames = [good(k).assign(flag=lambda f: f["bmi"] > 27) for k in (1, 2, 3)]
    plain = [f.assign(flag=f["flag"].astype(int)) for f in frames]
    mixed = [*plain[:2], frames[2].assign(flag=frames[2]["flag"].astype(kind))]
    same(fit(mixed, predictors=["age", "flag"]), fit(plain, predictors=["age", "flag"]))


def test_odd_labels_B27() -> None:
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
    assert code(few) == "FEW_INCOMPLETE"  # R4
