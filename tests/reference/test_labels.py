"""Levels, strata, groups and names in unusual spellings: right, or refused by name.

labels.R wrote R's numbers of the pooled rows. The rows are invented; each file of
``tests/data/labels`` stands for a kind of report about other software.
"""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest

from helpers.policies import EXACT_SETTINGS
from helpers.reference_cases import DATA, REFERENCE
from v6_clinical.analyst import AnalysisError, Federation
from v6_clinical.platforms.files import read_csv

R: dict[str, Any] = json.loads((REFERENCE / "labels.json").read_text())
EVENT_TIMES = {"V6C_ALLOW_EVENT_TIMES": "true"}
OPEN = {
    **EVENT_TIMES,
    "V6C_MIN_ROWS": "3",
    "V6C_MIN_CELL": "3",
    "V6C_MAX_PARAMETERS_PER_ROW": "0.33",
    "V6C_ALLOW_SMALL_MISSING": "true",
}
SURVIVAL = {"time": "time", "event": "status"}
EXACT = {**SURVIVAL, "baseline": "exact"}
STRATA = {"formula": "x", "strata": ["stage", "grade"]}


def sites(file: str) -> list[pd.DataFrame]:
    rows = pd.read_csv(
        DATA / "labels" / f"{file}.csv",
        keep_default_na=False,
        na_values=["NA"],
        float_precision="round_trip",
    )
    return [part.drop(columns="site").reset_index(drop=True) for _, part in rows.groupby("site")]


def stored(frames: list[pd.DataFrame], place: int, column: str, dtype: Any) -> list[pd.DataFrame]:
    frames[place][column] = frames[place][column].astype(dtype)
    return frames


def float_text(frames: list[pd.DataFrame], place: int, column: str) -> list[pd.DataFrame]:
    return stored(stored(frames, place, column, float), place, column, str)


def ask(frames: list[pd.DataFrame], settings: Any, analysis: str, **arguments: Any) -> Any:
    exact = {**EXACT_SETTINGS, **(settings or {})}
    return getattr(Federation.local(frames, exact, progress="silent"), analysis)(**arguments)


def refusal(frames: list[pd.DataFrame], settings: Any, analysis: str, **arguments: Any) -> str:
    with pytest.raises(AnalysisError) as error:
        ask(frames, settings, analysis, **arguments)
    return str(error.value)


def same_fit(found: Any, case: str, names: dict[str, str] | None = None) -> None:
    """Compare every coefficient; ``names`` are R's that differ from ours."""
    expected = R[case]
    ours = {row["term"]: row for row in found["coefficients"]}
    theirs = {(names or {}).get(name, name): name for name in expected["estimate"]}
    theirs = {name.replace("(Intercept)", "Intercept"): theirs[name] for name in theirs}
    assert set(ours) == set(theirs)
    for name, row in ours.items():
        error = expected["std_error"][theirs[name]]
        assert row["std_error"] == pytest.approx(error, rel=1e-7)
        assert abs(row["estimate"] - expected["estimate"][theirs[name]]) < 1e-7 * error
    assert found["fit"][0]["n"] == expected["n"]


def called(column: str, *levels: str) -> dict[str, str]:
    return {f"factor({column}){level}": f"C({column})[T.{level}]" for level in levels}


def plain(column: str, *levels: str) -> dict[str, str]:
    return {f"{column}{level}": f"{column}[T.{level}]" for level in levels}


def test_strata_of_sites_that_have_one_each_are_kept_apart() -> None:
    """R: coxph(Surv(time, status) ~ x + strata(stage, grade)), ("1", "2/3") and ("1/2", "3")."""
    found = ask(sites("strata_labels_across_sites"), EVENT_TIMES, "cox", **EXACT, **STRATA)
    same_fit(found, "strata_across")


def test_strata_of_one_site_are_kept_apart() -> None:
    found = ask(sites("strata_labels_within_sites"), OPEN, "cox", **EXACT, **STRATA)
    same_fit(found, "strata_within")


def test_curves_of_strata_have_a_name_each() -> None:
    """R: coxph(Surv(time, status) ~ x + strata(stage, grade, site)); basehaz(fit)."""
    frames = sites("strata_labels_within_sites")
    found = ask(frames, OPEN, "cox", **SURVIVAL, **STRATA, time_horizon=20.0)
    same_fit(found, "strata_by_site")
    names = [curve["stratum"] for curve in found["baseline_hazard"]]
    one_site = ["stage=1, grade=2/3", "stage=1, grade=3", "stage=1/2, grade=2/3"]
    assert names == 3 * [*one_site, "stage=1/2, grade=3"]


