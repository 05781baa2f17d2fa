"""Every number of the Cox regression against R 4.2's survival 3.5 on the pooled rows.

Each case of cox.json names its R call; cox.R wrote it. Policy.open(): what the shipped limits make
of each set is algorithms/v6_cox/LIMITS.md.
"""

from functools import cache
from typing import Any

import numpy as np
import pytest

from helpers.reference_cases import load, repeats, sites
from v6_clinical.disclosure import Policy
from v6_clinical.platforms import local

CASES = {case.id: case for case in load("cox")}
EVERY = [
    pytest.param(case.id, split, baseline, id=f"{case.id}-{split}-{baseline}", marks=repeats(split))
    for case in CASES.values()
    for split in case.splits
    for baseline in ("site", "exact")
]


IMPOSSIBLE = [param for param in EVERY if "error" in CASES[str(param.values[0])].expected]
RIDGE = [param for param in EVERY if "ridge" in CASES[str(param.values[0])].request]
FITTED = [param for param in EVERY if param not in IMPOSSIBLE + RIDGE]
every_fit = pytest.mark.parametrize(("name", "split", "baseline"), FITTED)


def run(name: str, split: str, **more: Any) -> dict[str, Any]:
    case = CASES[name]
    frames = sites(case.data, split)
    return local.run("cox", frames, case.request | more, policy=Policy.open(), minimum_sites=1)


@cache
def fitted(name: str, split: str, baseline: str) -> dict[str, Any]:
    found = run(name, split, baseline=baseline)
    assert found["status"] == "completed", found["error"]
    return found


def theirs(name: str, split: str, baseline: str) -> dict[str, Any]:
    expected = CASES[name].expected
    found: dict[str, Any] = expected["exact"] if baseline == "exact" else expected["site"][split]
    return found


def column(found: dict[str, Any], name: str) -> Any:
    return np.array([row[name] for row in found["coefficients"]])


@every_fit
def test_estimates(name: str, split: str, baseline: str) -> None:
    """R: coef(coxph(...)), within 1e-7 standard errors, and its terms."""
    found, expected = fitted(name, split, baseline), theirs(name, split, baseline)
    gap = column(found, "estimate") - expected["estimate"]
    assert np.abs(gap / expected["std_error"]).max() < 1e-7
    assert [row["term"] for row in found["coefficients"]] == expected["terms"]
    assert column(found, "hazard_ratio") == pytest.approx(np.exp(expected["estimate"]), rel=1e-7)


@every_fit
def test_standard_errors_and_covariance(name: str, split: str, baseline: str) -> None:
    """R: vcov(coxph(...)); with a cluster Lin and Wei's, statistics too."""
    found, expected = fitted(name, split, baseline), theirs(name, split, baseline)
    assert np.abs(column(found, "std_error") / expected["std_error"] - 1).max() < 1e-6
    clustered = "cluster" in CASES[name].request
    used = expected["robust"] if clustered else expected
    scale = np.outer(used["std_error"], used["std_error"])
    ours = np.array([[row[t] for t in expected["terms"]] for row in found["covariance"]])
    assert np.abs((ours - used["covariance"]) / scale).max() < 1e-6
    if clustered:
        assert np.abs(column(found, "robust_se") / used["std_error"] - 1).max() < 1e-6
    statistic = np.array(expected["estimate"]) / used["std_error"]
    assert column(found, "statistic") == pytest.approx(statistic, rel=2e-6)


@every_fit
def test_likelihoods_and_tests(name: str, split: str, baseline: str) -> None:
    """R: loglik, AIC, BIC (events), LR, score and Wald test (robust where clustered); 1e-8."""
    found, expected = fitted(name, split, baseline)["fit"][0], theirs(name, split, baseline)
    for number in ("log_likelihood", "null_log_likelihood", "aic", "bic"):
        assert found[number] == pytest.approx(expected[number], rel=1e-10), number
    clustered = "cluster" in CASES[name].request
    wald = (expected["robust"] if clustered else expected)["wald_statistic"]
    assert found["wald_statistic"] == pytest.approx(wald, rel=1e-8)
    for test in ("lr", "score"):
        assert found[f"{test}_statistic"] == pytest.approx(expected[f"{test}_statistic"], rel=1e-8)
        assert found[f"{test}_p_value"] == pytest.approx(expected[f"{test}_p_value"], rel=1e-6)
    for number in ("n", "n_missing", "events", "df"):
        assert found[number] == expected[number]


