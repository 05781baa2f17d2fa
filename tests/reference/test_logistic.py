"""Every number of the logistic regression against R 4.2 on the pooled rows.

Each case of logistic.json names its R call; logistic.R wrote it. Policy.open(): what the shipped
limits make of each set is algorithms/v6_logistic/LIMITS.md.
"""

import re
from functools import cache
from typing import Any

import numpy as np
import pytest

from helpers.reference_cases import load, repeats, sites
from v6_clinical.disclosure import Policy
from v6_clinical.platforms import local

CASES = {case.id: case for case in load("logistic")}
FITTED = [
    pytest.param(case.id, split, id=f"{case.id}-{split}", marks=repeats(split))
    for case in CASES.values()
    if "error" not in case.expected
    for split in case.splits
]
IMPOSSIBLE = [
    pytest.param(case.id, split, id=f"{case.id}-{split}", marks=repeats(split))
    for case in CASES.values()
    if "error" in case.expected
    for split in case.splits
]
every_fit = pytest.mark.parametrize(("name", "split"), FITTED)


@cache
def fitted(name: str, split: str) -> dict[str, Any]:
    case = CASES[name]
    robust = {} if "cluster" in case.request else {"robust": "HC0"}
    found = local.run(
        "logistic",
        sites(case.data, split),
        case.request | robust,
        policy=Policy.open(),
        minimum_sites=1,
    )
    assert found["status"] == "completed", found["error"]
    return found


def column(found: dict[str, Any], name: str) -> Any:
    return np.array([row[name] for row in found["coefficients"]])


def plainly(term: str) -> str:
    """Spell a term without the quotes, blanks and wrappers that formulas may have."""
    return re.sub(r"I\((\w+)\*\*(\d)\)", r"\1**\2", term.replace('"', "'").replace(" ", ""))


def matrix(found: dict[str, Any]) -> Any:
    return np.array([[row[r["term"]] for r in found["covariance"]] for row in found["covariance"]])


@every_fit
def test_terms(name: str, split: str) -> None:
    ours = [plainly(row["term"]) for row in fitted(name, split)["coefficients"]]
    assert ours == [plainly(term) for term in CASES[name].expected["terms"]]


@every_fit
def test_estimates(name: str, split: str) -> None:
    """R: coef(glm(...)), within 1e-7 standard errors."""
    expected = CASES[name].expected
    gap = column(fitted(name, split), "estimate") - expected["estimate"]
    assert np.abs(gap / expected["std_error"]).max() < 1e-7


@every_fit
def test_standard_errors(name: str, split: str) -> None:
    """R: sqrt(diag(vcov(glm(...)))), within 1e-6 relative."""
    ratio = column(fitted(name, split), "std_error") / CASES[name].expected["std_error"]
    assert np.abs(ratio - 1).max() < 1e-6


@every_fit
def test_robust_errors(name: str, split: str) -> None:
    """R: sandwich::vcovHC(type = "HC0"), or vcovCL(cluster, type = "HC0", cadjust = FALSE)."""
    found, case = fitted(name, split), CASES[name]
    theirs = case.expected["robust"]["cluster" if "cluster" in case.request else "HC0"]
    assert np.abs(column(found, "robust_se") / theirs["std_error"] - 1).max() < 1e-6
    # entries of the covariance beside their standard errors, within 1e-6 as these
    scale = np.outer(theirs["std_error"], theirs["std_error"])
    assert np.abs((matrix(found) - theirs["covariance"]) / scale).max() < 2e-6


@pytest.mark.parametrize("name", ["birthwt", "fair"])
def test_hc1(name: str) -> None:
    """R: sandwich::vcovHC(type = "HC1")."""
    case = CASES[name]
    frames = sites(case.data, "3")
    found = local.run("logistic", frames, case.request | {"robust": "HC1"}, policy=Policy.open())
    theirs = case.expected["robust"]["HC1"]["std_error"]
    assert np.abs(column(found, "robust_se") / theirs - 1).max() < 1e-6


