"""The layout's rules, as tests: who may import what, and what the code may not contain."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.checked import FITS, Run, frames, policies
from helpers.keys import settings
from v6_clinical.protocol.registry import face_of, partial_name

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "common" / "v6_clinical").rglob("*.py"))
ALGORITHMS = sorted((ROOT / "algorithms").rglob("*.py"))
SOURCES += ALGORITHMS
HEAVY = ("scipy.stats", "statsmodels", "formulaic", "matplotlib", "rich", "lifelines", "vantage6")
KEYS = ("cryptography", "v6_clinical.secure")  # nor these, where V6C_SECURE is off
PURE = [path for path in ALGORITHMS if path.name not in ("v4.py", "v5.py")]
for folder in (
    "disclosure",
    "face",
    "model",
    "numerics",
    "protocol",
    "regression",
    "secure",
    "survival",
):
    PURE += sorted((ROOT / "common" / "v6_clinical" / folder).rglob("*.py"))
PURE.remove(ROOT / "common" / "v6_clinical" / "protocol" / "registry.py")  # it scans sys.path


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


@pytest.mark.parametrize("path", PURE, ids=lambda p: str(p.relative_to(ROOT)))
def test_analyses_do_no_io(path: Path) -> None:
    forbidden = {"os", "sys", "subprocess", "socket", "pathlib", "io", "requests", "logging"}
    assert not {module.split(".")[0] for module in imports(path)} & forbidden
    calls = {
        n.func.id
        for n in ast.walk(ast.parse(path.read_text()))
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
    }
    assert not calls & {"print", "open", "input"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_are_short(path: Path) -> None:
    generated = path.parts[-2:] == ("analyst", "analyses.py")  # by `make analyses`
    if not generated:
        assert len(path.read_text().splitlines()) <= 300


REGRESSION = {
    "model": {
        "terms": [{"factors": [{"kind": "column", "column": "x"}]}],
        "intercept": True,
        **{name: {} for name in ("levels", "references", "collapse")},
        **dict.fromkeys(("weights", "offset", "cluster")),
    },
    "outcome": {"column": "y", "levels": None, "positive": None},
    "site_effect": False,
}
PARTIALS = {
    "summary": (
        "v6_summary.v4",
        "summary_partial",
        "describe",
        {"names": ["x"], "group_by": None, "levels": {}, "collapse": {}},
    ),
    "logistic": (
        "v6_logistic.v4",
        "logistic_regression_partial",
        "start",
        REGRESSION,
    ),
    "glm": (
        "v6_glm.v4",
        "generalized_linear_model_partial",
        "start",
        REGRESSION | {"family": "poisson", "link": "log"},
    ),
}


@pytest.mark.parametrize("analysis", PARTIALS)
def test_a_partial_imports_nothing_heavy(analysis: str) -> None:
    """In a fresh interpreter: the entry module, and one answer through it."""
    module, function, step, arguments = PARTIALS[analysis]
    program = (
        f"import sys, json, pandas as pd, {module} as entry\n"
        "frame = pd.DataFrame({'x': range(50), 'y': [0, 1] * 25})\n"
        f"found = entry.{function}(version='0.1.0', step={step!r}, index=0, count=2,\n"
        f" arguments={arguments!r}, mock_data=[frame])\n"
        "assert found['status'] == 'ok', found\n"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = json.loads(done.stderr)
    assert [name for name in loaded if name.startswith((*HEAVY, *KEYS))] == []


# What a partial that checks its questions imports beside: the central side, and keys.
CENTRAL = ("v6_clinical.secure", "v6_clinical.protocol.stepper", "cryptography")


@pytest.mark.parametrize("mode", ["off", "required"])
@pytest.mark.parametrize("fit", ["summary", "logistic", "glm", "cox"])
def test_only_a_partial_that_checks_its_questions_imports_the_central_side(
    fit: str, mode: str
) -> None:
    """In a fresh interpreter: a question, or an opening. Nothing heavy in any mode."""
    run = Run(fit, given=policies(mode=mode))
    central = run.policies[0]
    assert run.start(central)["status"] == "completed"
    package = face_of(FITS[fit][0]).package
    own = {"V6C_MIN_ROWS": "3", "V6C_MIN_CELL": "3"}
    own |= {} if mode == "off" else settings(3, 3, mode)
    message = run.messages[0][3]
    program = (
        f"import json, os, sys\nos.environ.update({own!r})\n"
        f"import pandas as pd, {package}.v4 as entry\n"
        "message, rows = json.loads(sys.stdin.read())\n"
        f"found = entry.{partial_name(package)}(mock_data=[pd.DataFrame(rows)], **message)\n"
        "print(json.dumps([found['status'], sorted(sys.modules)]), file=sys.stderr)"
    )
    rows = frames()[2].to_dict("list")
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps([message, rows]),
        capture_output=True,
        text=True,
        check=True,
    )
    status, loaded = json.loads(done.stderr)
    assert status == ("ok" if mode == "off" else "opening"), done.stdout
    assert [name for name in loaded if name.startswith(HEAVY)] == []
    assert any(name.startswith(CENTRAL) for name in loaded) is (mode == "required")


CENTRES = {
    "v6_summary": {"columns": ["x"]},
    "v6_logistic": {"outcome": "y", "predictors": ["x"]},
    "v6_cox": {"time": "t", "event": "y", "predictors": ["x"]},
    "v6_glm": {"outcome": "y", "family": "poisson", "predictors": ["x"]},
}


@pytest.mark.parametrize("package", CENTRES)
def test_a_centre_without_a_formula_imports_no_pandas(package: str) -> None:
    """Its first question waits for every import, and it holds no rows."""
    program = (
        f"import sys, {package}.v4\n"
        "from v6_clinical.protocol import centre\n"
        "from v6_clinical.protocol.registry import load_central\n"
        f"centre = load_central({package!r})\n"
        f"next(centre.analyse(centre.request(**{CENTRES[package]!r})))\n"
        "assert not {'pandas', 'pyarrow', 'formulaic'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_tolerances_are_tight() -> None:
    """A relative tolerance above 1e-3 proves nothing."""
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            tolerance = isinstance(node, ast.keyword) and node.arg in ("rel", "rtol")
            if tolerance and isinstance(node.value, ast.Constant):
                assert node.value.value <= 1e-3, path
