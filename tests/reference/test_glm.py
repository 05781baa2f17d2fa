"""Every number of the generalized linear models against R 4.2 on the pooled rows.

Each case of glm.json names its R call; glm.R wrote it. Policy.open(): what the shipped limits make
of each set is algorithms/v6_glm/LIMITS.md.
"""

from functools import cache
from typing import Any

import numpy as np
import pytest

from helpers.reference_cases import load, repeats, sites
from v6_clinical.disclosure import Policy
from v6_clinical.platforms import local

CASES = {case.id: case for case in load("glm")}
FITTED = [
    pytest.param(case.id, split, id=f"{case.id}-{split}", marks=repeats(split))
    for case in CASES.values()
    for split in case.splits
]
every_fit = pytest.mark.parametrize(("name", "split"), FITTED)
ROBUST = [
    pytest.param(case.id, kind, split, id=f"{case.id}-{kind}-{split}", marks=repeats(split))
    for case in CASES.values()
    for kind in case.expected["robust"]
    if not ("cluster" in case.request and kind[0] == "H")
    for split in case.splits
]
MOST_ROUNDS = {"gaussian": 1, "poisson": 5, "gamma": 5, "binomial": 5}
DISPERSED = ("gaussian", "gamma")


@cache
def fitted(name: str, split: str, kind: str = "") -> dict[str, Any]:
    case = CASES[name]
    request = dict(case.request)
    if kind[:1] == "H":
        request["robust"] = kind
    elif kind:
        request["cluster_adjust"] = kind == "cluster_adjusted"
    elif "cluster" in request:
        del request["cluster"]
    found = local.run("glm", rows(name, split), request, policy=Policy.open(), minimum_sites=1)
    assert found["status"] == "completed", found["error"]
    return found


def rows(name: str, split: str) -> list[Any]:
    """Return the sites' rows; without a cluster column those that have a value in it."""
    case = CASES[name]
    cluster = case.request.get("cluster")
    frames = sites(case.data, split)
    return frames if cluster is None else [f[f[cluster].notna()] for f in frames]


def column(found: dict[str, Any], name: str) -> Any:
    return np.array([row[name] for row in found["coefficients"]])


def matrix(found: dict[str, Any]) -> Any:
    return np.array([[row[r["term"]] for r in found["covariance"]] for row in found["covariance"]])


@every_fit
def test_estimates(name: str, split: str) -> None:
    """R: coef(lm(...)), coef(glm(...)), within 1e-7 standard errors; terms in R's order."""
    found, expected = fitted(name, split), CASES[name].expected
    ours = [row["term"].replace("'", '"') for row in found["coefficients"]]
    assert ours == [term.replace("'", '"') for term in expected["terms"]]
    gap = column(found, "estimate") - expected["estimate"]
    assert np.abs(gap / expected["std_error"]).max() < 1e-7


@every_fit
def test_standard_errors(name: str, split: str) -> None:
    """R: summary()'s, with the dispersion; t and p of it; the covariance that is printed."""
    found, expected = fitted(name, split), CASES[name].expected
    ratio = column(found, "std_error") / expected["std_error"]
    assert np.abs(ratio - 1).max() < 1e-6
    scale = np.outer(expected["std_error"], expected["std_error"])
    assert np.abs((matrix(found) - expected["covariance"]) / scale).max() < 2e-6
    assert column(found, "statistic") == pytest.approx(expected["statistic"], rel=2e-6)
    p = column(found, "p_value")
    assert p == pytest.approx(expected["p_value"], rel=1e-4, abs=1e-300)


@every_fit
def test_likelihoods(name: str, split: str) -> None:
    """R: logLik, deviance, AIC and BIC, 1e-9 relative; of lm also R-squared and F."""
    found, expected = fitted(name, split)["fit"][0], CASES[name].expected
    same = {"log_likelihood", "deviance", "null_deviance", "aic", "bic"}
    same |= {"null_log_likelihood", "sigma", "r_squared", "adj_r_squared", "f_statistic"}
    for number in same & set(expected):
        assert found[number] == pytest.approx(expected[number], rel=1e-9, abs=1e-9), number
    counts = {"n", "n_missing", "df_residual", "f_df", "f_df2"} & set(expected) - {"n_missing"}
    for number in counts:
        assert found[number] == expected[number], number
    assert found["dispersion"] == pytest.approx(expected["dispersion"], rel=1e-6)
    if "f_p_value" in expected:
        assert found["f_p_value"] == pytest.approx(expected["f_p_value"], rel=1e-7)


@pytest.mark.parametrize(("name", "kind", "split"), ROBUST)
def test_robust_errors(name: str, kind: str, split: str) -> None:
    """R: sandwich::vcovHC(type), vcovCL(type = "HC0") with and without G / (G - 1)."""
    found, theirs = fitted(name, split, kind), CASES[name].expected["robust"][kind]
    assert np.abs(column(found, "robust_se") / theirs["std_error"] - 1).max() < 1e-6
    scale = np.outer(theirs["std_error"], theirs["std_error"])
    assert np.abs((matrix(found) - theirs["covariance"]) / scale).max() < 2e-6