DIABETES: list[tuple[str, dict[str, Any]]] = [
    ("logistic", {"outcome": "y", "formula": "age + C(diabetes)"}),
    ("summary", {"columns": ["age"], "group_by": "diabetes"}),
    ("cox", {**EXACT, "formula": "age", "strata": ["diabetes"]}),
]
BOOLEANS = ["bool", "boolean", "object", "category", "bool[pyarrow]", "str"]


def flags(dtype: str) -> list[pd.DataFrame]:
    frames = sites("flag_stored_in_two_ways")
    return stored(stored(frames, 1, "diabetes", bool), 1, "diabetes", dtype)


@pytest.mark.parametrize("dtype", BOOLEANS)
@pytest.mark.parametrize(("analysis", "arguments"), DIABETES)
def test_true_beside_1_is_refused_by_name(
    analysis: str, arguments: dict[str, Any], dtype: str
) -> None:
    said = refusal(flags(dtype), EVENT_TIMES, analysis, **arguments)
    assert "diabetes" in said
    assert "levels={'diabetes'" in said


@pytest.mark.parametrize("dtype", BOOLEANS)
@pytest.mark.parametrize("codebook", [[0, 1], ["False", "True"]])
def test_a_codebook_reads_true_beside_1(codebook: list[Any], dtype: str) -> None:
    """R: glm(y ~ age + factor(diabetes), binomial), t.test, and coxph(... + strata(diabetes))."""
    frames, levels = flags(dtype), {"levels": {"diabetes": codebook}}
    model, table, strata = (
        ask(frames, EVENT_TIMES, name, **given, **levels) for name, given in DIABETES
    )
    same_fit(model, "flag_model", {"factor(diabetes)1": f"C(diabetes)[T.{codebook[1]}]"})
    same_fit(strata, "flag_strata")
    test = table["comparison"][0]
    assert test["statistic"] == pytest.approx(R["flag_table"]["statistic"], rel=1e-9)
    assert [row["group"] for row in table["numeric"]] == ["all", *map(str, codebook)]


def test_text_of_a_float_is_refused_by_name_or_read_by_a_codebook() -> None:
    """R: glm(y ~ factor(ecog), binomial)."""
    frames = float_text(sites("text_1_0_beside_1"), 1, "ecog")
    asked = {"outcome": "y", "formula": "C(ecog)"}
    assert "ecog" in refusal(frames, None, "logistic", **asked)
    found = ask(frames, None, "logistic", **asked, levels={"ecog": [1, 2, 3]})
    same_fit(found, "text_number", called("ecog", "2", "3"))


def test_a_number_and_its_text_are_one_level() -> None:
    frames = stored(sites("text_1_0_beside_1"), 1, "ecog", str)
    found = ask(frames, None, "logistic", outcome="y", formula="C(ecog)")
    same_fit(found, "text_number", called("ecog", "2", "3"))


@pytest.mark.parametrize("dtype", ["float32", "Float32", "float[pyarrow]", "category"])
def test_single_precision_is_the_same_level(dtype: str) -> None:
    """R: glm(y ~ age + factor(dose), binomial); doses of .1, .2, .3."""
    frames = stored(sites("single_precision_site"), 2, "dose", "float32")
    frames = stored(frames, 2, "dose", dtype)
    found = ask(frames, None, "logistic", outcome="y", formula="age + C(dose)")
    same_fit(found, "single", called("dose", "0.2", "0.3"))


def test_decimals_are_compared_in_15_digits() -> None:
    """R: factor(dose), strata(dose) and oneway.test(age ~ factor(dose)), .3 beside .1 * 3."""
    frames = sites("computed_decimals")
    found = ask(frames, None, "logistic", outcome="y", formula="age + C(dose)")
    same_fit(found, "decimals_model", called("dose", "0.2", "0.3"))
    found = ask(frames, EVENT_TIMES, "cox", **EXACT, formula="age", strata=["dose"])
    same_fit(found, "decimals_strata")
    found = ask(frames, None, "summary", columns=["age"], group_by="dose")
    test = next(row for row in found["comparison"] if row["test"] == "welch_anova")
    assert test["statistic"] == pytest.approx(R["decimals_table"]["statistic"], rel=1e-6)
    assert test["p_value"] == pytest.approx(R["decimals_table"]["p_value"], rel=1e-9)


