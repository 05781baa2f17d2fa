"""One table, stored in other types at each site, in any split and order, gives the same digits."""

from typing import Any

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from v6_clinical.disclosure import Policy
from v6_clinical.platforms import local

SLOW = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ROWS = 120
TEXT = ["object", "category", "string", "string[pyarrow]"]
NUMBERS = ["float64", "Float64", "object", "category", "double[pyarrow]"]
STORAGE = {
    "whole": [
        *NUMBERS,
        *("int64", "int8", "uint8", "Int64", "float32", "Float32", "int16[pyarrow]", "text"),
    ],
    "decimal": [*NUMBERS, "float32", "Float32", "float[pyarrow]", "text"],
    "word": TEXT,
}
VALUES: dict[str, list[Any]] = {
    "whole": [10, 2, 1],
    "decimal": [0.1 * 3, 0.1, 2.5],
    "word": ["B/c", "b", "a, d=1"],
}
ASKED: list[tuple[str, dict[str, Any]]] = [
    ("logistic", {"outcome": "y", "formula": "x + C(g)"}),
    ("summary", {"columns": ["x", "h"], "group_by": "g"}),
    (
        "cox",
        {
            "time": "t",
            "event": "y",
            "baseline": "exact",
            "time_horizon": 5.0,
            "formula": "x",
            "strata": ["g", "h"],
        },
    ),
]
TABLES = ("coefficients", "covariance", "baseline_hazard", "numeric", "categorical", "comparison")


def table(kind: str, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x, code = rng.normal(size=ROWS).round(3), rng.integers(3, size=ROWS)
    risk = 1 / (1 + np.exp(-x + 0.5 * code))
    return pd.DataFrame(
        {
            "x": x,
            "g": [VALUES[kind][k] for k in code],
            "h": rng.choice(["c/B", "/", "é"], size=ROWS),
            "y": (rng.random(ROWS) < risk).astype(int),
            "t": rng.exponential(size=ROWS).round(2) + 0.01,
        }
    )


def as_stored(column: pd.Series, dtype: str) -> pd.Series:
    if dtype == "text":
        return column.map(lambda value: f"{value:.15g}").astype(object)
    return column.astype(dtype)


def run(frames: list[pd.DataFrame]) -> list[dict[str, Any]]:
    found = []
    for analysis, arguments in ASKED:
        policy = Policy.open()
        result = local.run(analysis, frames, arguments, policy=policy, minimum_sites=1)
        assert result["status"] == "completed", result["error"]
        found.append({name: result[name] for name in TABLES if name in result})
    return found


@st.composite
def stored(draw: st.DrawFn) -> tuple[list[pd.DataFrame], list[pd.DataFrame]]:
    """Return the sites' rows as they come, and the same in types of each site's own."""
    kind = draw(st.sampled_from(sorted(VALUES)))
    sites = draw(st.sampled_from([1, 2, 3, 5]))
    whole = table(kind, draw(st.integers(0, 9)))
    order = np.random.default_rng(draw(st.integers(0, 99))).permutation(ROWS)
    plain = [whole.iloc[part].reset_index(drop=True) for part in np.array_split(order, sites)]
    types = [(draw(st.sampled_from(STORAGE[kind])), draw(st.sampled_from(TEXT))) for _ in plain]
    other = [
        frame.assign(g=as_stored(frame["g"], g), h=frame["h"].astype(h))
        for frame, (g, h) in zip(plain, types, strict=True)
    ]
    return plain, other


@SLOW
@given(stored())
def test_storage_changes_no_digit(given: tuple[list[pd.DataFrame], list[pd.DataFrame]]) -> None:
    plain, other = given
    assert run(other) == run(plain)


@SLOW
@given(st.sampled_from(sorted(VALUES)), st.integers(0, 99), st.sampled_from([2, 3, 5]))
def test_orders_and_splits_change_no_level(kind: str, seed: int, sites: int) -> None:
    whole = table(kind, seed % 5)
    order = np.random.default_rng(seed).permutation(ROWS)
    split = run([whole.iloc[part] for part in np.array_split(order, sites)])
    for one, many in zip(run([whole]), split, strict=True):
        for name in ("coefficients", "baseline_hazard", "numeric", "categorical"):
            ours, theirs = many.get(name, []), one.get(name, [])
            assert [labels(row) for row in ours] == [labels(row) for row in theirs]
        for ours, theirs in zip(
            many.get("coefficients", []), one.get("coefficients", []), strict=True
        ):
            assert abs(ours["estimate"] - theirs["estimate"]) < 1e-7 * theirs["std_error"]


def labels(row: dict[str, Any]) -> list[Any]:
    return [row.get(name) for name in ("term", "stratum", "variable", "group", "level")]
