"""Rows of figures, reports and tables are named rightly, whatever the terms and the labels."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest

from v6_clinical.analyst import figures
from v6_clinical.analyst.figures.forest import layout
from v6_clinical.analyst.manuscript.regression import regression_table
from v6_clinical.analyst.report import html
from v6_clinical.disclosure import Policy
from v6_clinical.face.terms import labels, references
from v6_clinical.platforms import local

PLAIN = ("low", "mid", "top")
NASTY = ("20-50]:arm[T.yes", "a:b", "[T.x]")
NAMES = [("grade", "arm"), ("a:b", "c[T.d]")]


def frames(first: str, second: str, levels: tuple[str, ...], sites: int) -> list[pd.DataFrame]:
    rng = np.random.default_rng(4)
    n = 900
    frame = pd.DataFrame(
        {
            first: rng.choice(levels, n),
            second: rng.choice(["no", "yes"], n),
            "age": rng.normal(60, 9, n),
            "y": rng.integers(0, 2, n),
            "time": rng.exponential(5, n) + 0.1,
        }
    )
    return [frame.iloc[i::sites].reset_index(drop=True) for i in range(sites)]


def fit(analysis: str, formula: str, data: list[pd.DataFrame], **more: Any) -> dict[str, Any]:
    outcome = {"logistic": {"outcome": "y"}, "cox": {"time": "time", "event": "y"}}[analysis]
    asked = {"formula": formula, **outcome, **more}
    found = local.run(analysis, data, asked, policy=Policy.open(), minimum_sites=1)
    assert found["status"] == "completed", found["error"]
    return found


def agreed(result: dict[str, Any], name: str) -> list[str]:
    found: list[str] = result["model"]["coding"]["levels"][name]
    return found


def rows(result: dict[str, Any]) -> list[tuple[str, str]]:
    return [(row.label.strip(), row.kind) for row in layout(result)]


@pytest.mark.parametrize("analysis", ["logistic", "cox"])
@pytest.mark.parametrize("sites", [1, 3])
@pytest.mark.parametrize("levels", [PLAIN, NASTY], ids=["plain", "nasty"])
@pytest.mark.parametrize("names", NAMES, ids=str)
def test_a_product_of_two_categories_has_no_reference_line_of_its_own(
    analysis: str, sites: int, levels: tuple[str, ...], names: tuple[str, str]
) -> None:
    first, second = names
    data = frames(first, second, levels, sites)
    result = fit(analysis, f"age + `{first}` * `{second}`", data)
    known = agreed(result, first)
    assert set(known) == set(levels)
    assert references(result) == {first: known[0], second: "no"}
    assert rows(result) == [
        ("age", "estimate"),
        (first, "heading"),
        (known[0], "reference"),
        *((level, "estimate") for level in known[1:]),
        (second, "heading"),
        ("no", "reference"),
        ("yes", "estimate"),
        *((f"{first}: {level} × {second}: yes", "estimate") for level in known[1:]),
    ]
    shown = [text.get_text() for text in figures.forest(result).axes[0].texts]
    assert shown.count("reference") == 2
    records = [row.record for row in layout(result) if row.record is not None]
    slopes = result["coefficients"][len(result["coefficients"]) - len(records) :]
    assert records == slopes  # each row beside its own numbers


@pytest.mark.parametrize("analysis", ["logistic", "cox"])
def test_a_product_without_main_effects_names_every_cell(analysis: str) -> None:
    result = fit(analysis, "grade:arm", frames("grade", "arm", PLAIN, 3))
    names = [name for name, kind in rows(result) if kind == "estimate"]
    cells = {f"grade: {a} × arm: {b}" for a, b in product(PLAIN, ("no", "yes"))}
    assert set(names) <= cells | {"low", "mid", "top", "yes", "no"}
    assert any(name in cells for name in names)
    assert len(names) == len(result["coefficients"]) - (analysis == "logistic")


def test_a_model_without_an_intercept_has_no_reference() -> None:
    result = fit("logistic", "grade - 1", frames("grade", "arm", PLAIN, 3))
    assert references(result) == {}
    assert rows(result) == [("grade", "heading"), *((one, "estimate") for one in PLAIN)]


def test_the_reference_of_a_call_and_of_an_argument() -> None:
    data = frames("grade", "arm", PLAIN, 2)
    called = fit("logistic", 'C(grade, ref="mid") + age', data)
    asked = fit("cox", "grade + age", data, reference={"grade": "top"})
    assert references(called) == {"grade": "mid"}
    assert references(asked) == {"grade": "top"}
    for result in (called, asked):
        assert ("grade", "heading") in rows(result)
        assert f"Reference levels: grade: {references(result)['grade']}." in html(result)


def test_products_with_numbers_and_tables_of_terms() -> None:
    result = fit("cox", "age * arm + grade:age", frames("grade", "arm", NASTY, 3))
    words = labels(result)
    assert words["age:arm[T.yes]"] == "age × arm: yes"
    for row in [*result["coefficients"], *result["heterogeneity"]]:
        assert row["term"] in words
    tested = [row["term"] for row in result["proportional_hazards"]]
    assert {words.get(term, term) for term in tested} == {
        "age",
        "arm",
        "age × arm",
        *(words[term] for term in tested if "grade" in term),
        "GLOBAL",
    }


@pytest.mark.parametrize("levels", [PLAIN, NASTY], ids=["plain", "nasty"])
def test_a_manuscripts_table_names_the_same_rows(levels: tuple[str, ...]) -> None:
    result = fit("cox", "grade * arm", frames("grade", "arm", levels, 3))
    known = agreed(result, "grade")
    assert [row.cells[0] for row in regression_table(result).rows] == [
        "grade",
        *known,
        "arm",
        "no",
        "yes",
        *(f"grade {level} × arm yes" for level in known[1:]),
    ]


def test_the_words_of_an_effect_are_the_analysis_own() -> None:
    data = frames("grade", "arm", PLAIN, 2)
    cox, logistic = fit("cox", "age", data), fit("logistic", "age", data)
    assert "Adjusted hazard ratios" in html(cox)
    assert "Adjusted odds ratios" in html(logistic)
    assert figures.forest(logistic).axes[0].get_xlabel() == "Odds ratio (95% CI), log scale"
    unknown = cox | {"analysis": "poisson_regression"}
    with pytest.raises(ValueError, match="poisson_regression"):
        figures.forest(unknown)
    with pytest.raises(ValueError, match="poisson_regression"):
        html(unknown)
