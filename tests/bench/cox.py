"""A whole Cox fit beside R's coxph and lifelines on the same rows: time and memory.

``make bench``. A million rows with 10 predictors and continuous times at one site of the local
platform; everything has one BLAS thread. R fits the model alone (no cox.zph, which the federated
fit includes); without Rscript and its package survival it is left out. lifelines takes minutes at
that size: it is measured on a tenth of the rows, beside ours on these. Rounds on 3 x 1e5 rows are
printed too (the tests assert them).
"""

import os
import shutil
import subprocess
import tempfile
import tracemalloc
import warnings
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is imported

import numpy as np
import pandas as pd
from timing import compare, seconds

from v6_clinical.platforms import local

ROWS = int(os.environ.get("BENCH_ROWS", "1000000"))
COLUMNS = [f"x{i}" for i in range(10)]
BETA = np.linspace(-0.5, 0.5, 10)
REPEATS = 3
ARGUMENTS = {"time": "t", "event": "e", "predictors": COLUMNS}
SCRIPT = """
suppressMessages(library(survival))
data <- readRDS(commandArgs(TRUE)[1])
took <- system.time(coxph(Surv(t, e) ~ {right}, data))[["elapsed"]]
cat("seconds", took)
"""
CONVERT = """
files <- commandArgs(TRUE)
saveRDS(read.csv(files[1]), files[2], compress = FALSE)
"""


def make(site: int, rows: int) -> pd.DataFrame:
    rng = np.random.default_rng(site)
    x = rng.normal(size=(rows, 10))
    time, end = rng.exponential(size=rows) * np.exp(-x @ BETA), rng.exponential(2.0, rows)
    frame = pd.DataFrame(x, columns=COLUMNS)
    return frame.assign(t=np.minimum(time, end), e=(time <= end).astype(np.int64))


def ours(frames: list[pd.DataFrame]) -> dict[str, Any]:
    found = local.run("cox", frames, ARGUMENTS, minimum_sites=1)
    if found["status"] != "completed":
        raise RuntimeError(found["error"])
    return found


def r(script: str, *words: str) -> str:
    command = ["Rscript", "-e", script, *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def with_r(frame: pd.DataFrame) -> None:
    """Print pairs of ours and R's coxph."""
    if shutil.which("Rscript") is None:
        print("Rscript is not there: R is left out")
        return
    with tempfile.TemporaryDirectory() as folder:
        csv, rds = str(Path(folder) / "rows.csv"), str(Path(folder) / "rows.rds")
        frame.to_csv(csv, index=False)
        r(CONVERT, csv, rds)
        script = SCRIPT.format(right=" + ".join(COLUMNS))
        pairs = [
            (seconds(lambda: ours([frame])), float(r(script, rds).split()[-1]))
            for _ in range(REPEATS)
        ]
    print(f"{len(frame):,} rows x 10 predictors, one site")
    compare(pairs, "whole federated fit", "R coxph", 0.33)


def with_lifelines(frame: pd.DataFrame) -> None:
    from lifelines import CoxPHFitter

    mine = min(seconds(lambda: ours([frame])) for _ in range(REPEATS))
    theirs = seconds(lambda: CoxPHFitter().fit(frame, "t", "e"))
    print(f"{len(frame):,} rows: ours {mine:.2f} s, lifelines {theirs:.2f} s")
    print(f"lifelines takes {theirs / mine:.0f} times as long; bar: 50")


def main() -> None:
    warnings.simplefilter("ignore")
    small = ours([make(site, 100_000) for site in range(3)])
    print(f"3 sites x 100,000 rows: {small['fit'][0]['rounds']} rounds")
    frame = make(0, ROWS)
    with_r(frame)
    data = int(frame.memory_usage().sum())
    tracemalloc.start()
    ours([frame])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(f"peak memory at the site {(data + peak) / data:.2f} x its data; bar: 4")
    with_lifelines(frame.head(max(ROWS // 10, 1000)))


if __name__ == "__main__":
    main()