@pytest.mark.parametrize(
    ("name", "split"), [p for p in FITTED if "cluster" not in CASES[str(p.values[0])].request]
)
def test_covariance(name: str, split: str) -> None:
    """R: vcov(glm(...)); asked without robust errors the table is model-based."""
    case = CASES[name]
    found = local.run(
        "logistic", sites(case.data, split), case.request, policy=Policy.open(), minimum_sites=1
    )
    scale = np.outer(case.expected["std_error"], case.expected["std_error"])
    assert np.abs((matrix(found) - case.expected["covariance"]) / scale).max() < 2e-6
    z, p = column(found, "statistic"), column(found, "p_value")
    assert z == pytest.approx(case.expected["statistic"], rel=2e-6)
    assert p == pytest.approx(case.expected["p_value"], rel=1e-4, abs=1e-300)


@every_fit
def test_likelihoods(name: str, split: str) -> None:
    """R: logLik, deviance, AIC (-2 l + 2 k), BIC, the likelihood ratio test; 1e-9 relative."""
    found, expected = fitted(name, split)["fit"][0], CASES[name].expected
    for number in (
        *("log_likelihood", "null_log_likelihood", "deviance", "null_deviance", "aic", "bic"),
        *("mcfadden_r2", "lr_statistic"),
    ):
        assert found[number] == pytest.approx(expected[number], rel=1e-9, abs=1e-9), number
    for number in ("n", "n_missing", "events", "df_residual", "lr_df"):
        assert found[number] == expected[number]
    assert found["lr_p_value"] == pytest.approx(expected["lr_p_value"], rel=1e-8)


@every_fit
def test_discrimination_and_brier(name: str, split: str) -> None:
    """The exact AUC of pairs within sites; the pooled AUC within its certain bounds."""
    found, expected = fitted(name, split)["fit"][0], CASES[name].expected
    assert found["brier"] == pytest.approx(expected["brier"], rel=1e-8)
    assert found["auc_within"] == pytest.approx(expected["auc_within"][split], rel=1e-12)
    assert found["auc_low"] <= expected["auc"] <= found["auc_high"]
    assert (found["auc"] is None) == (found["auc_high"] - found["auc_low"] > 0.01)


@every_fit
def test_calibration_holds_every_row(name: str, split: str) -> None:
    found = fitted(name, split)
    rows, fit = found["calibration"], found["fit"][0]
    if "weights" not in CASES[name].request:
        assert sum(row["n"] for row in rows) == fit["n"]
    weight = sum(row["n"] for row in rows)
    observed = sum(row["n"] * row["observed"] for row in rows)
    # with an intercept the fit makes predicted and observed events equal
    if "Intercept" in CASES[name].expected["terms"]:
        predicted = sum(row["n"] * row["mean_predicted"] for row in rows)
        assert predicted == pytest.approx(observed, rel=1e-5)
    assert [row["mean_predicted"] for row in rows] == sorted(r["mean_predicted"] for r in rows)
    assert weight > 0


@every_fit
def test_rounds(name: str, split: str) -> None:
    assert fitted(name, split)["fit"][0]["rounds"] <= 6


def test_most_fits_take_five_rounds() -> None:
    rounds = [fitted(*param.values)["fit"][0]["rounds"] for param in FITTED]
    assert sum(number <= 5 for number in rounds) > 0.85 * len(rounds)


@pytest.mark.parametrize(("name", "split"), IMPOSSIBLE)
def test_impossible_fits_name_the_terms(name: str, split: str) -> None:
    case = CASES[name]
    found = local.run(
        "logistic", sites(case.data, split), case.request, policy=Policy.open(), minimum_sites=1
    )
    code = {"separation": "SEPARATION", "collinear": "SINGULAR"}[case.expected["error"]]
    assert (found["status"], found["error"]["code"]) == ("failed", code)
    named = (
        found["error"]["message"]
        .rstrip(".")
        .split(": ")[-1]
        .removeprefix("The outcome is separated by ")
    )
    assert named.split(", ") == case.expected["terms"]
    assert len(found["ledger"]) <= found["request"]["max_rounds"]
    assert "coefficients" not in found


def test_venables_and_ripley() -> None:
    """Venables & Ripley, MASS, 4th ed., p. 195: as printed there."""
    found = fitted("birthwt", "3")
    by_term = {row["term"]: row for row in found["coefficients"]}
    assert round(by_term["Intercept"]["estimate"], 6) == 0.823019
    assert round(by_term["ptd"]["estimate"], 6) == 1.343763
    assert round(found["fit"][0]["deviance"], 4) == 195.4755