@every_fit
def test_concordance(name: str, split: str, baseline: str) -> None:
    """R: concordance(y ~ lp + strata(site), reverse = TRUE); the last bit is R's division."""
    expected = theirs(name, split, baseline)["concordance"]
    expected = expected[split] if baseline == "exact" else expected
    found = fitted(name, split, baseline)["fit"][0]["concordance"]
    assert found == pytest.approx(expected["value"], rel=5e-16)


@pytest.mark.parametrize("transform", ["identity", "log", "km"])
@every_fit
def test_proportional_hazards(name: str, split: str, baseline: str, transform: str) -> None:
    """R: cox.zph(fit, transform, terms = TRUE); nothing to test where all events share a time.

    With a baseline a site, km is R's with each site's own Kaplan-Meier estimate as a function of
    time. An event at time 0 has no logarithm: R's test stops at it.
    """
    expected = theirs(name, split, baseline)["proportional_hazards"][transform]
    if transform == "identity":
        found = fitted(name, split, baseline)["proportional_hazards"]
    elif split == "3" or (transform == "km" and name in ("veteran_strata", "visits_efron")):
        result = run(name, split, baseline=baseline, zph_transform=transform)
        if transform == "log" and "transplant" in name:
            assert result["error"]["code"] == "BAD_TIME"
            return
        found = result["proportional_hazards"]
    else:
        return
    if expected is None:
        assert found == []
        return
    assert [row["df"] for row in found] == [row["df"] for row in expected]
    assert found[-1]["term"] == "GLOBAL"
    for ours, row in zip(found, expected, strict=True):
        assert ours["statistic"] == pytest.approx(row["statistic"], rel=1e-5, abs=1e-8)
        assert ours["p_value"] == pytest.approx(row["p_value"], rel=1e-5)


@pytest.mark.parametrize(("name", "split", "baseline"), RIDGE)
def test_ridge(name: str, split: str, baseline: str) -> None:
    """R: coxph(Surv(...) ~ ridge(..., theta, scale = TRUE)); likelihoods are not compared."""
    found, expected = fitted(name, split, baseline), theirs(name, split, baseline)
    error = expected["std_error"]
    assert np.abs((column(found, "estimate") - expected["estimate"]) / error).max() < 1e-7
    assert np.abs(column(found, "std_error") / error - 1).max() < 1e-6
    for number in ("log_likelihood", "wald_statistic"):
        assert found["fit"][0][number] == pytest.approx(expected[number], rel=1e-8)
    for number in ("lr_statistic", "score_statistic", "aic", "bic"):
        assert found["fit"][0][number] is None
    assert found["fit"][0]["rounds"] <= 5


@pytest.mark.parametrize(
    "name", ["lung_efron", "heart_efron", "rossi_weights_efron", "rossi_weights_breslow"]
)
@pytest.mark.parametrize("baseline", ["site", "exact"])
def test_robust_errors(name: str, baseline: str) -> None:
    """R: coxph(..., cluster = row), or the request's cluster."""
    found, expected = run(name, "3", baseline=baseline, robust=True), theirs(name, "3", baseline)
    robust = expected["robust"]["std_error"]
    assert np.abs(column(found, "robust_se") / robust - 1).max() < 1e-6
    assert found["fit"][0]["rounds"] <= 6


