"""What the blur costs a site: a middle round with noise beside the same round without.

Both are timed in turn in one process, and their ratio is what counts: seconds are the machine's.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from math import inf

import pandas as pd

from bench.benchmark_cases import CASES as SETTINGS
from bench.benchmark_cases import Case
from bench.meter import memory, metered, reply
from helpers.policies import EXACT, exact
from v6_clinical.protocol.registry import face_of, load_site

REPEATS = 5, 25  # at least, and at most while a ratio is above its bar
BLURRED = exact(blur=0.01, blur_rows=0.25, secret=bytes(32))
BARS = SETTINGS["bars"]
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
        bar = BARS["blur"][name]
        found[f"blur: {name}, x exact"] = round(_ratio(case, question, frame, bar), 2)
        found[f"blur memory: {name}, columns"] = round(columns(case, question, frame), 2)
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


def _ratio(case: Case, question: str, frame: pd.DataFrame, bar: float) -> float:
    """Return the ratio of least seconds, in turn: whatever else runs only adds to them."""
    site = load_site(face_of(case.analysis).package)
    least = {EXACT: inf, BLURRED: inf}
    for repeat in range(REPEATS[1]):
        if repeat >= REPEATS[0] and least[BLURRED] <= bar * least[EXACT]:
            break
        for policy in least:
            seconds = _cpu(lambda policy=policy: reply(site, question, frame, policy))
            least[policy] = min(least[policy], seconds)
    return least[BLURRED] / least[EXACT]


def columns(case: Case, question: str, frame: pd.DataFrame) -> float:
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
