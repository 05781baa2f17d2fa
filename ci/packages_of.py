"""Print the analysis packages that an image holds: its own, and those that its code imports.

Usage: ci/packages_of.py PACKAGE. Found from the import statements of the package's files, wherever
in a file they stand, and from those of the packages found so: no list is kept anywhere.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ALGORITHMS = Path(__file__).parents[1] / "algorithms"


def packages_of(package: str, algorithms: Path = ALGORITHMS) -> list[str]:
    """Return the package and all that it imports of the folder, directly or not, sorted.

    Raises
    ------
    FileNotFoundError
        If the folder holds no such package.
    """
    if not (algorithms / package).is_dir():
        raise FileNotFoundError(f"there is no package {package} in {algorithms}")
    found: set[str] = set()
    waiting = {package}
    while waiting:
        found |= waiting
        imported = {name for one in waiting for name in _imported(algorithms / one)}
        waiting = {name for name in imported - found if (algorithms / name).is_dir()}
    return sorted(found)


def _imported(folder: Path) -> set[str]:
    """Return the first part of every module that the folder's files import by its full name."""
    names: set[str] = set()
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names.add(node.module.partition(".")[0])
    return names


if __name__ == "__main__":
    sys.stdout.write(" ".join(packages_of(sys.argv[1])) + "\n")
