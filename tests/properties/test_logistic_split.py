"""Any split of any small table into sites gives the fit of one site, or the same refusal to fit."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from v6_clinical.disclosure import Policy
from v6_clinical.platforms import local

FEW, MANY = (
    settings(max_examples=draws, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    for draws in (15, 60)
)
MORE = st.sampled_from([{}, {"weights": "w"}, {"offset": "o"}, {"ridge": 0.7}])
LEVELS = {"g": ["u", "v", "w"]}
FORMULAS = st.sampled_from(
    ["x + g", "x * g", "0 + g + x", "x + x**2", "g + scale(x) + z", "x + bs(z, df=3)", "I(x/3-1):g"]
)


@st.composite
def tables(draw: Any) -> pd.DataFrame:
    """Draw 60 to 120 rows with missing values, and the site of each."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    n = draw(st.integers(60, 120))
    x, z = rng.normal(3, 2, n).round(2), rng.exponential(1, n).round(3)
    g = rng.integers(0, 3, n)
    y = rng.random(n) < 1 / (1 + np.exp(1 - 0.4 * x + 0.5 * g))
    frame = pd.DataFrame({"x": x, "z": z, "g": np.array(["u", "v", "w"])[g], "y": y.astype(int)})
    frame = frame.assign(w=rng.uniform(0.5, 2, n), o=rng.normal(0, 0.3, n))
    frame.loc[rng.random(n) < draw(st.sampled_from([0, 0.1])), "x"] = np.nan
    sites = draw(st.integers(2, 5))
    # one site may have only the rows of one level
    site = rng.integers(0, sites, n)
    if draw(st.booleans()):
        site = np.where(g == 2, 0, site)
    return frame.assign(site=site)


def fit(frames: list[pd.DataFrame], formula: str, more: dict[str, Any]) -> dict[str, Any]:
    arguments = {"outcome": "y", "formula": formula, "levels": LEVELS, **more}
    arguments["levels"] = {k: v for k, v in LEVELS.items() if "g" in formula}
    return local.run("logistic", frames, arguments, policy=Policy.open(), minimum_sites=1)


def check_split(table: pd.DataFrame, formula: str, more: dict[str, Any]) -> None:
    whole = fit([table], formula, more)
    split = fit([rows for _, rows in table.groupby("site")], formula, more)
    if whole["status"] != "completed":
        assert split["error"]["code"] == whole["error"]["code"]
        return
    assert split["status"] == "completed", split["error"]
    for ours, theirs in zip(split["coefficients"], whole["coefficients"], strict=True):
        assert ours["term"] == theirs["term"]
        # both are within 1e-7 standard errors of the optimum
        assert abs(ours["estimate"] - theirs["estimate"]) < 2e-7 * theirs["std_error"]
        assert abs(ours["std_error"] / theirs["std_error"] - 1) < 2e-6
    a, b = split["fit"][0], whole["fit"][0]
    assert (a["n"], a["events"], a["n_missing"]) == (b["n"], b["events"], b["n_missing"])
    assert abs(a["log_likelihood"] - b["log_likelihood"]) < 1e-9 * abs(b["log_likelihood"])


@FEW
@given(tables(), FORMULAS, MORE)
def test_any_split_gives_the_fit_of_one_site(
    table: pd.DataFrame, formula: str, more: dict[str, Any]
) -> None:
    check_split(table, formula, more)


@pytest.mark.repeats
@MANY
@given(tables(), FORMULAS, MORE)
def test_any_split_gives_the_fit_of_one_site_in_many_draws(
    table: pd.DataFrame, formula: str, more: dict[str, Any]
) -> None:
    check_split(table, formula, more)


def check_order(table: pd.DataFrame, seed: int) -> None:
    frames = [rows.drop(columns="site") for _, rows in table.groupby("site")]
    rng = np.random.default_rng(seed)
    mixed = [f.iloc[rng.permutation(len(f)), rng.permutation(f.shape[1])] for f in frames]
    one, other = fit(frames, "x * g", {}), fit(mixed[::-1], "x * g", {})
    assert one["status"] == other["status"]
    for a, b in zip(one.get("coefficients", []), other.get("coefficients", []), strict=True):
        assert abs(a["estimate"] - b["estimate"]) < 1e-8 * b["std_error"]


@FEW
@given(tables(), st.integers(0, 10**6))
def test_order_is_of_no_account_B25(table: pd.DataFrame, seed: int) -> None:
    check_order(table, seed)


@pytest.mark.repeats
@MANY
@given(tables(), st.integers(0, 10**6))
def test_order_is_of_no_account_B25_in_many_draws(table: pd.DataFrame, seed: int) -> None:
    check_order(table, seed)