@pytest.mark.parametrize("kind", ["HC2", "HC3"])
@pytest.mark.parametrize(
    "family", [{"family": "gaussian", "outcome": "bwt"}, {"family": "poisson", "outcome": "ftv2"}]
)
def test_leverages_beside_sites_intercepts_are_those_of_a_column(
    kind: str, family: dict[str, str]
) -> None:
    """An intercept for each site is a category of sites: the slopes' errors are the same."""
    (whole,) = sites("birthwt", "1")
    whole = whole.assign(ftv2=whole["ftv"].clip(upper=2), site=np.arange(len(whole)) % 3)
    frames = [whole[whole["site"] == place] for place in range(3)]
    asked = family | {"predictors": ["age", "lwt"], "robust": kind}
    ours = local.run("glm", frames, asked | {"site_effect": True}, policy=Policy.open())
    codebook = {"predictors": ["site", "age", "lwt"], "levels": {"site": ["0", "1", "2"]}}
    theirs = local.run("glm", [whole], asked | codebook, policy=Policy.open(), minimum_sites=1)
    found, expected = (column(one, "robust_se")[-2:] for one in (ours, theirs))
    assert found == pytest.approx(expected, rel=1e-7)


@every_fit
def test_rounds(name: str, split: str) -> None:
    """Linear regression one: its quadratics have the optimum; log-binomial 8, others 5."""
    found, request = fitted(name, split), CASES[name].request
    most = 8 if request.get("link") == "log" else MOST_ROUNDS[request["family"]]
    assert found["fit"][0]["rounds"] <= most


@pytest.mark.parametrize("more", [{}, {"ridge": 2.0}, {"site_effect": True}, {"offset": "off"}])
@pytest.mark.parametrize("robust", [None, "HC1", "HC3"])
def test_linear_regressions_take_one_round_or_with_robust_errors_two(
    more: dict[str, Any], robust: str | None
) -> None:
    """And both ways lead to the same digits, of everything that both print."""
    case = CASES["birthwt_linear"]
    frames, request = sites(case.data, "3"), case.request | more
    plain = local.run("glm", frames, request, policy=Policy.open())
    found = local.run("glm", frames, request | {"robust": robust}, policy=Policy.open())
    assert plain["fit"][0]["rounds"] == 1
    assert found["fit"][0]["rounds"] == (1 if robust is None else 2)
    assert column(found, "estimate") == pytest.approx(column(plain, "estimate"), rel=1e-11)
    assert column(found, "std_error") == pytest.approx(column(plain, "std_error"), rel=1e-11)
    for name, value in plain["fit"][0].items():
        if isinstance(value, float):
            assert found["fit"][0][name] == pytest.approx(value, rel=1e-11), name
    for ours, theirs in zip(plain["heterogeneity"], found["heterogeneity"], strict=True):
        for name in ("q", "p_value", "tau2"):
            assert ours[name] == pytest.approx(theirs[name], rel=1e-7)


@pytest.mark.parametrize(
    ("moved", "far", "rounds"),
    [
        ("age", 2000.0, 1),  # years of birth
        ("bwt", 1e5, 1),
        ("age", 1e6, 3),
        ("age", 1e8, 3),
        ("bwt", 1e6, 2),
        ("bwt", 1e8, 2),
    ],
)
def test_large_means_cost_a_round_and_no_digits(moved: str, far: float, rounds: int) -> None:
    """What rounding leaves of squares about zero is judged; more is asked if it is too little."""
    frames = sites("birthwt", "3")
    there = [frame.assign(**{moved: frame[moved] + far}) for frame in frames]
    asked = {"family": "gaussian", "outcome": "bwt", "predictors": ["age", "lwt"]}
    near, found = (local.run("glm", some, asked, policy=Policy.open()) for some in (frames, there))
    assert found["fit"][0]["rounds"] == rounds
    error = column(near, "std_error")[1:]
    assert column(found, "std_error")[1:] == pytest.approx(error, rel=1e-8)
    gap = np.abs(column(found, "estimate") - column(near, "estimate"))[1:] / error
    assert gap.max() < 1e-8
    for name in ("r_squared", "log_likelihood", "f_statistic"):
        assert found["fit"][0][name] == pytest.approx(near["fit"][0][name], rel=1e-9)


