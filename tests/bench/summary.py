"""Time and memory of the federated summary against one pandas pass over the pooled rows.

3 sites x 1e6 rows x 10 columns. Times alternate in one process and are compared as ratios; memory
is the peak of what Python and numpy allocate beside the data (tracemalloc), on a second run.
"""

import sys
import tracemalloc

import numpy as np
import pandas as pd
from timing import compare, seconds

from v6_clinical.platforms import local

ROWS = int(float(sys.argv[1])) if len(sys.argv) > 1 else 1_000_000
COLUMNS = [f"x{k}" for k in range(10)]
QUANTILES = [0.05, 0.25, 0.5, 0.75, 0.95]
REPEATS = 3


def make(site: int) -> pd.DataFrame:
    rng = np.random.default_rng(site)
    return pd.DataFrame({name: rng.gamma(k + 1.0, 10.0, ROWS) for k, name in enumerate(COLUMNS)})


def federated(frames: list[pd.DataFrame]) -> None:
    found = local.run("summary", frames, {"columns": COLUMNS})
    assert found["status"] == "completed"
    assert len(found["ledger"]) <= 4


def pooled(frame: pd.DataFrame) -> None:
    for name in COLUMNS:
        x = frame[name]
        _ = (x.mean(), x.std(), x.skew(), x.kurt(), x.quantile(QUANTILES))


def main() -> None:
    frames = [make(site) for site in range(3)]
    whole = pd.concat(frames, ignore_index=True)
    federated([frame.head(1000) for frame in frames])  # imports are not what is measured
    pairs = [
        (seconds(lambda: federated(frames)), seconds(lambda: pooled(whole))) for _ in range(REPEATS)
    ]
    data = sum(int(frame.memory_usage().sum()) for frame in frames)
    tracemalloc.start()
    federated(frames)
    peak = tracemalloc.get_traced_memory()[1]
    print(f"3 sites x {ROWS:,} rows x {len(COLUMNS)} columns")
    compare(pairs, "federated summary", "one pandas pass", 2)
    print(f"peak memory {(data + peak) / data:.2f} x the data ({data / 1e6:.0f} MB); bar: 3")


if __name__ == "__main__":
    main()
