"""Nothing rests on the order of rows, sites and columns (B25); messages are strict JSON (B26)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.client_and_wrapper import wrapper
from helpers.face_examples import CASES
from helpers.three_sites import REQUESTS, N, digits, good, run
from v6_clinical.protocol.registry import face_of, load_central

MORE: dict[str, dict[str, Any]] = {
    "summary": {"columns": ["age", "bmi", "stage"]},
    "logistic": {"weights": "w", "offset": "o", "cluster": "c"},
    "cox": {"weights": "w", "offset": "o"},
    "glm": {"weights": "w", "offset": "o"},
}


def shuffled(kind: str) -> list[pd.DataFrame]:
    rng = np.random.default_rng(4)
    frames = [good(k) for k in (1, 2, 3)]
    if kind == "rows":
        return [frame.iloc[rng.permutation(N)] for frame in frames]
    if kind == "columns":
        return [frame[rng.permutation(frame.columns)] for frame in frames]
    return frames[::-1]


@pytest.mark.parametrize("analysis", REQUESTS)
@pytest.mark.parametrize("kind", ["rows", "sites", "columns"])
def test_order_is_of_no_account_B25(analysis: str, kind: str) -> None:
    plain = run(analysis, [good(k) for k in (1, 2, 3)], **MORE[analysis])
    other = run(analysis, shuffled(kind), **MORE[analysis])
    assert digits(other) == pytest.approx(digits(plain), rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("analysis", REQUESTS)
def test_order_of_terms_is_of_no_account_B25(analysis: str) -> None:
    name = "columns" if analysis == "summary" else "predictors"
    given = ["age", "bmi", "stage"]
    frames = [good(k) for k in (1, 2, 3)]
    plain, turned = (run(analysis, frames, **{name: order}) for order in (given, given[::-1]))
    assert digits(turned) == pytest.approx(digits(plain), rel=1e-12, abs=1e-14)


def _never(token: str) -> Any:
    raise AssertionError(f"{token} in a message")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.analysis)
def test_strict_json_from_the_wrapper_B26(tmp_path: Path, case: Any) -> None:
    """With missing values in the data, no token NaN or Infinity leaves, and no value is logged."""
    package = face_of(case.analysis).package
    frame = case.frames()[0]
    frame[case.numeric_column] = frame[case.numeric_column].astype(float).mask(frame.index % 3 == 0)
    message = {
        "method": f"{load_central(package).name}_partial",
        "kwargs": case.first_message(),
    }
    found, done = wrapper(tmp_path, frame, message, package)
    assert found["status"] == "ok"
    json.loads((tmp_path / "output").read_text(), parse_constant=_never)
    assert str(frame[case.numeric_column].max()) not in done.stdout + done.stderr