def test_levels_that_a_site_lacks_leave_it_out_of_the_heterogeneity() -> None:
    """Its own columns are others than those of all: no contrast of its own is taken for theirs."""
    (whole,) = sites("birthwt", "1")
    frames = [whole.iloc[place::3] for place in range(3)]
    frames[1] = frames[1][frames[1]["race3"] != "black"]  # the first level
    asked = {"family": "gaussian", "outcome": "bwt", "predictors": ["age", "race3"]}
    plain, robust = (
        local.run("glm", frames, asked | {"robust": kind}, policy=Policy.open())
        for kind in (None, "HC0")
    )
    assert plain["fit"][0]["rounds"] == 1
    assert [row["k"] for row in plain["heterogeneity"]] == [2, 2, 2]
    for ours, theirs in zip(plain["heterogeneity"], robust["heterogeneity"], strict=True):
        assert ours["q"] == pytest.approx(theirs["q"], rel=1e-9)
    assert [w["message"] for w in plain["warnings"]] == [w["message"] for w in robust["warnings"]]


@pytest.mark.parametrize("name", ["birthwt_linear", "quine_poisson", "lung_gamma", "birthwt_logit"])
def test_intervals_are_of_t_where_a_dispersion_is_estimated(name: str) -> None:
    from scipy import stats

    found = fitted(name, "3")
    fit = found["fit"][0]
    dispersed = CASES[name].request["family"] in DISPERSED
    law = stats.t(fit["df_residual"]) if dispersed else stats.norm()
    reach = law.ppf(0.975) * column(found, "std_error")
    assert column(found, "conf_high") == pytest.approx(column(found, "estimate") + reach, rel=1e-9)


@pytest.mark.parametrize("name", CASES)
def test_ratios_stand_where_the_link_is_log_or_logit(name: str) -> None:
    found, request = fitted(name, "1"), CASES[name].request
    link = request.get("link") or {"gaussian": "identity", "binomial": "logit"}.get(
        request["family"], "log"
    )
    first = found["coefficients"][0]
    assert ("ratio" in first) == (link in ("log", "logit"))
    if "ratio" in first:
        assert column(found, "ratio") == pytest.approx(np.exp(column(found, "estimate")))
        assert column(found, "ratio_conf_low") == pytest.approx(np.exp(column(found, "conf_low")))


def test_the_logit_link_is_logistic_regression() -> None:
    """The same digits as ``logistic_regression``, whatever the options."""
    case = CASES["birthwt_logit"]
    asked = {k: v for k, v in case.request.items() if k not in ("family", "link")}
    asked |= {"weights": "w", "offset": "off", "robust": "HC1", "site_effect": True}
    frames, family = sites(case.data, "3"), {"family": "binomial"}
    logistic = local.run("logistic", frames, asked, policy=Policy.open())
    glm = local.run("glm", frames, asked | family, policy=Policy.open())
    for name in ("estimate", "std_error", "robust_se", "p_value"):
        assert column(glm, name).tolist() == column(logistic, name).tolist()
    assert glm["heterogeneity"] == logistic["heterogeneity"]


@pytest.mark.parametrize("family", ["gaussian", "poisson", "gamma"])
def test_options_are_those_of_statsmodels(family: str) -> None:
    """Weights, an offset, site effects: statsmodels' GLM with a dummy a site."""
    import pandas as pd
    import statsmodels.api as sm

    frames = sites("birthwt", "3")
    asked = {
        "family": family,
        "outcome": "bwt",
        "predictors": ["age", "smoke"],
        "weights": "w",
        "offset": "off",
        "site_effect": True,
    }
    found = local.run("glm", frames, asked, policy=Policy.open())
    assert found["status"] == "completed", found["error"]
    pooled = pd.concat(frames)
    site = np.repeat(np.arange(3), [len(frame) for frame in frames])
    design = np.column_stack([site[:, None] == np.arange(3), pooled[["age", "smoke"]]])
    law = {
        "gaussian": sm.families.Gaussian(),
        "poisson": sm.families.Poisson(),
        "gamma": sm.families.Gamma(sm.families.links.Log()),
    }[family]
    theirs = sm.GLM(
        pooled["bwt"], design.astype(float), law, offset=pooled["off"], var_weights=pooled["w"]
    ).fit(tol=1e-13, maxiter=200)
    gap = column(found, "estimate") - theirs.params
    assert np.abs(gap / theirs.bse).max() < 1e-6
    assert column(found, "std_error") == pytest.approx(np.asarray(theirs.bse), rel=1e-5)


def test_a_ridge_solves_its_own_normal_equations() -> None:
    """(X'X + ridge D) b = X'y, D the squares of pooled standard deviations, intercept free."""
    import pandas as pd

    frames = sites("birthwt", "3")
    asked = {"family": "gaussian", "outcome": "bwt", "predictors": ["age", "lwt"], "ridge": 20.0}
    found = local.run("glm", frames, asked, policy=Policy.open())
    pooled = pd.concat(frames)
    x = np.column_stack([np.ones(len(pooled)), pooled[["age", "lwt"]]])
    penalty = 20 * np.diag([0, *pooled[["age", "lwt"]].var(ddof=1)])
    expected = np.linalg.solve(x.T @ x + penalty, x.T @ pooled["bwt"])
    assert column(found, "estimate") == pytest.approx(expected, rel=1e-9)
    assert found["fit"][0]["aic"] is None
