"""Measure the cases of ``cases.toml``, each in a process of its own, and write the results.

``ci/bench`` calls this. ``results.json`` is written anew, and the pages are made from it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

for threads in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")  # before numpy is imported: as in the images

from bench import benchmark_cases
from bench.benchmark_cases import ANALYSES, DOCS, Case

PACKAGES = ("numpy", "pandas", "scipy", "statsmodels", "glum", "lifelines", "scikit-survival")


def main() -> None:
    """Read the options and measure."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--only", choices=ANALYSES, help="one analysis")
    words.add_argument("--large", action="store_true", help="1e7 rows too")
    words.add_argument("--quick", action="store_true", help="10,000 rows at most, to try it out")
    words.add_argument("--out", type=Path, default=DOCS, help="folder of results.json and pages")
    words.add_argument(
        "--published",
        type=Path,
        default=os.environ.get("V6_PUBLISHED"),
        help="folder with checkouts v6-glm-py and v6-summary-py (or variable V6_PUBLISHED)",
    )
    words.add_argument("--case", help=argparse.SUPPRESS)  # measure this one here
    options = words.parse_args()
    if options.case:
        print(json.dumps(_measure(options.case)))
        return
    results = _results(options)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    from bench.pages import write

    write(options.out)


def _results(options: argparse.Namespace) -> dict[str, Any]:
    most = 10_000 if options.quick else None
    grid = benchmark_cases.grid(large=options.large, most_rows=most or float("inf"))
    found: dict[str, Any] = {"machine": machine()}
    found["startup"] = _child("startup")
    found["grid"] = [_child("figures", case) for case in grid if _wanted(case, options)]
    pairs = benchmark_cases.pairs(most_rows=most)
    found["pairs"] = [_child("compare", case) for case in pairs if _wanted(case, options)]
    found["published"] = []
    if options.published is None:
        print("published vantage6 algorithms: no folder is given (--published), left out")
    else:
        folder = str(Path(options.published).resolve())
        published = [case for case in benchmark_cases.pairs("published") if _wanted(case, options)]
        found["published"] = [_child("published", case, folder) for case in published]
    return found


def _wanted(case: Case, options: argparse.Namespace) -> bool:
    return options.only in (None, case.analysis)


def _child(kind: str, case: Case | None = None, folder: str = "") -> Any:
    """Measure in a process of its own: no case finds the memory as another left it."""
    start = time.monotonic()
    task = json.dumps([kind, None if case is None else case.to_json(), folder])
    command = [sys.executable, "-m", "bench.run", "--case", task]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    about = "" if case is None else f" {case.analysis} {case.rows} x {case.predictors}, "
    about += "" if case is None else f"{case.sites} sites"
    print(f"{kind}{about}: {time.monotonic() - start:.1f} s", flush=True)
    return json.loads(done.stdout.splitlines()[-1])


def _measure(task: str) -> Any:
    import warnings

    warnings.simplefilter("ignore")  # of peers
    kind, text, folder = json.loads(task)
    if kind == "startup":
        from bench.startup import stages

        return stages()
    case = Case.from_json(text)
    if kind == "figures":
        from bench.meter import figures

        return figures(case)
    if kind == "compare":
        from bench.compare import compare

        return compare(case)
    from bench.published import compare_published

    return compare_published(case, Path(folder))


def machine() -> dict[str, Any]:
    """Return what the numbers were measured on, and how busy it was."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": models[0] if models else "unknown",
        "cores": os.cpu_count(),
        "memory_gb": round(memory / 2**30),
        "load_at_start": round(os.getloadavg()[0], 1),
        "date": time.strftime("%Y-%m-%d"),
        "python": sys.version.split()[0],
        "R": _r_version(),
        **{name: version(name) for name in PACKAGES},
    }


def _r_version() -> str | None:
    program = "cat(R.version$major, R.version$minor, sep = '.')"
    try:
        done = subprocess.run(["Rscript", "-e", program], capture_output=True, text=True)
    except FileNotFoundError:
        return None
    return done.stdout or None


if __name__ == "__main__":
    main()
