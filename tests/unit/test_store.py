"""The stores' JSON says what the request models say. Run as a script, it writes the files."""

import json
from pathlib import Path
from typing import Any

import pytest

from helpers.face_examples import CASES, Case
from v6_clinical.protocol.registry import face_of, load_central, methods, packages
from v6_clinical.protocol.request import parse_request
from v6_clinical.store import store_json

ALGORITHMS = Path(__file__).parents[2] / "algorithms"
EACH = [(package, major) for package in packages() for major in (4, 5)]


def path(package: str, major: int) -> Path:
    return ALGORITHMS / package / f"algorithm_store.v{major}.json"


def text(package: str, major: int) -> str:
    return json.dumps(store_json(package, major), indent=2, ensure_ascii=False) + "\n"


def central(analysis: str, major: int) -> dict[str, Any]:
    """Return what the store is told of a method."""
    face = face_of(analysis)
    functions: list[dict[str, Any]] = store_json(face.package, major)["functions"]
    return next(function for function in functions if function["name"] == face.method)


@pytest.mark.parametrize(("package", "major"), EACH)
def test_the_files_are_not_stale(package: str, major: int) -> None:
    assert path(package, major).read_text() == text(package, major), "run 'make store'"


def test_each_method_is_a_function_and_each_package_one_partial() -> None:
    for package, major in EACH:
        functions = store_json(package, major)["functions"]
        kinds = [f.get("type", f.get("step_type")).split("_")[0] for f in functions]
        assert kinds.count("central") == sum(f.package == package for f in methods().values())
        assert kinds.count("federated") == 1


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.analysis)
def test_defaults_of_the_store_are_defaults_of_the_request(case: Case) -> None:
    """What the UI sends when nothing is touched means the same as leaving it out."""
    given = dict(case.arguments)
    for argument in central(case.analysis, 4)["arguments"]:
        if argument.get("has_default_value") and argument["name"] not in given:
            default = argument["default_value"]
            as_text = argument["type"] in ("string", "column") or default is None
            given[argument["name"]] = default if as_text else json.loads(default)
    model = load_central(case.package).request
    assert parse_request(model, given) == parse_request(model, dict(case.arguments))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.analysis)
def test_every_table_that_is_shown_is_in_the_result(case: Case) -> None:
    result = case.reference()
    for shown in central(case.analysis, 5)["ui_visualizations"]:
        (key,) = shown["schema"]["location"]
        if shown["type"] == "table":
            assert all(isinstance(record, dict) for record in result[key])
        else:
            x, y = (result[key][shown["schema"][axis]] for axis in ("x", "y"))
            assert len(x) == len(y) > 1


def test_arguments_that_exclude_each_other_are_shown_so() -> None:
    for major in (4, 5):
        found = {a["name"]: a for a in central("cox", major)["arguments"]}
        assert found["predictors"]["conditional_on"] == "formula"
        assert found["profiles"]["conditional_on"] == "time_horizon"
        assert all(found[a["conditional_on"]] for a in found.values() if "conditional_on" in a)


def test_types() -> None:
    types = {a["name"]: a["type"] for a in central("summary", 4)["arguments"]}
    assert types == {
        "organizations_to_include": "organization_list",
        "on_refusal": "string",
        "levels": "json",
        "collapse": "json",
        "columns": "column_list",
        "group_by": "column",
        "quantiles": "float_list",
        "correlation": "boolean",
        "histogram": "boolean",
        "per_site": "boolean",
    }


if __name__ == "__main__":
    for one in EACH:
        path(*one).write_text(text(*one))
        print(path(*one).name)
