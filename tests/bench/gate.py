"""Fail where an analysis asks more of sites than was recorded: rounds, bytes, memory, work.

``ci/bench --gate`` in CI; ``--record`` takes ``gate.json`` down anew, to be read before it is
committed. Nothing here is a time: work is a ratio to a plain numpy kernel that is timed in turn
with it in this process, or a count of instructions. Each kind has its own tolerance.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is imported

import numpy as np

from bench.benchmark_cases import ANALYSES, CASES, Case
from bench.blurred import costs
from bench.meter import memory, metered, reply
from bench.startup import first_question
from v6_clinical.protocol.registry import face_of, load_site

RECORD = Path(__file__).with_name("gate.json")
# What a value may exceed the recorded one by, as a factor.
TOLERANCE = {
    "rounds": 1.0,
    "numbers": 1.0,
    "bytes": 1.02,  # a digit more or less
    "memory": 1.1,
    "instructions": 1.05,
    "work": 2.0,  # two noisy cores
    "blur": 1.25,
    "blur memory": 1.25,
}
GLMS = ("poisson exposure", "gaussian weights")
SMALL = [Case(analysis, 6_000, 10) for analysis in ANALYSES]
SMALL += [Case("glm", 6_000, 10, model=model) for model in GLMS]
WIDE = [Case(analysis, 10_000, 50, 10) for analysis in ("logistic", "cox")]
LONG = [Case(analysis, 1_200_000, 10) for analysis in ANALYSES]
LONG += [Case("glm", 1_200_000, 10, model=model) for model in GLMS]
REPEATS = 5
PARTIAL = """
import json, sys
from importlib import import_module
message = json.load(open(sys.argv[1]))
partial = getattr(import_module(sys.argv[2]), message["method"])
assert partial(**message["kwargs"])["status"] == "ok"
"""


def main() -> int:
    """Measure, and compare or record."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--record", action="store_true", help="take the values down anew")
    options = words.parse_args()
    found = messages() | work() | costs() | instructions()
    if options.record:
        RECORD.write_text(json.dumps(found, indent=1) + "\n")
        print(f"{len(found)} values recorded in {RECORD.name}")
        return 0
    return compare(found, json.loads(RECORD.read_text()))


def messages() -> dict[str, float]:
    """Return rounds, numbers and bytes of fits of fixed data."""
    found: dict[str, float] = {}
    for case in SMALL + WIDE:
        meter, _ = metered(case, case.frames())
        name = f"{case.name}, p = {case.predictors}"
        found[f"rounds: {name}"] = len(meter.rounds)
        for k, line in enumerate(meter.rounds, 1):
            found[f"numbers: {name}, round {k}"] = line.numbers
            found[f"bytes: {name}, round {k}"] = line.answer_bytes
    return found


def work() -> dict[str, float]:
    """Return a site's memory, and the CPU time of its steps in units of the kernel's."""
    found = {}
    for case in LONG:
        frame = case.frames()[0]
        meter, _ = metered(case, case.frames())
        found[f"memory: {case.name}, x data"] = round(memory(case, meter.first, frame), 3)
        site, rng = load_site(face_of(case.analysis).package), np.random.default_rng(0)
        x = rng.normal(size=(len(frame), case.predictors))
        ours, theirs = [], []
        for _ in range(REPEATS):
            theirs.append(_cpu(lambda x=x: kernel(x)))
            steps = [_cpu(lambda q=q: reply(site, q, frame)) for q in meter.first]  # noqa: B023
            ours.append(sum(steps))
        found[f"work: {case.name}, x kernel"] = round(min(ours) / min(theirs), 2)
    return found


def kernel(x: np.ndarray) -> None:
    """Do what regressions do, in five lines: exponentials, a sort, a weighted matrix product."""
    eta = x @ np.linspace(-0.5, 0.5, x.shape[1])
    mu = 1 / (1 + np.exp(-eta))
    order = np.argsort(eta)
    np.cumsum(mu[order])
    (x * (mu * (1 - mu))[:, None]).T @ x


def _cpu(run: Any) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def instructions() -> dict[str, float]:
    """Return the instructions of a partial from process start to answer, where callgrind is.

    They depend on the interpreter: the name says which.
    """
    if shutil.which("valgrind") is None:
        print("instructions: valgrind is not there, not counted")
        return {}
    case, message = first_question("logistic")
    with tempfile.TemporaryDirectory() as folder:
        rows, question = Path(folder) / "rows.csv", Path(folder) / "question.json"
        case.frames()[0].to_csv(rows, index=False)
        question.write_text(json.dumps(message))
        environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        environment |= {"PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"}
        environment |= {"USER_REQUESTED_DATABASE_LABELS": "default"}
        environment |= {"DEFAULT_DATABASE_URI": str(rows), "DEFAULT_DATABASE_TYPE": "csv"}
        program = [sys.executable, "-c", PARTIAL, str(question), "v6_logistic.v4"]
        subprocess.run(program, env=environment, capture_output=True, check=True)  # byte code
        count = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out"]
        done = subprocess.run(
            [*count, *program], env=environment, capture_output=True, text=True, check=False
        )
    if done.returncode:
        print("instructions: the partial does not run under valgrind here, not counted")
        return {}
    (line,) = [line for line in done.stderr.splitlines() if "Collected" in line]
    version = f"{platform.python_version()}, {platform.machine()}"
    name = f"instructions: logistic partial, 1,000 rows, Python {version}"
    return {name: int(line.split(":")[-1])}


def compare(found: dict[str, float], recorded: dict[str, float]) -> int:
    """Print every value that is worse or missing; return how many are worse."""
    worse = 0
    for name, value in found.items():
        kind = name.partition(":")[0]
        if name not in recorded:
            print(f"{name}: {value:,g}, not recorded here, not compared")
            continue
        most = recorded[name] * TOLERANCE[kind]
        if value > most:
            worse += 1
            print(f"WORSE {name}: {value:,g}, at most {most:,g} (recorded {recorded[name]:,g})")
        elif kind in ("memory", "work", "blur", "blur memory", "instructions"):
            print(f"{name}: {value:,g} (recorded {recorded[name]:,g})")
    worse += _bars(found)
    for name in sorted(set(recorded) - set(found)):
        if not name.startswith("instructions"):
            worse += 1
            print(f"WORSE {name}: recorded, but not measured")
    print(f"{len(found)} values, {worse} worse" + ("; if meant, --record" if worse else ""))
    return int(worse > 0)


def _bars(found: dict[str, float]) -> int:
    """Count what is above the bars of ``cases.toml``, whatever was recorded."""
    bars = {"memory: ": CASES["bars"]["memory"]}
    plain = "bytes: {}, p = 50, round 2"
    bars |= {plain.format(case.analysis): CASES["bars"]["evaluate_bytes"] for case in WIDE}
    bars |= {f"blur: {name}": bar for name, bar in CASES["bars"]["blur"].items()}
    bars["blur memory: "] = CASES["bars"]["blur_columns"]
    above = [
        n for n in found for start, bar in bars.items() if n.startswith(start) and found[n] > bar
    ]
    for name in above:
        print(f"WORSE {name}: {found[name]:,g} is above its bar")
    return len(above)


if __name__ == "__main__":
    sys.exit(main())
