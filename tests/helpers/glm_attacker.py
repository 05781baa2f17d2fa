"""Questions to a site that runs generalized linear models, and rows to ask about."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from helpers import attacker
from helpers import logistic_attacker as logistic
from v6_clinical.disclosure import Policy

PACKAGE = "v6_glm"
RNG = logistic.RNG
N, VICTIM = logistic.N, logistic.VICTIM
WithoutR9 = logistic.WithoutR9


def ask(
    frame: pd.DataFrame, step: Any, arguments: Any, policy: Policy | None = None
) -> attacker.Answer:
    return attacker.ask(PACKAGE, frame, step, arguments, policy)


def opening(family: str, link: str, *terms: Any, **more: Any) -> dict[str, Any]:
    return logistic.opening(*terms, **more) | {"family": family, "link": link}


def at(
    family: str, link: str, intercept: float, slopes: Any, *terms: Any, **more: Any
) -> dict[str, Any]:
    """Return the arguments of ``evaluate``."""
    asked = logistic.at(intercept, slopes, *terms, **more)
    return asked | {"family": family, "link": link, "origin": intercept}


def last(**more: Any) -> dict[str, Any]:
    """Return what a report is asked for."""
    return {"meat": False} | more


def counted() -> pd.DataFrame:
    """Return patients whose outcome is a count, a quarter of them 0."""
    return logistic.patients().assign(y=RNG.permutation(np.arange(N) % 4))
