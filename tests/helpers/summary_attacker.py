"""Questions to a site that runs the summary, and rows to ask about."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from helpers import attacker
from v6_clinical.disclosure import Policy

PACKAGE = "v6_summary"
RNG = np.random.default_rng(11)  # begins anew for each test: see privacy/conftest.py


def ask(
    frame: pd.DataFrame, step: Any, arguments: Any, policy: Policy | None = None, **more: Any
) -> attacker.Answer:
    return attacker.ask(PACKAGE, frame, step, arguments, policy, **more)


def describe(frame: pd.DataFrame, *names: str, **more: Any) -> attacker.Answer:
    arguments = {"names": list(names), "group_by": None, "levels": {}, "collapse": {}}
    policy = more.pop("policy", None)
    return ask(frame, "describe", arguments | more, policy)


def tabulate(frame: pd.DataFrame, policy: Policy | None = None, **more: Any) -> attacker.Answer:
    arguments: dict[str, Any] = {"numeric": [], "categorical": [], "group": None}
    arguments |= {"correlation": False, "per_site": False, "finer": []}
    return ask(frame, "tabulate", arguments | more, policy)


def numeric(name: str, level: int = 0, first: int = -200, last: int = 200) -> dict[str, Any]:
    return {"name": name, "shift": 0.0, "window": {"level": level, "first": first, "last": last}}


def factor(name: str, *levels: str) -> dict[str, Any]:
    return {"name": name, "levels": list(levels), "collapse": {}}


def ages(n: int = 60) -> pd.DataFrame:
    return pd.DataFrame({"age": RNG.integers(20, 90, n).astype(float)})


def cut(frame: pd.DataFrame, name: str, at: int, policy: Policy | None = None) -> Any:
    """Group by a column cut in two at a chosen place; return the answer."""
    labels = sorted({str(value) for value in frame[name]}, key=lambda text: text.zfill(9))
    group = {
        "name": name,
        "levels": ["low", "high"],
        "collapse": {"low": labels[:at], "high": labels[at:]},
    }
    return tabulate(frame, policy, numeric=[numeric("y")], group=group)
