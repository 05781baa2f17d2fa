"""Nothing of a likelihood can be told unguarded: which code may call what, as tests."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REGRESSIONS = [
    path.parent
    for path in sorted((ROOT / "algorithms").glob("v6_*/site.py"))
    if "v6_clinical.regression" in path.read_text()
]
SHIPPED = sorted((ROOT / "common").rglob("*.py"))
SHIPPED += [path for folder in REGRESSIONS for path in sorted(folder.rglob("*.py"))]
STEPS = ROOT / "common" / "v6_clinical" / "regression" / "site"
POLICY = ROOT / "common" / "v6_clinical" / "disclosure"
# Calls that guard, or that do without a guard, and where they may stand.
ONLY_IN_STEPS = {
    "check_shift": "R11",
    "check_coefficients": "R9",
    "check_residuals": "R9",
    "check_parameters": "R7",
    "check_combinations": "R5",
    "Cleared": "an evaluation that R9 lets be told",
    "Checked": "a point that R9 lets be told of",
}


def calls(path: Path) -> set[str]:
    """Return the names of the functions and methods that a file calls."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            name = node.func
            found |= {name.attr} if isinstance(name, ast.Attribute) else set()
            found |= {name.id} if isinstance(name, ast.Name) else set()
    return found


@pytest.mark.parametrize("name", ONLY_IN_STEPS)
def test_only_the_steps_of_all_regressions_call_their_guards(name: str) -> None:
    """So a new regression cannot forget one, and need not know of any."""
    outside = [path for path in SHIPPED if not path.is_relative_to(STEPS)]
    callers = [
        str(path.relative_to(ROOT))
        for path in outside
        if name in calls(path) and not path.is_relative_to(POLICY)
    ]
    assert callers == []
    inside = [path for path in STEPS.glob("*.py") if name in calls(path)]
    assert inside, f"{name} is called nowhere"


def test_an_unchecked_evaluation_is_computed_with_and_not_told() -> None:
    """``unchecked`` is for a site's own search of an optimum: its results pass ``check`` again."""
    callers = {
        str(path.relative_to(ROOT / "common" / "v6_clinical" / "regression"))
        for path in SHIPPED
        if "unchecked" in calls(path)
    }
    assert callers == {"glm/site_likelihood.py", "site/guard.py", "site/own_fit.py"}


@pytest.mark.parametrize("package", REGRESSIONS, ids=lambda folder: folder.name)
def test_a_regression_takes_its_steps_from_the_common_ones(package: Path) -> None:
    """Its ``site`` brings what differs and writes no step."""
    text = (package / "site.py").read_text()
    assert "STEPS = site_steps(" in text
    assert "SiteAnswer" not in text
