"""What the published vantage6 algorithms are asked, and where their answers stand in theirs."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from v6_clinical.numerics.arrays import Array


@dataclass(frozen=True)
class Published:
    """A published algorithm.

    Parameters
    ----------
    method
        Its central function.
    arguments
        Make its arguments of the outcome and the columns; all others are its defaults.
    answers
        Read estimates and standard errors (means and standard deviations) of the terms, in order.
    """

    method: str
    arguments: Callable[[str, Sequence[str]], dict[str, Any]]
    answers: Callable[[Any, Sequence[str]], tuple[Array, Array]]


def _moments(found: Any, terms: Sequence[str]) -> tuple[Array, Array]:
    numeric = json.loads(found["numeric"])
    mean, deviation = (np.array([numeric[x][key] for x in terms]) for key in ("mean", "std"))
    return mean, deviation


def _coefficients(found: Any, terms: Sequence[str]) -> tuple[Array, Array]:
    table = found["coefficients"]
    estimates, errors = (np.array([table[key][x] for x in terms]) for key in ("beta", "std_error"))
    return estimates, errors


PUBLISHED = {
    "v6-summary-py": Published(
        "summary",
        lambda _, columns: {"columns": list(columns), "numeric_columns": list(columns)},
        _moments,
    ),
    "v6-glm-py": Published(
        "glm",
        lambda outcome, columns: {
            "outcome_variable": outcome,
            "predictor_variables": list(columns),
            "family": "binomial",
        },
        _coefficients,
    ),
}
