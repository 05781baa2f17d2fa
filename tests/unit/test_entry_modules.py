"""Entry modules offer one central function a method, one partial, on 5.x the readers, no more."""

from __future__ import annotations

import ast
import importlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from helpers.five import importable
from v6_clinical.platforms.readers import READERS
from v6_clinical.protocol.registry import faces, packages, partial_name

ALGORITHMS = Path(__file__).parents[2] / "algorithms"
EACH = pytest.mark.parametrize("package", packages())


@pytest.fixture
def five() -> Iterator[None]:
    """Let modules for 5.x be imported where vantage6 4.x is installed."""
    with importable():
        yield


def public(module: ModuleType) -> set[str]:
    return {name for name in vars(module) if not name.startswith("_")}


def expected(package: str) -> set[str]:
    return {face.method for face in faces(package)} | {partial_name(package)}


@EACH
def test_what_4x_is_offered(package: str) -> None:
    module = importlib.import_module(f"{package}.v4")
    assert public(module) == expected(package)
    for name in public(module):
        assert getattr(module, name).__name__ == name
        assert getattr(module, name).__doc__


@EACH
def test_what_5x_is_offered(package: str, five: None) -> None:
    module = importlib.import_module(f"{package}.v5")
    readers = {reader.name for reader in READERS}
    assert public(module) == expected(package) | readers
    kinds = {
        name: getattr(module, name).vantage6_decorator_step_type.name for name in public(module)
    }
    assert {name for name, kind in kinds.items() if kind == "DATA_EXTRACTION"} == readers
    assert [n for n, kind in kinds.items() if kind == "FEDERATED_COMPUTE"] == [
        partial_name(package)
    ]
    for reader in READERS:
        assert getattr(module, reader.name).__doc__ == reader.about


@EACH
@pytest.mark.parametrize("major", [4, 5])
def test_an_entry_module_is_the_same_in_every_package(package: str, major: int) -> None:
    """Its text but for the docstring: nothing is written out by hand."""
    tree = ast.parse((ALGORITHMS / package / f"v{major}.py").read_text())
    code = ast.unparse(ast.Module(tree.body[1:], []))
    assert code == (
        f"from v6_clinical.platforms import vantage6_v{major} as _platform\n"
        "globals().update(_platform.entries(__package__))"
    )


def test_readers_stand_in_one_table() -> None:
    """Their names are written where they are read and in the table, nowhere else in the code."""
    root = ALGORITHMS.parent
    files = [*(root / "common").rglob("*.py"), *ALGORITHMS.rglob("*.py")]
    found = {path.name for path in files if "read_sparql_database" in path.read_text()}
    assert found == {"readers.py", "extraction_v5.py"}
