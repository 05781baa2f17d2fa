"""A second opinion on the logistic regression: statsmodels and scipy on the pooled rows.

Also what R's reference cases do not cover: site effects, ridge, heterogeneity, large samples.
"""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.optimize import minimize
from scipy.stats import chi2

from helpers.policies import EXACT
from helpers.reference_cases import load, sites
from v6_clinical.disclosure import Policy
from v6_clinical.platforms import local

CASES = {case.id: case for case in load("logistic")}
PLAIN = [
    case.id for case in CASES.values() if "predictors" in case.request and "n" in case.expected
]


def run(frames: list[pd.DataFrame], **arguments: Any) -> dict[str, Any]:
    found = local.run("logistic", frames, arguments, policy=Policy.open(), minimum_sites=1)
    assert found["status"] == "completed", found["error"]
    return found


def column(found: dict[str, Any], name: str) -> Any:
    return np.array([row[name] for row in found["coefficients"]])


def design(frame: pd.DataFrame, request: dict[str, Any]) -> pd.DataFrame:
    """Make dummy columns with pandas, the first level of the codebook left out."""
    columns = [pd.Series(1.0, index=frame.index, name="Intercept")]
    for name in request["predictors"]:
        levels = request.get("levels", {}).get(name)
        if levels is None:
            columns.append(frame[name].astype(float))
            continue
        for level in levels[1:]:
            columns.append((frame[name].astype(str) == level).astype(float))
    return pd.concat(columns, axis=1)


@pytest.mark.parametrize("name", PLAIN)
def test_statsmodels_agrees(name: str) -> None:
    case = CASES[name]
    frames = sites(case.data, case.splits[-1])
    pooled = pd.concat(frames, ignore_index=True)
    used = [
        case.request[k] for k in ("outcome", "weights", "offset", "cluster") if k in case.request
    ]
    pooled = pooled.dropna(subset=[*case.request["predictors"], *used])
    offset = pooled[case.request["offset"]] if "offset" in case.request else None
    weights = pooled[case.request["weights"]] if "weights" in case.request else None
    x = design(pooled, case.request).to_numpy()
    model = sm.GLM(
        pooled[case.request["outcome"]].to_numpy(),
        x,
        sm.families.Binomial(),
        offset=None if offset is None else offset.to_numpy(),
        freq_weights=None if weights is None else weights.to_numpy(),
    )
    theirs = model.fit(tol=1e-14, maxiter=100)
    ours = run(frames, **case.request)
    # statsmodels takes its covariance one iteration before the last: 1e-6 relative at best
    assert np.abs((column(ours, "estimate") - theirs.params) / theirs.bse).max() < 1e-7
    assert column(ours, "std_error") == pytest.approx(theirs.bse, rel=1e-6)
    assert ours["fit"][0]["log_likelihood"] == pytest.approx(theirs.llf, rel=1e-9)


def birthwt(split: str = "3") -> list[pd.DataFrame]:
    return sites("birthwt", split)


def test_a_site_with_one_outcome_has_no_effect_of_its_own() -> None:
    arguments = {"outcome": "low", "predictors": ["age"], "site_effect": True}
    found = local.run("logistic", birthwt("5"), arguments, policy=Policy.open())
    assert found["error"]["code"] == "SEPARATION"
    assert "Intercept[site 5]" in found["error"]["message"]


def test_site_effects_are_dummies_of_the_sites() -> None:
    """R: glm(low ~ 0 + factor(site) + age + lwt + smoke, binomial)."""
    frames = birthwt("3")
    ours = run(frames, outcome="low", predictors=["age", "lwt", "smoke"], site_effect=True)
    pooled = pd.concat(frames, ignore_index=True)
    site = np.repeat(np.arange(len(frames)), [len(frame) for frame in frames])
    dummies = (site[:, None] == np.arange(len(frames))).astype(float)
    x = np.column_stack([dummies, pooled[["age", "lwt", "smoke"]]])
    theirs = sm.GLM(pooled["low"].to_numpy(), x, sm.families.Binomial()).fit(tol=1e-14)
    names = [row["term"] for row in ours["coefficients"]]
    assert names[: len(frames)] == [f"Intercept[site {k + 1}]" for k in range(len(frames))]
    assert np.abs((column(ours, "estimate") - theirs.params) / theirs.bse).max() < 1e-7
    assert column(ours, "std_error") == pytest.approx(theirs.bse, rel=1e-6)
    fit = ours["fit"][0]
    assert fit["df_residual"] == len(pooled) - x.shape[1]
    assert fit["lr_df"] == 3  # the sites' intercepts are not tested, see test_clusters.py
    assert fit["null_log_likelihood"] == pytest.approx(
        CASES["birthwt"].expected["null_log_likelihood"], rel=1e-9
    )


