"""The layer's place: nothing that runs in an image knows of it, and it loads little itself."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAVY = ("matplotlib", "docx", "jinja2", "rich", "IPython", "vantage6", "scipy.stats")


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


def test_only_commands_use_the_analyst_layer() -> None:
    sources = [*(ROOT / "common").rglob("*.py"), *(ROOT / "algorithms").rglob("*.py")]
    users = {
        path.parent.name
        for path in sources
        if any(name.startswith("v6_clinical.analyst") for name in imported(path))
    }
    assert users <= {"analyst", "terminal", "commands", "render", "figures", "manuscript", "report"}


def test_a_fit_loads_nothing_that_only_figures_and_files_need() -> None:
    """In a fresh interpreter: import the layer, and make a federation."""
    program = (
        "import json, sys, pandas as pd\n"
        "from v6_clinical.analyst import Federation\n"
        "Federation.local([pd.DataFrame({'x': [1]})])\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [name for name in json.loads(done.stdout) if name.startswith(HEAVY)] == []
