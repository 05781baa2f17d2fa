"""Federated logistic regression beside statsmodels' Logit on the pooled rows: time and memory.

``make bench``. 3 sites of a million rows with 10 predictors; pairs of runs, the median ratio. Both
have one BLAS thread a call; the local platform runs its sites side by side.
Rounds on 3 x 1e5 rows are printed too (the tests assert them).
"""

import os
import tracemalloc
import warnings

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is imported

import numpy as np
import pandas as pd
from timing import compare, seconds

from v6_clinical.platforms import local

ROWS = int(os.environ.get("BENCH_ROWS", "1000000"))
COLUMNS = [f"x{i}" for i in range(10)]
BETA = np.linspace(-0.5, 0.5, 10)
REPEATS = 3
ARGUMENTS = {"outcome": "y", "predictors": COLUMNS}


def make(site: int, rows: int) -> pd.DataFrame:
    rng = np.random.default_rng(site)
    x = rng.normal(size=(rows, 10))
    y = rng.random(rows) < 1 / (1 + np.exp(-(x @ BETA - 1)))
    return pd.DataFrame(x, columns=COLUMNS).assign(y=y.astype(np.int64))


def federated(frames: list[pd.DataFrame]) -> dict[str, object]:
    found = local.run("logistic", frames, ARGUMENTS)
    if found["status"] != "completed":
        raise RuntimeError(found["error"])
    return found


def pooled(frame: pd.DataFrame) -> None:
    import statsmodels.api as sm

    sm.Logit(frame["y"], sm.add_constant(frame[COLUMNS])).fit(disp=0)


def main() -> None:
    warnings.simplefilter("ignore")
    small = federated([make(site, 100_000) for site in range(3)])
    print(f"3 sites x 100,000 rows: {small['fit'][0]['rounds']} rounds")  # type: ignore[index]
    frames = [make(site, ROWS) for site in range(3)]
    whole = pd.concat(frames, ignore_index=True)
    pooled(whole.head(1000))  # imports are not what is measured
    pairs = [
        (seconds(lambda: federated(frames)), seconds(lambda: pooled(whole))) for _ in range(REPEATS)
    ]
    data = int(frames[0].memory_usage().sum())
    tracemalloc.start()
    local.run("logistic", frames[:1], ARGUMENTS, minimum_sites=1)
    peak = tracemalloc.get_traced_memory()[1]
    print(f"3 sites x {ROWS:,} rows x {len(COLUMNS)} predictors")
    compare(pairs, "federated logistic", "statsmodels Logit", 1)
    print(f"peak memory at a site {(data + peak) / data:.2f} x its data; bar: 4")


if __name__ == "__main__":
    main()