def test_decimals_in_a_codebook_and_as_a_reference() -> None:
    """R: glm(y ~ age + factor(edema)), and relevel(factor(edema), "0.5")."""
    frames = sites("decimal_levels_in_codebook")
    asked: dict[str, Any] = {"outcome": "y", "formula": "age + edema"}
    for levels in ([0, 0.5, 1], ["0", "0.5", "1"], [0.0, 0.5, 1.0]):
        found = ask(frames, None, "logistic", **asked, levels={"edema": levels})
        same_fit(found, "decimal_codebook", plain("factor(edema)", "0.5", "1") | EDEMA)
    called_again = asked | {"formula": "age + C(edema)"}
    for more in ({"reference": {"edema": 0.5}}, {"formula": "age + C(edema, ref=0.5)"}):
        found = ask(frames, None, "logistic", **called_again | more)
        label = "C(edema, ref='0.5')" if "formula" in more else "C(edema)"
        names = {f'relevel(factor(edema), "0.5"){x}': f"{label}[T.{x}]" for x in "01"}
        same_fit(found, "decimal_reference", names)
        assert found["model"]["references"] == {label: "0.5"}


EDEMA = {"factor(edema)0.5": "edema[T.0.5]", "factor(edema)1": "edema[T.1]"}


def test_number_labels_are_in_the_order_of_numbers() -> None:
    """R: factor(dose) of 2, 5, 10, 20, and levels(factor(score))."""
    frames = sites("numeric_category_reference")
    found = ask(frames, None, "logistic", outcome="y", formula="age + C(dose)")
    same_fit(found, "number_reference", called("dose", "5", "10", "20"))
    assert found["model"]["references"] == {"C(dose)": "2"}
    frames = sites("table_order_of_number_labels")
    found = ask(frames, None, "summary", columns=["age"], group_by="score")
    assert [row["group"] for row in found["numeric"]] == ["all", *map(str, R["score_order"])]


def test_text_labels_are_in_the_order_of_r() -> None:
    """R in an ordinary locale: autosomal before X-linked, <=20 before >50 before 20-50."""
    frames = sites("reference_mixed_case")
    found = ask(frames, None, "logistic", outcome="y", formula="age + inherit + size")
    same_fit(found, "mixed_case", plain("inherit", "X-linked") | plain("size", ">50", "20-50"))
    assert found["model"]["references"] == {"inherit": "autosomal", "size": "<=20"}


def test_a_label_none_in_a_file_is_a_label() -> None:
    """R: glm(y ~ age + alcohol, binomial), table(alcohol) after read.csv."""
    rows = read_csv(DATA / "labels" / "label_none_in_csv.csv")
    frames = [part.drop(columns="site") for _, part in rows.groupby("site")]
    found = ask(frames, None, "logistic", outcome="y", formula="age + alcohol")
    same_fit(found, "none_model", plain("alcohol", "Moderate", "None"))
    table = ask(frames, None, "summary", columns=["alcohol"])["categorical"]
    assert {row["level"]: row["count"] for row in table} == R["none_table"]


@pytest.mark.parametrize("analysis", ["logistic", "summary"])
def test_many_rows_without_a_value_are_said(analysis: str) -> None:
    """Where other software read the file: pandas has taken None for missing."""
    rows = pd.read_csv(DATA / "labels" / "label_none_in_csv.csv")
    frames = [part for _, part in rows.groupby("site")]
    asked: dict[str, Any] = {"columns": ["alcohol"]}
    if analysis == "logistic":
        asked = {"outcome": "y", "formula": "age + alcohol"}
    warnings = ask(frames, None, analysis, **asked)["warnings"]
    (said,) = (w["message"] for w in warnings if w["code"] == "MANY_MISSING")
    assert "alcohol" in said
    assert "missing" in said
    assert str(rows["alcohol"].isna().sum()) in said


def test_rows_without_a_group_are_counted() -> None:
    """R: t.test(age ~ sex); sum(is.na(sex))."""
    found = ask(sites("group_missing_rows"), None, "summary", columns=["age"], group_by="sex")
    assert found["comparison"][0]["statistic"] == pytest.approx(
        R["group_missing"]["statistic"], rel=1e-9
    )
    (said,) = (w["message"] for w in found["warnings"] if w["code"] == "GROUP_MISSING")
    assert f"In {R['group_missing']['missing']} rows" in said
    assert "sex" in said


