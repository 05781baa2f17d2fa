"""Noise in large sites: likelihood ratios and AIC as near as declared, estimates nearly exact."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.policies import EXACT
from v6_clinical.disclosure import Policy
from v6_clinical.platforms import local

MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "logistic": ("logistic", {"outcome": "b"}),
    "gaussian": ("glm", {"family": "gaussian", "outcome": "g"}),
    "poisson": ("glm", {"family": "poisson", "outcome": "p"}),
    "cox": ("cox", {"time": "t", "event": "e"}),
}
LESS = ["x", "z"]
MORE = [*LESS, "w"]


@cache
def sites(n: int) -> list[pd.DataFrame]:
    rng = np.random.default_rng(1)
    x, z, w = rng.normal(size=n), rng.normal(size=n), rng.integers(0, 2, n)
    eta = -0.5 + 0.3 * x - 0.2 * z + 0.05 * w
    t, c = rng.exponential(size=n) * np.exp(-eta), rng.exponential(2, n)
    frame = pd.DataFrame({"x": x, "z": z, "w": w, "g": eta + rng.normal(size=n)})
    frame["b"] = (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(int)
    frame["p"], frame["t"] = rng.poisson(np.exp(eta)), np.minimum(t, c)
    frame["e"] = (t <= c).astype(int)
    return [frame.iloc[k::3].reset_index(drop=True) for k in range(3)]


def fit(name: str, n: int, predictors: list[str], policy: Any) -> dict[str, Any]:
    analysis, request = MODELS[name]
    found = local.run(analysis, sites(n), request | {"predictors": predictors}, policy=policy)
    assert found["status"] == "completed", found["error"]
    return found


def noisy(draw: int) -> list[Policy]:
    return [Policy(blur=0.01, blur_rows=0.25, secret=bytes([draw, k]) * 16) for k in range(3)]


def apart(name: str, n: int, draw: int) -> None:
    """Assert that a fit is as near as it declares: six sd, of a dozen numbers."""
    exact, found = (fit(name, n, MORE, policy) for policy in (EXACT, noisy(draw)))
    one, other = found["fit"][0], exact["fit"][0]
    assert abs(one["aic"] - other["aic"]) < 6 * one["aic_precision"]
    if "lr_precision" in one:
        assert abs(one["lr_statistic"] - other["lr_statistic"]) < 6 * one["lr_precision"]
    rows = zip(found["coefficients"], exact["coefficients"], strict=True)
    for a, b in rows:
        assert abs(a["estimate"] - b["estimate"]) < 6 * found["precision"] * b["std_error"]


@pytest.mark.parametrize("name", MODELS)
def test_likelihood_ratio_and_aic_at_20_000_rows(name: str) -> None:
    apart(name, 20_000, 1)


@pytest.mark.repeats
@pytest.mark.parametrize("draw", range(5))
@pytest.mark.parametrize("name", MODELS)
def test_likelihood_ratio_and_aic_at_200_000_rows(name: str, draw: int) -> None:
    apart(name, 200_000, draw)


@pytest.mark.repeats
def test_a_logistic_estimate_of_1e5_rows_a_site_is_declared_within_a_fiftieth() -> None:
    """Of a standard error: the sd of its noise is that of V6C_BLUR, rounded up at most once."""
    assert fit("logistic", 300_000, MORE, noisy(1))["precision"] <= 0.0201


def test_a_column_with_a_large_mean_keeps_variance_and_correlation() -> None:
    """A shift of a million changes neither by more than rounding, and so no more than noise."""

    def told(shift: float) -> tuple[float, float]:
        frames = [f[["x", "z"]].assign(x=f["x"] + shift) for f in sites(20_000)]
        request = {"columns": ["x", "z"], "correlation": True}
        found = local.run("summary", frames, request, policy=noisy(1))
        assert found["status"] == "completed", found["error"]
        sd = next(row["sd"] for row in found["numeric"] if row["variable"] == "x")
        return sd, found["correlation"][0]["r"]

    near, far = told(0.0), told(1e6)
    assert far == pytest.approx(near, rel=1e-3, abs=1e-4)
    assert near[0] == pytest.approx(1.0, abs=0.1)
    assert abs(near[1]) < 0.1