@pytest.mark.parametrize("ridge", [0.3, 5.0])
def test_ridge_is_the_penalised_optimum(ridge: float) -> None:
    """Penalty ridge/2 sum b^2 on columns in pooled sd (n - 1), the intercept free."""
    frames = birthwt()
    pooled = pd.concat(frames, ignore_index=True)
    names = ["age", "lwt", "smoke", "ht"]
    ours = run(frames, outcome="low", predictors=names, ridge=ridge)
    x = sm.add_constant(pooled[names].to_numpy(float))
    y = pooled["low"].to_numpy(float)
    penalty = ridge * np.array([0.0, *pooled[names].var(ddof=1)])

    def loss(b: Any) -> float:
        eta = x @ b
        return float(np.logaddexp(0, eta).sum() - y @ eta + b @ (penalty * b) / 2)

    def gradient(b: Any) -> Any:
        return x.T @ (1 / (1 + np.exp(-x @ b)) - y) + penalty * b

    def hessian(b: Any) -> Any:
        mu = 1 / (1 + np.exp(-x @ b))
        return x.T @ (x * (mu * (1 - mu))[:, None]) + np.diag(penalty)

    start = np.array([-1.0, 0, 0, 0, 0])
    theirs = minimize(loss, start, jac=gradient, hess=hessian, method="trust-exact", tol=1e-10)
    b = theirs.x - np.linalg.solve(hessian(theirs.x), gradient(theirs.x))
    error = np.sqrt(np.diag(np.linalg.inv(hessian(b))))
    assert np.abs((column(ours, "estimate") - b) / error).max() < 1e-7
    assert column(ours, "std_error") == pytest.approx(error, rel=1e-6)
    fit = ours["fit"][0]
    assert [fit[n] for n in ("aic", "bic", "lr_statistic", "lr_df", "lr_p_value")] == [None] * 5


def test_ridge_settles_a_separated_outcome() -> None:
    case = CASES["separated"]
    found = run(sites(case.data, "3"), **(case.request | {"ridge": 1.0}))
    assert found["fit"][0]["converged"]
    assert max(abs(row["estimate"]) for row in found["coefficients"]) < 10


def test_heterogeneity_is_that_of_the_sites_own_fits() -> None:
    """Cochran's Q, I2 and DerSimonian and Laird's tau2, written out."""
    frames = sites("fair", "3")
    names = CASES["fair"].request["predictors"]
    found = run(frames, outcome="affair", predictors=names)
    fits = [
        sm.GLM(
            f["affair"].to_numpy(), sm.add_constant(f[names].to_numpy()), sm.families.Binomial()
        ).fit(tol=1e-14)
        for f in frames
    ]
    assert [row["term"] for row in found["heterogeneity"]] == names
    for i, row in enumerate(found["heterogeneity"], start=1):
        b = np.array([fit.params[i] for fit in fits])
        w = 1 / np.array([fit.bse[i] ** 2 for fit in fits])
        q = float(w @ (b - w @ b / w.sum()) ** 2)
        assert (row["k"], row["df"]) == (3, 2)
        assert row["q"] == pytest.approx(q, rel=1e-5)
        assert row["p_value"] == pytest.approx(chi2.sf(q, 2), rel=1e-5)
        assert row["i2"] == pytest.approx(max(q - 2, 0) / q, rel=1e-5)
        tau2 = max(q - 2, 0) / (w.sum() - w @ w / w.sum())
        assert row["tau2"] == pytest.approx(tau2, rel=1e-5)


