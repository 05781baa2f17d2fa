"""Questions to a site that runs logistic regression, and rows to ask about."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from helpers import attacker
from helpers.policies import ExactPolicy, exact
from v6_clinical.disclosure import Policy

PACKAGE = "v6_logistic"
RNG = np.random.default_rng(5)  # begins anew for each test: see privacy/conftest.py
N = 100
VICTIM = 7
NO_OWN = exact(allow_per_site=False)  # sums at 0, where their algebra is the simplest
OUTCOME = {"column": "y", "levels": None, "positive": None}


def ask(
    frame: pd.DataFrame, step: Any, arguments: Any, policy: Policy | None = None, **more: Any
) -> attacker.Answer:
    return attacker.ask(PACKAGE, frame, step, arguments, policy, **more)


def column(name: str) -> dict[str, Any]:
    return {"factors": [{"kind": "column", "column": name}]}


def factor(kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {"factors": [{"kind": kind, "column": name, **more}]}


def spline(step: float, *placed: float) -> dict[str, Any]:
    inner = {"knots": list(placed[1:-1]), "lower": placed[0], "upper": placed[-1]}
    return factor("spline", "age", basis="ns", step=step, placed=list(placed), **inner)


def opening(*terms: Any, outcome: Any = OUTCOME, **more: Any) -> dict[str, Any]:
    model: dict[str, Any] = dict.fromkeys(("weights", "offset", "cluster"))
    model |= {name: {} for name in ("levels", "references", "collapse")}
    parts = [column(term) if isinstance(term, str) else term for term in terms]
    model |= {"terms": parts, "intercept": True}
    return {"model": model | more, "outcome": outcome, "site_effect": False}


def start(frame: pd.DataFrame, *terms: Any, policy: Policy | None = None, **more: Any) -> Any:
    return ask(frame, "start", opening(*terms, **more), policy)


def at(
    intercept: float, slopes: Any, *terms: Any, report: Any = None, null: Any = None, **more: Any
) -> dict[str, Any]:
    """Return the arguments of ``evaluate``."""
    shift = more.pop("shift", [0.0] * len(slopes))
    place = {"shift": shift, "intercepts": [intercept], "slopes": list(slopes), "null": null}
    return opening(*terms, **more) | place | {"report": report}


def wanted(**more: Any) -> dict[str, Any]:
    """Return what a report is asked for."""
    return {"meat": False, "grid": None} | more


def patients(n: int = N) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "y": RNG.permutation(np.arange(n) % 2),
            "age": RNG.normal(60, 12, n),
            "bmi": RNG.normal(27, 4, n),
            "arm": RNG.permutation(np.resize(["a", "b", "c"], n)),
        }
    )


def twins(differ: int) -> pd.DataFrame:
    """Return patients with two dummies that differ in few of them."""
    first = RNG.permutation(np.arange(N) % 2)
    second = first.copy()
    second[VICTIM : VICTIM + differ] = 1
    first[VICTIM : VICTIM + differ] = 0
    return patients().assign(first=first, second=second)


class WithoutR9(ExactPolicy):
    """Coefficients, residuals and combinations of columns are not looked at."""

    def check_coefficients(self, *_: Any, **__: Any) -> None:
        """Let everything pass."""

    def check_residuals(self, *_: Any, **__: Any) -> None:
        """Let everything pass."""

    def check_combinations(self, *_: Any, **__: Any) -> None:
        """Let everything pass."""


def run(frames: list[pd.DataFrame], policy: Any = None, **arguments: Any) -> attacker.Answer:
    asked = {"outcome": "y", "predictors": ["age", "bmi"]} | arguments
    return attacker.run(PACKAGE, frames, asked, policy)[0]
