"""Fits that once failed, or were called what they were not: R's numbers, from sites and from one.

Each case has the request, the limits, R's call and its numbers in a JSON file beside the rows.
"""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.policies import EXACT
from helpers.reference_cases import over_splits, repeats
from v6_clinical.disclosure import Policy
from v6_clinical.platforms import local

CASES = Path(__file__).with_name("cases")
FITTED = ("cox-4-shipped", "cox-ordinary-n37", "logistic-overshoot-n237")
FITTED += ("logistic-spline-end-n1723",)


@cache
def case(name: str) -> tuple[dict[str, Any], pd.DataFrame]:
    about = json.loads((CASES / f"{name}.json").read_text())
    return about, pd.read_csv(CASES / f"{name}.csv", float_precision="round_trip")


@cache
def run(name: str, split: str = "sites") -> dict[str, Any]:
    """Fit a case; ``split`` says how its rows lie: at its sites, at one, or at others."""
    about, rows = case(name)
    groups = rows["site"] if split == "sites" else np.arange(len(rows)) % int(split)
    frames = [part.drop(columns="site") for _, part in rows.groupby(groups)]
    limits = EXACT
    if about["limits"] != "shipped":
        limits = replace(Policy.open(), widest_predictor=10.0)
    analysis = about["method"].partition("_")[0]
    return local.run(analysis, frames, about["arguments"], policy=limits, minimum_sites=1)


def column(found: dict[str, Any], name: str) -> np.ndarray:
    return np.array([row[name] for row in found["coefficients"]])


@pytest.mark.parametrize(
    ("name", "split"),
    # Cox: a site is a stratum, so that another split is another model
    [(name, "sites") for name in FITTED]
    + [
        pytest.param(name, split, marks=repeats(split))
        for name in FITTED[2:]
        for split in ("1", "2", "3", "5")
    ],
)
def test_what_r_fits_is_fitted(name: str, split: str) -> None:
    about, found = case(name)[0], run(name, split)
    assert found["status"] == "completed", found["error"]
    error = np.array(about["r_std_error"], dtype=float)
    estimate = np.array(about["r_estimate"], dtype=float)
    # R stops where the deviance moves by less than 1e-8 of itself
    assert np.abs((column(found, "estimate") - estimate) / error).max() < 1e-6
    assert column(found, "std_error") == pytest.approx(error, rel=1e-6)
    assert found["fit"][0]["rounds"] <= 15


@over_splits("sites", "1", "2", "3", "5")
def test_separation_is_told_and_names_the_level(split: str) -> None:
    """R: a warning, and -29.6 (3.2e7)."""
    found = run("logistic-separation-not-seen", split)
    assert found["error"]["code"] == "SEPARATION"
    assert found["error"]["message"] == "The outcome is separated by g[T.g5]."


@pytest.mark.parametrize("split", ["sites", "1", "3"])
def test_an_outcome_that_no_row_has(split: str) -> None:
    found = run("logistic-outcome-constant", split)
    assert found["error"]["code"] == "BAD_OUTCOME"
    assert found["error"]["message"].startswith("No row has the outcome 'y'")


def test_heterogeneity_loses_no_site_without_a_word() -> None:
    """Q of R's estimates from the rows of each site, for every slope."""
    about, found = case("heterogeneity-lost")[0], run("heterogeneity-lost")
    estimates = np.array(about["r_site_estimates"], dtype=float)[:, 1:]
    weights = 1 / np.array(about["r_site_std_errors"], dtype=float)[:, 1:] ** 2
    mean = (weights * estimates).sum(axis=0) / weights.sum(axis=0)
    q = (weights * (estimates - mean) ** 2).sum(axis=0)
    assert [row["k"] for row in found["heterogeneity"]] == [2] * len(q)
    assert [row["q"] for row in found["heterogeneity"]] == pytest.approx(q, rel=1e-5)


def test_sites_without_estimates_of_their_own_are_named_with_the_reason() -> None:
    rng = np.random.default_rng(8)
    rows = pd.DataFrame({"x": rng.normal(size=400), "b": rng.integers(0, 2, 400) * 1.0})
    rows["y"] = (rng.random(400) < 1 / (1 + np.exp(-rows["x"]))).astype(int)
    frames = [rows.iloc[k::4].reset_index(drop=True) for k in range(4)]
    frames[1]["b"] = 0.0  # does not vary
    frames[2]["y"] = np.where(frames[2]["b"] == 1, 1, frames[2]["y"])  # separates there
    frames[3]["y"] = 0
    request = {"outcome": "y", "predictors": ["x", "b"]}
    found = local.run("logistic", frames, request, policy=Policy.open())
    told = [w["message"] for w in found["warnings"] if w["code"] == "SITE_NOT_COMPARED"]
    reasons = [text.partition("heterogeneity: ")[2].partition(",")[0] for text in told]
    assert reasons == ["SINGULAR", "SEPARATION", "BAD_OUTCOME"]
    assert [text.split()[1] for text in told] == ["2", "3", "4"]
    silent = replace(Policy.open(), allow_per_site=False)
    policies = [Policy.open(), Policy.open(), silent]
    kept = [frames[0], rows.iloc[::3], rows.iloc[1::3]]
    found = local.run("logistic", kept, request, policy=policies)
    assert [row["k"] for row in found["heterogeneity"]] == [2, 2]
    (told,) = [w["message"] for w in found["warnings"] if w["code"] == "SITE_NOT_COMPARED"]
    assert told.startswith("1 of the organisations")
    assert "V6C_ALLOW_PER_SITE" in told


@over_splits("1", "3", "5")
@pytest.mark.parametrize("more", [{"robust": "HC0"}, {"robust": "HC1"}, {"cluster": "c"}])
def test_robust_errors_are_those_at_the_estimates(more: dict[str, str], split: str) -> None:
    """A sandwich made here at the fitted estimates, to 1e-7: not that before the last step."""
    rng = np.random.default_rng(5)
    rows = pd.DataFrame({"x": rng.normal(size=300), "z": rng.exponential(size=300)})
    rows["c"] = np.arange(300) // 3
    rows["y"] = (rng.random(300) < 1 / (1 + np.exp(1 - rows["x"] - rows["z"]))).astype(int)
    frames = [part for _, part in rows.groupby(rows["c"] % int(split))]
    request = {"outcome": "y", "predictors": ["x", "z"], **more}
    found = local.run("logistic", frames, request, policy=Policy.open(), minimum_sites=1)
    x = np.column_stack([np.ones(300), rows["x"], rows["z"]])
    mu = 1 / (1 + np.exp(-x @ column(found, "estimate")))
    bread = np.linalg.inv((x * (mu * (1 - mu))[:, None]).T @ x)
    u = x * (rows["y"].to_numpy() - mu)[:, None]
    if "cluster" in more:
        u = np.array([u[rows["c"] == c].sum(axis=0) for c in range(100)])
    robust = bread @ u.T @ u @ bread * (300 / 297 if more.get("robust") == "HC1" else 1)
    assert column(found, "robust_se") == pytest.approx(np.sqrt(np.diag(robust)), rel=1e-7)
    assert column(found, "std_error") == pytest.approx(np.sqrt(np.diag(bread)), rel=1e-6)