def test_levels_are_agreed_without_a_codebook_or_a_round() -> None:
    """One site lacks the reference, one another level; sorted, the first is the reference."""
    pooled = sites("birthwt", "1")[0]
    frames = [
        pooled[(pooled["race3"] != "black") & (pooled.index % 2 == 0)],
        pooled[(pooled["race3"] != "white") & (pooled.index % 2 == 1)],
        pooled[
            ((pooled["race3"] == "black") & (pooled.index % 2 == 0))
            | ((pooled["race3"] == "white") & (pooled.index % 2 == 1))
        ],
    ]
    assert sum(map(len, frames)) == len(pooled)
    found = run(frames, outcome="low", formula="age + race3 * smoke")
    whole = run([pooled], outcome="low", formula="age + race3 * smoke")
    assert found["ledger"][0]["step"] == "start"
    assert "race3[T.white]:smoke" in [row["term"] for row in found["coefficients"]]
    for ours, theirs in zip(found["coefficients"], whole["coefficients"], strict=True):
        assert ours["term"] == theirs["term"]
        assert abs(ours["estimate"] - theirs["estimate"]) < 2e-7 * theirs["std_error"]


@cache
def large() -> list[pd.DataFrame]:
    rng = np.random.default_rng(5)
    frames = []
    for n in (100_000, 100_000, 100_000):
        x = rng.normal(size=(n, 4)) * [1, 10, 0.1, 1] + [0, 50, 0, 3]
        group = rng.integers(0, 3, n)
        eta = x @ [0.5, -0.03, 2.0, 0.2] + 0.4 * group
        y = rng.random(n) < 1 / (1 + np.exp(-eta))
        frame = pd.DataFrame(x, columns=list("abcd"))
        frames.append(frame.assign(g=np.array(["u", "v", "w"])[group], y=y.astype(int)))
    return frames


@pytest.mark.parametrize("predictors", [5, 10, 20])
def test_three_rounds_on_seven_sites(predictors: int) -> None:
    """Of 10,000 rows: four, were the start not moved by what the sites' quadratics leave out."""
    rng, names = np.random.default_rng(6), [f"x{k}" for k in range(predictors)]
    beta = np.linspace(-0.5, 0.5, predictors)

    def site() -> pd.DataFrame:
        x = rng.normal(size=(10_000, predictors))
        risk = 1 / (1 + np.exp(1 - x @ (beta / np.linalg.norm(beta))))
        return pd.DataFrame(x, columns=names).assign(y=(rng.random(10_000) < risk).astype(int))

    frames = [site() for _ in range(7)]
    found = local.run("logistic", frames, {"outcome": "y", "predictors": names}, policy=EXACT)
    assert found["fit"][0]["rounds"] == 3


def test_three_rounds_on_many_rows() -> None:
    """3 sites x 1e5 rows: start and two evaluations, under the shipped limits."""
    found = local.run(
        "logistic", large(), {"outcome": "y", "formula": "a + b + c + d + g"}, policy=EXACT
    )
    assert found["fit"][0]["rounds"] == 3
    assert [line["step"] for line in found["ledger"]] == ["start", "evaluate", "evaluate"]
    pooled = pd.concat(large(), ignore_index=True)
    x = np.column_stack(
        [np.ones(len(pooled)), pooled[["a", "b", "c", "d"]], pooled["g"] == "v", pooled["g"] == "w"]
    ).astype(float)
    names = ["Intercept", "a", "b", "c", "d", "g[T.v]", "g[T.w]"]
    theirs = sm.GLM(pooled["y"].to_numpy(), x, sm.families.Binomial()).fit(tol=1e-14)
    ours = {row["term"]: row for row in found["coefficients"]}
    for i, name in enumerate(names):
        assert abs(ours[name]["estimate"] - theirs.params[i]) < 1e-7 * theirs.bse[i]
        assert ours[name]["std_error"] == pytest.approx(theirs.bse[i], rel=1e-6)
    assert found["fit"][0]["auc_high"] - found["fit"][0]["auc_low"] < 0.01
    assert len(found["calibration"]) == 10


def test_a_plain_answer_does_not_grow_with_the_rows() -> None:
    """P (p + 1) / 2 + p + a constant."""
    sizes = []
    for rows in (300, 30_000):
        frames = [frame.head(rows) for frame in large()]
        found = local.run(
            "logistic", frames, {"outcome": "y", "predictors": list("abcd")}, policy=EXACT
        )
        plain = next(line for line in found["ledger"] if line["step"] == "evaluate")
        sizes.append(plain["numbers_per_site"])
    p = 5
    assert sizes == [p * (p + 1) // 2 + p + 4] * 2
