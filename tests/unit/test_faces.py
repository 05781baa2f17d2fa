"""What a face says of tables is what results hold; a face costs nothing to read."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest

from helpers.example_results import REQUESTS, example
from v6_clinical.analyst import figures, results
from v6_clinical.analyst.frames import FRAME, LAST
from v6_clinical.face import Face
from v6_clinical.protocol.registry import faces, load_central, methods, packages

EVERY = pytest.mark.parametrize("face", methods().values(), ids=lambda face: face.short)


@cache
def found(method: str) -> dict[str, set[str]]:
    """Return the columns of each table of a method's results, over all examples."""
    columns: dict[str, set[str]] = {}
    for name in REQUESTS:
        result = example(name)
        if result["analysis"] == method and result["status"] == "completed":
            for key in result.keys() - {*FRAME, *LAST}:
                names = set(columns_of(result[key], terms(result)))
                columns.setdefault(key, set()).update(names)
    return columns


def terms(result: Mapping[str, Any]) -> set[str]:
    return {record["term"] for record in result.get("coefficients", [])}


def columns_of(value: Any, terms: set[str]) -> Iterator[str]:
    """Yield the columns of a table: records, columns, curves, or a mapping of tables."""
    if isinstance(value, list):
        for record in value:
            yield from ("{term}" if name in terms else name for name in record)
    elif all(
        isinstance(p, list) and not any(isinstance(r, dict) for r in p) for p in value.values()
    ):
        yield from value
    else:
        for part in value.values():
            yield from columns_of(part, terms)


def is_declared(name: str, columns: Mapping[str, str]) -> bool:
    patterns = (re.sub(r"\\{\w+\\}", "[a-z0-9]+", re.escape(column)) for column in columns)
    return name in columns or any(re.fullmatch(pattern, name) for pattern in patterns)


@EVERY
def test_every_table_and_column_of_a_result_is_declared(face: Face) -> None:
    assert found(face.method)
    for key, columns in found(face.method).items():
        assert key in face.tables, key
        for name in columns:
            assert is_declared(name, face.tables[key].columns), (key, name)


@EVERY
def test_every_table_that_is_declared_is_in_some_result(face: Face) -> None:
    for key, table in face.tables.items():
        columns = found(face.method).get(key, set())
        assert columns, key
        for name in table.columns:
            if "{" not in name:
                assert name in columns, (key, name)
        assert all(meaning and not meaning.endswith(".") for meaning in table.columns.values())


@EVERY
def test_what_a_face_names_exists(face: Face) -> None:
    assert issubclass(getattr(results, face.result), results.Result)
    assert all(callable(getattr(figures, name)) for name in face.figures)
    assert face in faces(face.package)
    model = load_central(face.method).request
    assert model.model_validate(dict(face.example))
    assert face.about.endswith(".")
    for name in REQUESTS:
        result = example(name)
        if result["analysis"] == face.method and result["status"] == "completed":
            effect = face.effect_of(result)
            assert effect is None or effect.column in face.tables["coefficients"].columns
    for table in face.tables.values():
        assert set(table.line or ()) <= set(table.columns)


@pytest.mark.parametrize("package", packages())
def test_a_face_imports_nothing_heavy(package: str) -> None:
    """An analyst's machine asks for names only; a node's start waits for every import."""
    program = (
        f"import sys; before = set(sys.modules); import {package}.face\n"
        "more = {name.split('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(more - set(sys.stdlib_module_names)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == f"['v6_clinical', '{package}']\n", done.stderr
