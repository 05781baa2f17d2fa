"""What a partial costs from process start to answer, through vantage6's own wrapper."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench.benchmark_cases import ANALYSES, Case
from bench.meter import metered
from helpers.client_and_wrapper import wrapper
from v6_clinical.protocol.registry import face_of, load_central

ROWS, PREDICTORS, REPEATS = 1_000, 10, 5
# Each includes what stands above it.
STAGES = {
    "interpreter": "pass",
    "vantage6's wrapper": "import vantage6.algorithm.tools.wrap",
    "numpy, pandas, pydantic": "import vantage6.algorithm.tools.wrap, numpy, pandas, pydantic",
}


def first_question(analysis: str) -> tuple[Case, dict[str, Any]]:
    """Return a case of 1,000 rows a site, and the input of its first partial."""
    import json

    case = Case(analysis, 3 * ROWS, PREDICTORS)
    meter, _ = metered(case, case.frames())
    method = f"{load_central(analysis).name}_partial"
    return case, {"method": method, "kwargs": json.loads(meter.first[0])}


def children_cpu(work: Callable[[], object]) -> float:
    """Return the least CPU seconds of child processes over a few runs of ``work``."""
    found = []
    for _ in range(REPEATS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        work()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(found)


def python(program: str) -> None:
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)


def partial(analysis: str) -> float:
    """Return CPU seconds of the first partial of an analysis.

    Raises
    ------
    RuntimeError
        If it does not answer.
    """
    case, message = first_question(analysis)
    frame = case.frames()[0]
    with tempfile.TemporaryDirectory() as folder:

        def run() -> None:
            answer, done = wrapper(Path(folder), frame, message, face_of(analysis).package)
            if answer is None or answer.get("status") != "ok":
                raise RuntimeError(f"{analysis}: {answer} {done.stderr}")

        return children_cpu(run)


def stages() -> dict[str, float]:
    """Return CPU seconds from process start to each stage, and to each analysis's answer.

    Beside them, what the machine's memory and BLAS give one thread.
    """
    found = {name: children_cpu(lambda p=program: python(p)) for name, program in STAGES.items()}
    return found | {f"answer of {analysis}": partial(analysis) for analysis in ANALYSES} | machine()


def machine() -> dict[str, float]:
    """Return bytes that one thread reads, and multiplications and additions it does, a second."""
    rows = np.random.default_rng(0).normal(size=(4_000_000, 8))
    block = np.ascontiguousarray(rows[:8192])
    read = _fastest(lambda: rows.max())
    multiplied = _fastest(lambda: block.T @ block)
    return {
        "memory bytes a second": rows.nbytes / read,
        "BLAS flops a second": len(block) * block.shape[1] ** 2 / multiplied,
    }


def _fastest(work: Callable[[], object]) -> float:
    found = []
    for _ in range(REPEATS):
        start = time.process_time()
        for _ in range(10):
            work()
        found.append((time.process_time() - start) / 10)
    return min(found)
