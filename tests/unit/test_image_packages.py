"""An image holds the packages that its analysis imports, and no other: read from the code."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "ci" / "packages_of.py"


@pytest.fixture
def packages_of() -> Callable[..., list[str]]:
    spec = spec_from_file_location("packages_of", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Callable[..., list[str]] = module.packages_of
    return found


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        package, _, module = name.partition("__")
        file = folder / package / f"{module.replace('__', '/')}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


IMPORTS = {
    "import v6_cox": ["v6_cox", "v6_survival"],
    "import v6_cox.kernel.jumps as jumps": ["v6_cox", "v6_survival"],
    "from v6_cox.kernel import jumps": ["v6_cox", "v6_survival"],
    "def late():\n    from v6_cox import kernel": ["v6_cox", "v6_survival"],
    "if TYPE_CHECKING:\n    from v6_cox.kernel import Jumps": ["v6_cox", "v6_survival"],
    "import numpy, v6_cox": ["v6_cox", "v6_survival"],
    "import v6_mean": ["v6_cox", "v6_mean", "v6_survival"],  # which imports v6_cox
    "import v6_clinical.labels, v6_other, vantage6": ["v6_survival"],  # none of the folder's
    "from . import v6_cox": ["v6_survival"],
    "x = 'import v6_cox'  # import v6_cox": ["v6_survival"],
}


@pytest.mark.parametrize("text", IMPORTS)
def test_what_is_imported_is_found(
    text: str, tmp_path: Path, packages_of: Callable[..., list[str]]
) -> None:
    write(
        tmp_path,
        v6_survival__site="",
        v6_survival__kernel__curves=text,
        v6_cox__site="import v6_survival",  # a circle ends
        v6_mean__site="from v6_cox import site",
    )
    assert packages_of("v6_survival", tmp_path) == IMPORTS[text]


def test_a_package_that_is_not_there_is_named(
    tmp_path: Path, packages_of: Callable[..., list[str]]
) -> None:
    with pytest.raises(FileNotFoundError, match="v6_none"):
        packages_of("v6_none", tmp_path)


@pytest.mark.parametrize(
    "package", sorted(path.parent.name for path in (ROOT / "algorithms").glob("*/face.py"))
)
def test_our_images_hold_their_own_package(package: str) -> None:
    done = subprocess.run(
        [sys.executable, SCRIPT, package], capture_output=True, text=True, check=True
    )
    assert package in done.stdout.split()


def test_no_analysis_is_named_where_images_are_made() -> None:
    """A new one needs no line there."""
    packages = [path.parent.name for path in (ROOT / "algorithms").glob("*/face.py")]
    names = {form for one in packages for form in (one, one.replace("_", "-"))}
    files = [ROOT / "Makefile", *(ROOT / ".github").rglob("*.yml")]
    files += [ROOT / "docker" / "Dockerfile", *(ROOT / "ci").glob("build"), ROOT / "ci" / "images"]
    assert packages
    for file in files:
        text = file.read_text()
        assert not [name for name in names if name in text], file
