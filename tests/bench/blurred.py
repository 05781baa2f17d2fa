"""What the blur costs a site: a middle round with noise beside the same round without.

Both are timed in turn in one process, and their ratio is what counts: seconds are the machine's.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace

import pandas as pd

from bench.benchmark_cases import Case
from bench.meter import memory, metered, reply
from helpers.policies import EXACT, exact
from v6_clinical.protocol.registry import face_of, load_site

REPEATS = 5
BLURRED = exact(blur=0.01, blur_rows=0.25, secret=bytes(32))
# One site each: a million rows, and 50 predictors.
CASES = [
    Case("logistic", 1_000_000, 10, 1),
    Case("logistic", 200_000, 50, 1),
    Case("cox", 1_000_000, 10, 1),
    Case("logistic", 1_000_000, 10, 1, model="weights"),
    Case("glm", 1_000_000, 10, 1, model="poisson exposure"),
    Case("glm", 1_000_000, 10, 1, model="gaussian weights"),
]


def costs() -> dict[str, float]:
    """Return the ratio of CPU time, and how many columns more memory holds, of each case."""
    found = {}
    for case in CASES:
        frame, question = case.frames()[0], middle(case)
        name = f"{case.name}, {case.rows:,} rows, p = {case.predictors}"
        found[f"blur: {name}, x exact"] = round(_ratio(case, question, frame), 2)
        found[f"blur memory: {name}, columns"] = round(_columns(case, question, frame), 2)
    return found


def middle(case: Case) -> str:
    """Return the question of a round that is neither the first nor the last, if there is one."""
    few = replace(case, rows=3_000 * case.predictors, sites=3)
    meter, _ = metered(few, few.frames())
    middle = (
        question
        for question in meter.first
        if (asked := json.loads(question))["step"] == "evaluate"
        and not asked["arguments"]["report"]
    )
    return next(middle, meter.first[0])


def _ratio(case: Case, question: str, frame: pd.DataFrame) -> float:
    site = load_site(face_of(case.analysis).package)
    exact_seconds, blurred_seconds = [], []
    for _ in range(REPEATS):
        exact_seconds.append(_cpu(lambda: reply(site, question, frame, EXACT)))
        blurred_seconds.append(_cpu(lambda: reply(site, question, frame, BLURRED)))
    return min(blurred_seconds) / min(exact_seconds)


def _columns(case: Case, question: str, frame: pd.DataFrame) -> float:
    """Return how much more the blur holds at its peak, in columns of the data."""
    data = float(frame.memory_usage(index=False).sum())
    without, with_noise = (memory(case, [question], frame, p) for p in (EXACT, BLURRED))
    return (with_noise - without) * data / (8 * len(frame))


def _cpu(run: Callable[[], object]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


if __name__ == "__main__":
    for name, value in costs().items():
        print(f"{name}: {value}")
