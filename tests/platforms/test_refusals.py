"""What an analyst is told of sites that refuse: the true cause, and a remedy that applies."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from v6_clinical.errors import AnalysisError, RefusalError
from v6_clinical.platforms import local
from v6_clinical.protocol.answers import read_answer
from v6_clinical.version import SCHEMA

REGRESSIONS = {
    "logistic": {"outcome": "event"},
    "cox": {"time": "time", "event": "event"},
}
each_regression = pytest.mark.parametrize("analysis", REGRESSIONS)


def patients(n: int, seed: int = 0) -> pd.DataFrame:
    """Return ordinary patients, of whom half have an event."""
    rng = np.random.default_rng([n, seed])
    columns = {f"x{k}": rng.normal(50, 9, n) for k in range(8)}
    levels = {"stage": rng.permutation(np.resize(["I", "II", "III"], n))}
    event = rng.permutation(np.arange(n) % 2)
    return pd.DataFrame(columns | levels | {"event": event, "time": rng.exponential(9, n) + 0.1})


def error(analysis: str, frames: list[pd.DataFrame], **arguments: Any) -> dict[str, Any]:
    """Return the error that ends an analysis under the shipped limits."""
    found = local.run(analysis, frames, REGRESSIONS[analysis] | arguments)
    return found["error"] or {"code": "none", "message": "", "sites": []}


@each_regression
@pytest.mark.parametrize("n", [24, 30, 44, 45, 59, 60, 75])
def test_r7_a_site_says_how_many_parameters_it_carries(analysis: str, n: int) -> None:
    """The number told passes, one more does not."""
    frames, names = [patients(300), patients(n)], [f"x{k}" for k in range(8)]
    refused = error(analysis, frames, predictors=names)
    assert refused["code"] == "TOO_MANY_PARAMETERS"
    (site,) = refused["sites"]
    carried = site["parameters"]
    assert f"its rows carry {carried})" in refused["message"]
    assert "x0 1, x1 1, " in refused["message"]
    assert "8 parameters" in refused["message"]
    for count in {max(carried, 1), carried + 1}:
        code = error(analysis, frames, predictors=names[:count])["code"]
        assert (code == "TOO_MANY_PARAMETERS") == (count > carried)


@each_regression
@pytest.mark.parametrize(
    ("formula", "arguments", "counted"),
    [
        ("x0 + ns(x1, df=3)", {}, "x0 1, ns(x1, df=3) 5"),
        ("poly2(x0)", {}, "x0 1, I(x0 ** 2) 2"),
        ("x0 * stage", {"levels": {"stage": ["I", "II", "III"]}}, "x0 1, stage 2, x0:stage 4"),
        ("C(stage, ref='II') + x0", {}, "C(stage) 1, x0 1"),
    ],
)
def test_r7_the_model_is_counted_term_by_term(
    analysis: str, formula: str, arguments: dict[str, Any], counted: str
) -> None:
    refused = error(analysis, [patients(21), patients(22)], formula=formula, **arguments)
    assert refused["code"] == "TOO_MANY_PARAMETERS"
    assert f": {counted}. " in refused["message"]
    assert [site["parameters"] for site in refused["sites"]] == [0, 0]


def test_a_number_stands_beside_too_many_parameters_only() -> None:
    with pytest.raises(ValueError, match="TOO_MANY_PARAMETERS only"):
        RefusalError("RARE_LEVEL", ["stage"], parameters=4)


@pytest.mark.parametrize(
    ("code", "number"),
    [
        ("RARE_LEVEL", 3),
        ("TOO_MANY_PARAMETERS", "3"),
        ("TOO_MANY_PARAMETERS", 2.5),
        ("TOO_MANY_PARAMETERS", True),
        ("TOO_MANY_PARAMETERS", -1),
    ],
)
def test_the_centre_reads_a_refusals_number_strictly(code: str, number: Any) -> None:
    refusal = {"schema": SCHEMA, "status": "refused", "where": [], "parameters": number}
    with pytest.raises(AnalysisError) as told:
        read_answer({7: refusal | {"code": code}}, 7)
    assert told.value.code == "BAD_ANSWER"


@each_regression
@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize("columns", [["x1"], ["x1", "x2"]])
def test_r4_few_incomplete_rows_are_told_as_such(
    analysis: str, count: int, columns: list[str]
) -> None:
    """Few missing values among hundreds of rows: the columns are named, and what can be done."""
    gaps = patients(400)
    gaps.loc[: count - 1, columns] = np.nan
    refused = error(analysis, [patients(300), gaps], predictors=["x0", "x1", "x2"])
    (site,) = refused["sites"]
    assert (site["code"], site["where"]) == ("FEW_INCOMPLETE", columns)
    assert "parameters" not in site
    for words in ("missing", "leave these columns out", "V6C_ALLOW_SMALL_MISSING"):
        assert words in refused["remedy"]


@each_regression
@pytest.mark.parametrize(
    ("change", "code", "word"),
    [
        ({"stage": ["IV"] * 3 + ["I", "II", "III"] * 99}, "RARE_LEVEL", "collapse="),
        ({"x0": [1.0] * 2 + [0.0] * 298}, "RARE_VALUE", "drop one of the columns"),
        ({"x0": [9e4, *range(299)]}, "DOMINANT_ROW", "log(x)"),
        ({"event": [1] * 2 + [0] * 298}, "FEW_EVENTS", "more frequent"),
        ({"event": [0] * 2 + [1] * 298}, "FEW_WITHOUT_EVENT", "less frequent"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_cause_has_its_code_and_remedy(
    analysis: str, change: dict[str, Any], code: str, word: str
) -> None:
    frames = [patients(300), patients(300).assign(**change)]
    refused = error(analysis, frames, predictors=["x0", "stage"])
    assert [site["code"] for site in refused["sites"]] == [code]
    assert word in refused["remedy"]


def test_clusters_and_strata_have_codes_of_their_own() -> None:
    frames = [patients(300, seed).assign(few=np.arange(300) % 4) for seed in (1, 2)]
    refused = error("cox", frames, predictors=["x0"], cluster="few")
    assert (refused["code"], refused["sites"][0]["where"]) == ("SMALL_CLUSTER", ["few"])
    rare = [frame.assign(s=["u"] * 292 + ["v"] * 8) for frame in frames]
    refused = error("cox", rare, predictors=["x0"], strata=["s"])
    assert (refused["code"], refused["sites"][0]["where"]) == ("SMALL_STRATUM", ["s"])


def test_a_bad_request_is_told_in_a_sentence() -> None:
    frames = [patients(300, seed) for seed in (1, 2)]
    refused = error("logistic", frames, predictors=["x0"], collapse={"x0": {"old": ["50"]}})
    assert refused["code"] == "BAD_REQUEST"
    assert "holds numbers, which are not merged into groups" in refused["message"]
