"""Fits of sites that blur, over draws of the noise: near the exact one as declared, and no longer.

What the noise of many draws comes to, for each reference model, is looked at in ``ci``; here are
enough of them to notice a wrong scale, a lost term or a round too many.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers import reference_cases as cases
from helpers.blurred import FLOOR, TAU
from v6_clinical.disclosure import Policy
from v6_clinical.numerics.arrays import Array
from v6_clinical.platforms import local

DRAWS = 10
EXACT = Policy.open()
Record = dict[str, Any]
LOW = {"outcome": "low", "predictors": ["age", "lwt", "smoke"]}
MODELS: dict[str, tuple[str, str, Record]] = {
    "logistic": ("logistic", "birthwt", LOW | {"robust": "HC0"}),
    "five columns": (
        "logistic",
        "birthwt",
        {"outcome": "low", "predictors": ["age", "lwt", "smoke", "ht", "ui"]},
    ),
    "ridge": ("logistic", "birthwt", LOW | {"ridge": 2.0}),
    "gaussian": (
        "glm",
        "birthwt",
        {"family": "gaussian", "outcome": "bwt", "predictors": ["age", "lwt", "smoke"]},
    ),
    "lung": (
        "cox",
        "lung",
        {"time": "time", "event": "status", "event_value": 2, "predictors": ["age", "sex"]},
    ),
    "gbsg2": (
        "cox",
        "gbsg2",
        {"time": "time", "event": "cens", "predictors": ["age", "horTh", "tsize"]},
    ),
}


def policies(sites: int, draw: int, floor: float = FLOOR) -> list[Policy]:
    rng = np.random.default_rng(draw)
    noisy = replace(EXACT, blur=TAU, blur_rows=floor)
    return [replace(noisy, secret=rng.bytes(32)) for _ in range(sites)]


def frames(data: str) -> list[pd.DataFrame]:
    rows = cases.dataset(data)
    order = np.random.default_rng(0).permutation(len(rows))
    return [rows.iloc[some].reset_index(drop=True) for some in np.array_split(order, 3)]


@dataclass(frozen=True)
class Draws:
    """Fits of a model: without noise, and over draws of it."""

    exact: Record
    drawn: list[Record]

    def column(self, name: str) -> tuple[Array, Array]:
        """Return a column of the coefficients, shape (k,), and of all draws, (draws, k)."""
        exact, *drawn = (
            np.array([row[name] for row in one["coefficients"]])
            for one in (self.exact, *self.drawn)
        )
        return exact, np.array(drawn)

    def fit(self, name: str) -> tuple[float, Array]:
        return self.exact["fit"][0][name], np.array([one["fit"][0][name] for one in self.drawn])

    @property
    def precision(self) -> Array:
        return np.array([one["precision"] for one in self.drawn])


@cache
def draws(name: str) -> Draws:
    analysis, data, request = MODELS[name]
    exact = local.run(analysis, frames(data), request, policy=EXACT)
    drawn = [
        local.run(analysis, frames(data), request, policy=policies(3, draw))
        for draw in range(DRAWS)
    ]
    for one in (exact, *drawn):
        assert one["status"] == "completed", one["error"]
    return Draws(exact, drawn)


def apart(name: str) -> Array:
    """Return the errors of all estimates in declared standard deviations, shape (draws, k)."""
    found = draws(name)
    estimate, drawn = found.column("estimate")
    error, _ = found.column("robust_se" if "robust" in MODELS[name][2] else "std_error")
    return np.asarray(np.abs(drawn - estimate) / error / found.precision[:, None])


def root_mean_square(values: Array) -> float:
    return float(np.sqrt(np.square(values).mean()))


# The draws of a model's estimates are hardly more than ten independent numbers, those of all models
# 60: the bounds hold but for one set of secrets in a million.


def test_the_exact_estimate_lies_where_the_declared_noise_says() -> None:
    """The precision is the largest of any estimate: no more is declared than there is."""
    found = np.concatenate([apart(name).ravel() for name in MODELS])
    assert found.max() < 6.5
    assert (found < 1.96).mean() > 0.72
    assert 0.5 < root_mean_square(found) < 1.5


def test_rounds_are_one_more_than_without_noise_at_most() -> None:
    more = [
        len(one["ledger"]) - len(draws(name).exact["ledger"])
        for name in MODELS
        for one in draws(name).drawn
    ]
    assert (np.array(more) <= 1).mean() >= 0.7


def test_standard_errors_hold_the_noise() -> None:
    left = []
    for name in MODELS:
        error, drawn = draws(name).column("std_error")
        grown = np.square(drawn / error).mean()
        left.append(grown - 1 - np.square(draws(name).precision).mean())
    assert np.abs(left).max() < 0.5
    assert np.mean(left) == pytest.approx(0, abs=0.12)


def test_a_likelihood_ratio_is_off_by_what_it_tells() -> None:
    """What is told is a bound: the noise is a quarter of it."""
    off, of_aic = [], []
    for name in ("logistic", "five columns", "lung", "gbsg2"):
        found = draws(name)
        exact, drawn = found.fit("lr_statistic")
        off.append(np.abs(drawn - exact) / found.fit("lr_precision")[1])
        aic, drawn = found.fit("aic")
        of_aic.append(np.abs(drawn - aic) / found.fit("aic_precision")[1])
    assert np.max(off) < 4
    assert 0.05 < root_mean_square(np.array(off)) < 1.5
    assert np.max(of_aic) < 4


@pytest.mark.parametrize("analysis", ["logistic", "cox"])
@pytest.mark.parametrize("data", ["separated", "quasi_separated", "monotone"])
@pytest.mark.parametrize("split", ["1", "3"])
def test_separation_is_told_through_the_noise(analysis: str, data: str, split: str) -> None:
    for case in [one for one in cases.load(analysis) if one.data == data]:
        sites = cases.sites(data, split)
        exact = local.run(analysis, sites, case.request, policy=EXACT, minimum_sites=1)
        assert exact["error"]["code"] == "SEPARATION"
        named = 0
        for draw in range(5):
            limits = policies(len(sites), draw, floor=0.05)
            found = local.run(analysis, sites, case.request, policy=limits, minimum_sites=1)
            named += (found["error"] or {}).get("message") == exact["error"]["message"]
        assert named >= 2


@pytest.mark.parametrize("analysis", ["logistic", "cox"])
@pytest.mark.parametrize("split", ["1", "3"])
def test_no_noise_makes_a_singular_model_fit(analysis: str, split: str) -> None:
    (case,) = [one for one in cases.load(analysis) if one.data == "collinear"]
    sites = cases.sites("collinear", split)
    exact = local.run(analysis, sites, case.request, policy=EXACT, minimum_sites=1)
    limits = [policies(len(sites), draw) for draw in range(4)]
    found = [
        local.run(analysis, sites, case.request, policy=one, minimum_sites=1)["error"]
        for one in limits
    ]
    assert {error["code"] for error in found} == {"SINGULAR"}
    assert found.count(exact["error"]) >= 2
