"""The published vantage6 algorithms beside ours, all by vantage6's 4.x mock client.

They are brought to the machine by whoever runs this: a folder with checkouts ``v6-glm-py`` (1.2,
for vantage6 4.x) and ``v6-summary-py``. The mock client copies all data for each sub-task, which
is part of everybody's seconds here.
"""

from __future__ import annotations

import contextlib
import io
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
from vantage6.algorithm.tools.mock_client import MockAlgorithmClient

from bench.benchmark_cases import Case
from bench.compare import Array, answers, truth
from bench.long_digits import digits
from bench.peers import Measured
from bench.theirs import PUBLISHED
from v6_clinical.protocol.registry import face_of, load_central

REPEATS = 3
NAMES = {"summary": "v6-summary-py", "logistic": "v6-glm-py"}


def compare_published(case: Case, folder: Path) -> dict[str, Any]:
    """Measure ours and the published algorithm of the same kind."""
    name = NAMES[case.analysis]
    sys.path.insert(0, str(folder / name))
    frames = case.frames()
    whole = pd.concat(frames, ignore_index=True)
    tools = {"ours": _ours, name: _theirs}
    lines, start = [], None
    for tool, run in tools.items():
        run(case, [frame.head(500) for frame in frames])  # imports are not what is measured
        measured, counted = Measured(), _Counted(run, case, frames)
        for _ in range(REPEATS):
            measured.run(counted)
        start = measured.estimates if start is None else start
        estimates, errors = truth(case, whole, start, strata=True)
        lines.append(
            {
                "tool": tool,
                "rounds": counted.rounds,
                "seconds": measured.seconds,
                "cpu": measured.cpu,
                "digits": digits(measured.estimates, estimates),
                "digits_errors": digits(measured.errors, errors),
            }
        )
    return {"analysis": case.analysis, "rows": case.rows, "predictors": case.predictors} | {
        "sites": case.sites,
        "left_out": {},
        "tools": lines,
    }


class _Counted:
    """A run that keeps its number of rounds."""

    def __init__(self, run: Any, case: Case, frames: list[pd.DataFrame]) -> None:
        self._run, self._case, self._frames = run, case, frames
        self.rounds = 0

    def __call__(self) -> tuple[Array, Array]:
        found, self.rounds = self._run(self._case, self._frames)
        return found


def _client(frames: list[pd.DataFrame], module: str) -> Any:
    datasets = [[{"database": frame, "db_type": "csv"}] for frame in frames]
    return MockAlgorithmClient(datasets=datasets, module=module)


def _rounds(client: Any, sites: int) -> int:
    """Count rounds by the runs: one for each site and round."""
    return len(client.runs) // sites


def _ours(case: Case, frames: list[pd.DataFrame]) -> tuple[tuple[Array, Array], int]:
    package = face_of(case.analysis).package
    client = _client(frames, f"{package}.v4")
    central = getattr(import_module(f"{package}.v4"), load_central(package).name)
    found = _quiet(lambda: central(mock_client=client, **case.arguments))
    return answers(found), _rounds(client, case.sites)


def _theirs(case: Case, frames: list[pd.DataFrame]) -> tuple[tuple[Array, Array], int]:
    name = NAMES[case.analysis]
    module, client, theirs = import_module(name), _client(frames, name), PUBLISHED[name]
    central = getattr(module, theirs.method)
    found = _quiet(lambda: central(mock_client=client, **theirs.arguments("y", case.columns)))
    terms = case.columns if case.analysis == "summary" else ["Intercept", *case.columns]
    return theirs.answers(found, terms), _rounds(client, case.sites)


def _quiet(work: Any) -> Any:
    with contextlib.redirect_stdout(io.StringIO()):
        return work()
