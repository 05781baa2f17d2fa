"""The layout's rules, as tests: who may import what, and what the code may not contain."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "common" / "v6_clinical").rglob("*.py"))
SOURCES += sorted((ROOT / "algorithms" / "v6_summary").rglob("*.py"))
HEAVY = ("scipy.stats", "statsmodels", "formulaic", "matplotlib", "rich", "lifelines", "vantage6")
PURE = ("analysis.py", "site.py", "cells.py", "moments.py", "quantiles.py", "pairs.py")
PURE += ("grouping.py", "suppression.py", "comparison.py", "questions.py", "pooled.py", "result.py")


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_only_platforms_and_the_demo_import_vantage6(path: Path) -> None:
    if path.parent.name != "platforms" and path.name != "demo.py":
        assert not any(name.split(".")[0] == "vantage6" for name in imports(path))


@pytest.mark.parametrize("name", PURE)
def test_analyses_do_no_io(name: str) -> None:
    path = ROOT / "algorithms" / "v6_summary" / name
    forbidden = {"os", "sys", "subprocess", "socket", "pathlib", "io", "requests", "logging"}
    assert not {module.split(".")[0] for module in imports(path)} & forbidden
    calls = {
        n.func.id
        for n in ast.walk(ast.parse(path.read_text()))
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
    }
    assert not calls & {"print", "open", "input"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_is_evaluated(path: Path) -> None:
    tree = ast.parse(path.read_text())
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    attributes = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
    assert not names & {"eval", "exec", "pickle", "compile", "__import__"}
    assert not attributes & {"eval", "query", "read_pickle"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_are_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300


def test_a_partial_imports_nothing_heavy() -> None:
    """In a fresh interpreter: the entry module, and one answer through it."""
    program = (
        "import sys, json, pandas as pd, v6_summary.v4 as entry\n"
        "frame = pd.DataFrame({'x': range(50)})\n"
        "found = entry.summary_partial(version='0.1.0', step='describe', index=0, count=2,\n"
        " arguments={'names': ['x'], 'group_by': None, 'levels': {}, 'collapse': {}},\n"
        " mock_data=[frame])\n"
        "assert found['status'] == 'ok', found\n"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = json.loads(done.stderr)
    assert [name for name in loaded if name.startswith(HEAVY)] == []


def test_tolerances_are_tight() -> None:
    """A relative tolerance above 1e-3 proves nothing."""
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            tolerance = isinstance(node, ast.keyword) and node.arg in ("rel", "rtol")
            if tolerance and isinstance(node.value, ast.Constant):
                assert node.value.value <= 1e-3, path
