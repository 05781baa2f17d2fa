"""Arguments of the wrong type, unknown ones, and what a task tries to smuggle in (B24)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from helpers.client_and_wrapper import wrapper
from helpers.three_sites import REQUESTS, good
from v6_clinical.platforms import local
from v6_clinical.protocol.registry import face_of, load_central

Wrong = dict[str, list[Any]]

SHARED: Wrong = {
    "levels": [["x"], {"stage": "I"}, {"stage": []}, {"stage": ["I", "I"]}, {"zzz": ["I"]}, 3],
    "collapse": [{"stage": ["I"]}, {"stage": {"x": "I"}}, {"zzz": {"x": ["I"]}}, [1], "x"],
    "on_refusal": ["ignore", 1, None, True],
    "organizations_to_include": [[], ["1"], [1.0], 1, [1, 1], [1, 99], "all"],
    # misspelt or smuggled in: unknown
    "outcom": ["y"],
    "mock_data": [[1]],
    "mock_client": [{"a": 1}],
    "V6C_MIN_ROWS": [1],
    "__class__": ["x"],
}
REGRESSION: Wrong = {
    "predictors": ["age", [], [1], ["age", "age"], [None], {"age": 1}, True],
    "formula": [
        1,
        "",
        ["age"],
        {"a": 1},
        True,
        "age +",
        "~",
        "age ~ bmi",
        "age" * 9_999,
        "age + I(age/10)",
        "age:I(2 * age)",
    ],
    "reference": ["I", {"stage": [1.5]}, {"stage": None}, {"zzz": "I"}, ["stage"]],
    "weights": [1, "", ["w"], "y", "age", True],
    "offset": [1, "", ["o"], "y", "age", {"o": 1}],
    "cluster": [1, "", ["c"], "y", "age"],
    "cluster_adjust": [True, "yes", 1, None],
    "ridge": [-1, "1", None, [1], 1e7, True],
    "confidence_level": [95, 1, 0, "0.95", None, -0.5],
    "max_rounds": [0, 1, 101, 2.5, "25", None, True],
}
WRONG: dict[str, Wrong] = {
    "summary": SHARED
    | {
        "columns": [[], "age", [1], ["age", "age"], ["age", " age"], None, [["age"]], {"age": 1}],
        "group_by": [3, "age", "", ["stage"], True],
        "quantiles": [[0.5, 2.0], ["0.5"], 0.5, None, [0.5, 0.5], [-0.1], [0.5] * 21],
        "correlation": ["yes", 1, None, [True]],
        "histogram": ["yes", 0, None],
        "per_site": ["no", 1, None],
    },
    "logistic": SHARED
    | REGRESSION
    | {
        "outcome": [None, 1, "", ["y"], {"y": 1}, "age"],
        "positive": [[1.5], [1], {"a": 1}, ""],
        "robust": [True, "HC2", 0, ["HC0"], "hc0"],
        "site_effect": [1, "yes", None, [True]],
    },
    "cox": SHARED
    | REGRESSION
    | {
        "time": [None, 3, "", ["t"], "y", "age"],
        "event": [None, 3, "", ["y"], "t", "age"],
        "entry": [1, "", ["s"], "t", "y", "age"],
        "strata": ["stage", ["c", "c"], ["age"], [1], {"c": 1}, ["a", "b", "c", "d", "e", "f"]],
        "baseline": ["none", None, 1, ["site"]],
        "ties": ["exact", None, 0],
        "robust": ["HC0", 1, None],
        "zph_transform": ["KM", "rank", None, 1],
        "event_value": [[], [None], [[1]], {"a": 1}, ""],
        "time_horizon": [0, -1, "5", [5], True, 1e300],
        "profiles": [{"age": 1}, [{"age": 1, "stage": "I"}], [3], "age", [{"age": [1]}]],
    },
}
CASES = [
    pytest.param(analysis, name, value, id=f"B24-{analysis}-{name}-{str(value)[:30]}")
    for analysis, wrong in WRONG.items()
    for name, values in wrong.items()
    for value in values
]


@pytest.mark.parametrize(("analysis", "name", "value"), CASES)
def test_wrong_arguments_name_the_argument_B24(analysis: str, name: str, value: Any) -> None:
    """Before any data are read: the frames here cannot be read at all."""
    given = REQUESTS[analysis] | {name: value}
    if name == "formula":
        del given["predictors"]
    frames: Any = [None, None, None]
    found = local.run(analysis, frames, given)
    assert (found["status"], found["error"]["code"]) == ("failed", "BAD_REQUEST")
    told = found["error"]["message"] + found["error"]["remedy"]
    assert name in told or "The model" in told
    assert not found["ledger"]


@pytest.mark.parametrize("analysis", WRONG)
def test_one_site_is_too_few_B24(analysis: str) -> None:
    frames: Any = [None, None, None]
    found = local.run(analysis, frames, REQUESTS[analysis] | {"organizations_to_include": [1]})
    assert found["error"]["code"] == "TOO_FEW_SITES"


@pytest.mark.parametrize("analysis", WRONG)
def test_every_argument_is_in_the_matrix_B24(analysis: str) -> None:
    fields = load_central(analysis).request.model_fields
    assert set(fields) <= set(WRONG[analysis])


@pytest.mark.parametrize("analysis", WRONG)
@pytest.mark.parametrize("smuggled", ["mock_client", "mock_data"])
def test_mocks_in_a_task_are_refused_B24(tmp_path: Path, analysis: str, smuggled: str) -> None:
    """Through vantage6's wrapper, to the central function and to the partial."""
    package = face_of(analysis).package
    method = load_central(package).name
    mock = {"a": 1} if smuggled == "mock_client" else [{"age": [1, 2, 3]}]
    message = {"method": method, "kwargs": REQUESTS[analysis] | {smuggled: mock}}
    if smuggled == "mock_client":
        found, done = wrapper(tmp_path, good(1), message, package)
        assert (done.returncode, found["error"]["code"]) == (0, "BAD_REQUEST")
        return
    message["method"] += "_partial"
    found, done = wrapper(tmp_path, good(1), message, package)
    assert (done.returncode, found["code"], found["where"]) == (0, "BAD_REQUEST", [smuggled])
