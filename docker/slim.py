"""Build stage: take out of an environment what no analysis runs: tests, headers, build tools."""

import shutil
import sys
from pathlib import Path

# numpy.testing, which scipy imports, takes one module from numpy's own tests.
KEPT = "numpy/_core/tests"
BUILD_TOOLS = ("setuptools", "_distutils_hack", "pkg_resources", "wheel", "pip")
SOURCES = (".pyx", ".pxd", ".pxi", ".h", ".hpp", ".c", ".cc", ".cpp", ".f90", ".a")


def slim(environment: Path) -> None:
    """Delete test suites, C headers and sources, and the packages that only build others."""
    (site,) = environment.glob("lib/python3*/site-packages")
    for folder in sorted(site.rglob("tests")):
        if folder.is_dir() and folder.relative_to(site).as_posix() != KEPT:
            shutil.rmtree(folder, ignore_errors=True)
    for name in BUILD_TOOLS:
        for path in (site / name, *site.glob(f"{name}-*.dist-info")):
            shutil.rmtree(path, ignore_errors=True)
    (site / "distutils-precedence.pth").unlink(missing_ok=True)
    for path in site.rglob("*"):
        if path.suffix in SOURCES and path.is_file():
            path.unlink()


if __name__ == "__main__":
    slim(Path(sys.argv[1]))