# Of R's three times of each case those that end a 1-2-5 grid.
TIMES = {"lung": (100, 300, 600), "veteran": (30, 100, 300), "rossi": (10, 30), "gehan": (5, 10)}
TIMES |= {"visits": (1, 2, 5), "transplant": (100, 300, 1000)}
TIMES |= {"heart": (30, 100, 600), "colon_death": (300, 1000, 2500), "pbc": (300, 1000, 2500)}
CURVES = [
    (name, baseline, horizon)
    for name in CASES
    if CASES[name].data in TIMES and "ridge" not in CASES[name].request
    if "missing" not in name and "cluster" not in name
    for baseline in ("site", "exact")
    for horizon in TIMES[CASES[name].data]
]


@pytest.mark.parametrize(("name", "baseline", "horizon"), CURVES)
def test_baseline_hazard(name: str, baseline: str, horizon: float) -> None:
    """R: basehaz(fit, centered = FALSE) at offset 0, moved to the means of ``model``."""
    result = run(name, "3", baseline=baseline, time_horizon=horizon)
    found, model = result["baseline_hazard"], result["model"]
    moved = np.exp(sum(model["means"][c] * b for c, b in model["coefficients"].items()))
    expected = theirs(name, "3", baseline)["baseline_hazard"]
    compared = 0
    for curve in expected:
        site, _, stratum = curve["stratum"].partition("/")
        own = (None, curve["stratum"]) if baseline == "exact" else (int(site), stratum)
        row = next(r for r in found if (r["organization_id"], r["stratum"]) == own)
        if horizon in row["time"]:
            ours = row["cumulative_hazard"][row["time"].index(horizon)]
            r = dict(zip(curve["time"], curve["cumulative_hazard"], strict=True))[horizon] * moved
            assert ours == pytest.approx(r, rel=1e-7)
            assert row["survival"][row["time"].index(horizon)] == pytest.approx(np.exp(-r))
            compared += 1
    assert compared == len(expected)


@every_fit
def test_rounds(name: str, split: str, baseline: str) -> None:
    """Six at most, whatever the baseline."""
    found = fitted(name, split, baseline)
    assert found["fit"][0]["rounds"] == len(found["ledger"]) <= 6


def test_most_fits_take_five_rounds() -> None:
    fits = [param.values for param in FITTED if param.values[2] == "site"]
    rounds = [fitted(*values)["fit"][0]["rounds"] for values in fits]
    assert sum(number <= 5 for number in rounds) > 0.95 * len(rounds)


@pytest.mark.parametrize(("name", "split", "baseline"), IMPOSSIBLE)
def test_impossible_fits_name_the_terms(name: str, split: str, baseline: str) -> None:
    found, expected = run(name, split, baseline=baseline), CASES[name].expected
    code = {"separation": "SEPARATION", "collinear": "SINGULAR"}[expected["error"]]
    assert (found["status"], found["error"]["code"]) == ("failed", code)
    named = found["error"]["message"].rstrip(".").replace("separated by ", ": ").split(": ")[-1]
    assert named.split(", ") == expected["terms"]
    assert "coefficients" not in found


def test_the_books_lung_cancer_example() -> None:
    """Therneau & Grambsch's lung data: age .0170453, sex -.5132185 (Efron, one baseline)."""
    assert column(fitted("lung_efron", "3", "exact"), "estimate").round(7).tolist() == [
        0.0170453,
        -0.5132185,
    ]


def test_lifelines_agrees() -> None:
    """A second opinion: lifelines' CoxPHFitter with sites as strata."""
    import pandas as pd
    from lifelines import CoxPHFitter

    frames = [frame.assign(site=k) for k, frame in enumerate(sites("rossi", "3"))]
    rows = pd.concat(frames)[
        ["week", "arrest", *CASES["rossi_efron"].request["predictors"], "site"]
    ]
    fit = CoxPHFitter().fit(
        rows, "week", "arrest", strata=["site"], fit_options={"precision": 1e-10}
    )
    found = fitted("rossi_efron", "3", "site")
    assert column(found, "estimate") == pytest.approx(fit.params_.to_numpy(), rel=1e-6)
    assert column(found, "std_error") == pytest.approx(fit.standard_errors_.to_numpy(), rel=1e-6)
