"""Build stage: take out of an environment what no analysis runs.

Tests, C sources, type stubs and build tools; of pyarrow what talks to other machines; of scipy
the subpackages that neither ours nor scipy's own statistics import. tests/images shows that what
the analyses need is still there.
"""

import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

# scipy imports numpy.testing, which takes this one module from numpy's tests.
KEPT = ("numpy/_core/tests/__init__.py", "numpy/_core/tests/_natype.py")
BUILD_TOOLS = ("setuptools", "_distutils_hack", "pkg_resources", "wheel", "pip")
SOURCES = (".pyx", ".pxd", ".pxi", ".pyi", ".h", ".hpp", ".c", ".cc", ".cpp", ".f90", ".a")
UNUSED = (
    "distutils-precedence.pth",
    "annotated_types/test_cases.py",
    "sqlalchemy/testing",
    *(f"scipy/{name}" for name in ("cluster", "datasets", "differentiate", "fftpack", "io")),
    *(f"scipy/{name}" for name in ("misc", "odr", "signal")),
    *(f"pyarrow/*{name}*" for name in ("flight", "s3", "gcsfs", "azurefs", "hdfs")),
    "pyarrow/_pyarrow_cpp_tests*",
    "pyarrow/libarrow_python*.so",  # copies: the versioned names are the ones that are loaded
    "pyarrow/libarrow_python*.so.*.*.*",
)


def slim(environment: Path) -> None:
    """Delete what is listed above."""
    (site,) = environment.glob("lib/python3*/site-packages")
    for pattern in UNUSED:
        _delete(site.glob(pattern))
    for name in BUILD_TOOLS:
        _delete([site / name, *site.glob(f"{name}-*.dist-info")])
    for path in list(site.rglob("*")):
        in_tests = "tests" in path.relative_to(site).parts
        kept = path.relative_to(site).as_posix() in KEPT
        if path.is_file() and not kept and (in_tests or path.suffix in SOURCES):
            path.unlink()
    _delete(p for p in sorted(site.rglob("tests"), reverse=True) if not any(p.iterdir()))


def _delete(paths: Iterable[Path]) -> None:
    for path in list(paths):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


if __name__ == "__main__":
    slim(Path(sys.argv[1]))
