"""Three sites with good rows, one request for each analysis, and the digits that must agree."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from helpers.policies import EXACT
from v6_clinical.disclosure import Policy
from v6_clinical.platforms import local

N = 120
OPEN = Policy.open()
REQUESTS: dict[str, dict[str, Any]] = {
    "summary": {"columns": ["age", "stage"]},
    "logistic": {"outcome": "y", "predictors": ["age", "bmi", "stage"]},
    "cox": {"time": "t", "event": "y", "predictors": ["age", "bmi", "stage"]},
    "glm": {"family": "poisson", "outcome": "y", "predictors": ["age", "bmi", "stage"]},
}
# What a fit iterates to, or a sum in another order, may differ by.
RELATIVE = 1e-7


@cache
def _good(k: int) -> pd.DataFrame:
    rng = np.random.default_rng(k)
    age, bmi = rng.normal(60, 10, N), rng.normal(27, 4, N)
    stage = rng.permutation(np.resize(["I", "II", "III"], N))
    lean = 0.05 * (age - 60) - 0.1 * (bmi - 27) + 0.5 * (stage == "II")
    return pd.DataFrame(
        {
            "y": (rng.random(N) < 1 / (1 + np.exp(-lean))).astype(int),
            "t": np.ceil(rng.exponential(100, N) * np.exp(-0.5 * lean)),
            "age": age,
            "bmi": bmi,
            "stage": stage,
            "w": rng.uniform(1, 3, N),
            "o": rng.normal(0, 0.3, N),
            "c": np.arange(N) % 30,
        }
    )


def good(k: int) -> pd.DataFrame:
    """Return the rows of site k, to be spoilt."""
    return _good(k).copy()


def run(
    analysis: str, frames: Sequence[pd.DataFrame], policy: Policy | None = None, **more: Any
) -> dict[str, Any]:
    """Run the analysis's request over sites, exact ones as a rule; it is strict JSON (B26)."""
    given = REQUESTS[analysis] | more
    given = {name: value for name, value in given.items() if value is not None}
    found = local.run(analysis, frames, given, policy=EXACT if policy is None else policy)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    return found


def pooled(
    analysis: str, frames: Sequence[pd.DataFrame], policy: Policy | None = None, **more: Any
) -> dict[str, Any]:
    """Return the answer on all rows in one place; Cox regression has a baseline a site."""
    rows = pd.concat([f.assign(site=f"s{k}") for k, f in enumerate(frames)], ignore_index=True)
    given = REQUESTS[analysis] | ({"strata": ["site"]} if analysis == "cox" else {}) | more
    return local.run(
        analysis, [rows], given, policy=OPEN if policy is None else policy, minimum_sites=1
    )


def digits(found: dict[str, Any]) -> dict[str, float]:
    """Return the numbers of a result that no limit withholds, by name."""
    assert found["status"] == "completed", found["error"]
    if "coefficients" in found:
        numbers = {
            f"{row['term']} {name}": row[name]
            for row in found["coefficients"]
            for name in ("estimate", "std_error")
        }
        return numbers | {"log_likelihood": found["fit"][0]["log_likelihood"]}
    numbers = {
        f"{row['variable']} {name}": row[name]
        for row in found["numeric"]
        for name in ("n", "mean", "sd")
    }
    return numbers | {f"{r['variable']} {r['level']}": r["count"] for r in found["categorical"]}


def ended(found: dict[str, Any]) -> str:
    """Return the code of an analysis that ended without tables."""
    assert found["status"] in ("refused", "failed"), "it gave tables"
    assert not {"coefficients", "fit", "numeric", "categorical"} & set(found)
    assert found["error"]["code"] != "INTERNAL", found["error"]
    assert found["error"]["remedy"]
    return str(found["error"]["code"])