def test_no_word_on_groups_where_none_is_missing() -> None:
    frames = sites("table_order_of_number_labels")
    found = ask(frames, None, "summary", columns=["age"], group_by="score")
    assert "GROUP_MISSING" not in {warning["code"] for warning in found["warnings"]}


def test_a_group_called_all_is_refused_by_name_and_can_be_renamed() -> None:
    frames = sites("group_named_all")
    asked: dict[str, Any] = {"columns": ["age", "stage"], "group_by": "arm"}
    said = refusal(frames, None, "summary", **asked)
    assert "BAD_REQUEST" in said
    assert "'all'" in said
    found = ask(frames, None, "summary", **asked, collapse={"arm": {"whole": ["all"]}})
    assert [row["group"] for row in found["numeric"]] == ["all", "partial", "whole"]
    assert found.table1() is not None


@pytest.mark.parametrize(
    ("analysis", "arguments"),
    [
        ("logistic", {"outcome": "y", "formula": "age + sex"}),
        ("cox", {**SURVIVAL, "formula": "sex"}),
        ("cox", {**EXACT, "formula": "age * sex"}),
        ("logistic", {"outcome": "y", "formula": "0 + sex"}),
        ("logistic", {"outcome": "y", "formula": "sex", "levels": {"sex": ["F"]}}),
    ],
)
def test_a_factor_of_one_level_is_named(analysis: str, arguments: dict[str, Any]) -> None:
    """R: contrasts can be applied only to factors with 2 or more levels."""
    said = refusal(sites("one_level_factor"), EVENT_TIMES, analysis, **arguments)
    assert "SINGULAR" in said
    assert "'sex' has one level" in said


def test_a_factor_that_only_sites_differ_in_is_not_called_collinear() -> None:
    """R: coef(coxph(Surv(time, status) ~ age + hospital + strata(site))) is NA for hospital."""
    frames = sites("constant_within_sites")
    model = {"outcome": "status", "formula": "age + hospital", "site_effect": True}
    for analysis, asked, remedy, other in (
        ("cox", {**SURVIVAL, "formula": "age + hospital"}, "baseline='exact'", "site_effect"),
        ("logistic", model, "without site_effect", "baseline"),
    ):
        said = refusal(frames, None, analysis, **asked)
        assert "SINGULAR" in said
        assert "hospital[T." in said
        assert remedy in said
        assert other not in said
        assert "determine each other" not in said


@pytest.mark.parametrize(
    ("file", "analysis", "arguments", "name"),
    [
        ("name_global", "cox", {**SURVIVAL, "formula": "GLOBAL"}, "GLOBAL"),
        ("name_intercept", "logistic", {"predictors": ["Intercept", "sex"]}, "Intercept"),
        (
            "name_intercept",
            "logistic",
            {"formula": "`age:sex[T.M]` + age * sex"},
            "age:sex[T.M]",
        ),
    ],
)
def test_a_name_with_two_meanings_is_refused_by_name(
    file: str, analysis: str, arguments: dict[str, Any], name: str
) -> None:
    outcome = {"outcome": "y"} if analysis == "logistic" else {}
    said = refusal(sites(file), None, analysis, **outcome, **arguments)
    assert "BAD_REQUEST" in said
    assert name in said
    assert "Rename" in said


@pytest.mark.parametrize("name", ["term", "Intercept[site 1]", "Intercept/0"])
def test_names_of_the_tables_own_are_refused(name: str) -> None:
    frames = [frame.rename(columns={"GLOBAL": name}) for frame in sites("name_global")]
    said = refusal(frames, None, "cox", **SURVIVAL, predictors=[name])
    assert name in said
    assert "Rename" in said


def test_words_of_python_are_names_of_columns() -> None:
    """R: glm(y ~ factor(class), binomial), glm(y ~ log(lambda), binomial)."""
    frames = sites("python_word_in_call")
    found = ask(frames, None, "logistic", outcome="y", formula="C(class)")
    same_fit(found, "python_class", called("class", "II", "III"))
    found = ask(frames, None, "logistic", outcome="y", formula="log(lambda)")
    same_fit(found, "python_lambda")
