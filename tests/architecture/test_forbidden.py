"""What the shipped code must not contain: ways to run text, and formats that run what they hold."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHIPPED = sorted([*(ROOT / "common").rglob("*.py"), *(ROOT / "algorithms").rglob("*.py")])
SHIPPED.append(ROOT / "docker" / "slim.py")
CALLS = {"eval", "exec", "compile", "__import__", "breakpoint", "input"}
METHODS = {"eval", "query", "read_pickle", "to_pickle", "system", "popen", "fork"}
MODULES = {"pickle", "cPickle", "dill", "marshal", "shelve", "joblib", "code", "codeop", "ctypes"}


def forbidden(source: str) -> set[str]:
    """Return what a source calls or imports that it must not."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name) and node.id in CALLS:
            found.add(node.id)
        elif isinstance(node, ast.Attribute) and node.attr in METHODS:
            found.add(node.attr)
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names if name.name.split(".")[0] in MODULES}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in MODULES:
            found.add(str(node.module))
        elif isinstance(node, ast.keyword) and node.arg in ("shell", "allow_pickle"):
            found.add(node.arg)
    return found


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_evaluated_or_unpickled(path: Path) -> None:
    assert forbidden(path.read_text()) == set()


@pytest.mark.parametrize(
    "source",
    [
        "eval('1')",
        "frame.eval('a + b')",
        "frame.query('age > 40')",
        "import pickle",
        "from pickle import loads",
        "import os; os.system('ls')",
        "subprocess.run('ls', shell=True)",
        "numpy.load(path, allow_pickle=True)",
        "__import__('os')",
    ],
)
def test_the_search_finds_what_it_looks_for(source: str) -> None:
    assert forbidden(source)
