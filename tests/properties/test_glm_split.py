"""Any split of any small table into sites gives the fit of one site, in every family."""

from typing import Any

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from v6_clinical.disclosure import Policy
from v6_clinical.platforms import local

SLOW = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
FAMILIES = st.sampled_from(
    [
        {"family": "gaussian", "outcome": "real", "weights": "w"},
        {"family": "gaussian", "outcome": "real", "offset": "o", "robust": "HC1"},
        {"family": "poisson", "outcome": "count", "exposure": "w"},
        {"family": "poisson", "outcome": "count", "offset": "o", "weights": "w"},
        {"family": "gamma", "outcome": "positive"},
        {"family": "binomial", "link": "probit", "outcome": "event"},
        {"family": "binomial", "link": "cloglog", "outcome": "event", "ridge": 0.7},
    ]
)


@st.composite
def tables(draw: Any) -> pd.DataFrame:
    """Draw 60 to 120 rows with missing values, and the site of each."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    n = draw(st.integers(60, 120))
    x, g = rng.normal(3, 2, n).round(2), rng.integers(0, 3, n)
    mu = np.exp(0.5 + 0.2 * x - 0.3 * g)
    frame = pd.DataFrame({"x": x, "g": np.array(["u", "v", "w"])[g]})
    frame = frame.assign(
        real=1000 + 5 * x + rng.normal(0, 3, n),
        count=rng.poisson(mu),
        positive=mu * rng.gamma(3, 1 / 3, n),
        event=(rng.random(n) < 1 / (1 + np.exp(1 - 0.4 * x))).astype(int),
        w=rng.uniform(0.5, 2, n),
        o=rng.normal(0, 0.3, n),
        site=rng.integers(0, draw(st.integers(2, 5)), n),
    )
    frame.loc[rng.random(n) < draw(st.sampled_from([0, 0.1])), "x"] = np.nan
    return frame


def fit(frames: list[pd.DataFrame], more: dict[str, Any]) -> dict[str, Any]:
    arguments = {"formula": "x + g", "levels": {"g": ["u", "v", "w"]}, **more}
    return local.run("glm", frames, arguments, policy=Policy.open(), minimum_sites=1)


@SLOW
@given(tables(), FAMILIES)
def test_any_split_gives_the_fit_of_one_site(table: pd.DataFrame, more: dict[str, Any]) -> None:
    whole = fit([table], more)
    split = fit([rows for _, rows in table.groupby("site")], more)
    assert whole["status"] == split["status"] == "completed", (whole["error"], split["error"])
    for ours, theirs in zip(split["coefficients"], whole["coefficients"], strict=True):
        assert ours["term"] == theirs["term"]
        # both are within 1e-7 standard errors of the optimum
        assert abs(ours["estimate"] - theirs["estimate"]) < 2e-7 * theirs["std_error"]
        assert abs(ours["std_error"] / theirs["std_error"] - 1) < 2e-6
    a, b = split["fit"][0], whole["fit"][0]
    for name in ("n", "n_missing", "df_residual"):
        assert a[name] == b[name]
    for name in ("log_likelihood", "null_log_likelihood", "deviance", "null_deviance"):
        assert abs(a[name] - b[name]) < 1e-9 * (1 + abs(b[name])), name
