"""A result of each kind, made by the platform ``local`` on real data: for figures and reports.

To write their reports somewhere: PYTHONPATH=tests python -m helpers.example_results FOLDER
"""

from __future__ import annotations

import copy
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.folders import DATA
from helpers.policies import EXACT
from helpers.summary_cases import dataset, split
from v6_clinical.platforms import local

COX = {"time": "time", "event": "cens", "time_horizon": 2000}
PROFILE = {"age": 50, "tsize": 20, "tgrade": "I"}
# name: analysis, data, arguments
REQUESTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "summary": (
        "summary",
        "gbsg2",
        {
            "columns": ["age", "tsize", "pnodes", "progrec", "tgrade", "menostat"],
            "group_by": "horTh",
            "correlation": True,
            "per_site": True,
        },
    ),
    "logistic": (
        "logistic",
        "fair",
        {
            "outcome": "affair",
            "predictors": ["rate_marriage", "age", "yrs_married", "children", "religious"],
        },
    ),
    "levels": (
        "logistic",
        "gbsg2",
        {
            "outcome": "cens",
            "formula": "age + pnodes + horTh + tgrade",
            "levels": {"tgrade": ["I", "II", "III"]},
            "robust": "HC0",
        },
    ),
    "cox": (
        "cox",
        "gbsg2",
        {
            **COX,
            "formula": "age + tsize + horTh + tgrade",
            "robust": True,
            "profiles": [PROFILE | {"horTh": "no"}, PROFILE | {"horTh": "yes", "tgrade": "III"}],
        },
    ),
    "strata": ("cox", "gbsg2", {**COX, "predictors": ["age", "tsize"], "strata": ["horTh"]}),
    "no_curves": ("cox", "gbsg2", {"time": "time", "event": "cens", "predictors": ["age"]}),
    "linear": (
        "glm",
        "gbsg2",
        {"family": "gaussian", "outcome": "tsize", "formula": "age + horTh", "robust": "HC0"},
    ),
    "rates": (
        "glm",
        "gbsg2",
        {
            "family": "poisson",
            "outcome": "cens",
            "exposure": "time",
            "predictors": ["age", "horTh"],
        },
    ),
    "probit": (
        "glm",
        "gbsg2",
        {"family": "binomial", "link": "probit", "outcome": "cens", "predictors": ["age"]},
    ),
    "refused": ("cox", "gbsg2", {"time": "time", "event": "cens", "predictors": ["height"]}),
    "failed": ("logistic", "separated", {"outcome": "y", "predictors": ["dose"]}),
    "bad_request": ("logistic", "gbsg2", {"outcome": "cens", "predictorz": ["age"]}),
}


@cache
def _run(name: str) -> dict[str, Any]:
    analysis, data, arguments = REQUESTS[name]
    return local.run(analysis, _frames(name, data), arguments, policy=EXACT)


def _frames(name: str, data: str) -> list[pd.DataFrame]:
    """Return even thirds; halves where thirds are too small, uneven ones to see cells withheld."""
    if name == "summary":
        return split(dataset(data), "three")
    frame = dataset(data) if data == "gbsg2" else pd.read_csv(DATA / f"{data}.csv")
    count = 2 if name == "failed" else 3
    return [frame.iloc[first::count] for first in range(count)]


@cache
def _excluded() -> dict[str, Any]:
    """Return a Cox regression that a site took no part in: it has too few rows."""
    arguments = REQUESTS["cox"][2] | {"on_refusal": "exclude"}
    return local.run("cox", split(dataset("gbsg2"), "three"), arguments, policy=EXACT)


def example(name: str) -> dict[str, Any]:
    """Return a result that the caller may change."""
    return copy.deepcopy(_excluded() if name == "excluded" else _run(name))


if __name__ == "__main__":
    from v6_clinical.analyst.report import html

    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for one in [*REQUESTS, "excluded"]:
        (folder / f"{one}.html").write_text(html(example(one)), encoding="utf-8")
