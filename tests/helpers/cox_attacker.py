"""Questions to a site that runs Cox regression, and rows to ask about."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from helpers import attacker
from helpers.policies import exact
from v6_clinical.disclosure import Policy

PACKAGE = "v6_cox"


def ask(
    frame: pd.DataFrame, step: Any, arguments: Any, policy: Policy | None = None
) -> attacker.Answer:
    return attacker.ask(PACKAGE, frame, step, arguments, policy)


def refusal(frame: pd.DataFrame, arguments: Any, step: str = "start", **policy: Any) -> str:
    """Return the code with which a site refuses."""
    found = ask(frame, step, arguments, exact(**policy) if policy else None)
    assert found["status"] == "refused", found
    return str(found["code"])


def opening(*predictors: str, **more: Any) -> dict[str, Any]:
    terms = [{"factors": [{"kind": "column", "column": name}]} for name in predictors or ("x",)]
    model: dict[str, Any] = dict.fromkeys(("weights", "offset", "cluster"))
    model |= {"terms": terms, "intercept": True}
    model |= {name: {} for name in ("levels", "references", "collapse")}
    survival = {"time": "t", "event": "e", "entry": None, "strata": [], "ties": "efron"}
    survival["event_value"] = None
    strata = [{"column": name, "levels": None, "collapse": {}} for name in more.pop("strata", [])]
    survival["strata"] = strata
    exact = more.pop("exact", False)
    survival |= {name: more.pop(name) for name in list(more) if name in survival}
    return {"model": model | more, "survival": survival, "exact": exact}


def evaluate(slopes: list[float], report: Any = None, **more: Any) -> dict[str, Any]:
    question = more.pop("question", None) or opening(**more)
    extra = {"shift": [0.0] * len(slopes), "slopes": slopes, "times": None, "null": False}
    return question | extra | {"report": report}


def report(**more: Any) -> dict[str, Any]:
    return {"meat": False, "steps": None, "transform": "identity", "grid": None} | more


def people(n: int = 60, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    time, end = rng.exponential(100, n) * np.exp(-0.5 * x), rng.exponential(200, n)
    found = np.minimum(time, end) + 0.123456789
    return pd.DataFrame(
        {
            "x": x,
            "arm": rng.choice(["A", "B"], n),
            "t": found.round(9),  # a time that a CSV file gives back to the last digit
            "e": (time <= end).astype(int),
            "s": rng.choice(["u", "v"], n),
        }
    )
