"""What a generalized linear model cannot be fitted to: a code and the column, nothing else."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.policies import EXACT
from v6_clinical.platforms import local

N = 60


def site(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(50, 9, N)
    return pd.DataFrame(
        {
            "x": x,
            "count": rng.poisson(1.5, N),
            "positive": rng.gamma(3, 1, N),
            "event": rng.permutation(np.arange(N) % 2),
            "years": rng.uniform(1, 5, N),
        }
    )


def run(changed: Any = None, *, everywhere: bool = False, **asked: Any) -> dict[str, Any]:
    """Fit over three sites; the last one's rows are ``changed``, or those of all."""
    frames = [site(seed) for seed in range(3)]
    for i in range(3) if everywhere else [2]:
        frames[i] = changed(frames[i]) if changed else frames[i]
    return local.run("glm", frames, {"predictors": ["x"], **asked}, policy=EXACT)


def put(column: str, value: float) -> Any:
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        values = frame[column].astype(float)
        values.iloc[4] = value
        return frame.assign(**{column: values})

    return change


@pytest.mark.parametrize(
    ("family", "column", "value"),
    [
        ("poisson", "count", -1.0),
        ("poisson", "count", 2.5),
        ("gamma", "positive", 0.0),
        ("gamma", "positive", -0.5),
        ("binomial", "event", 2.0),
    ],
)
def test_an_outcome_that_its_family_does_not_have(family: str, column: str, value: float) -> None:
    found = run(put(column, value), family=family, outcome=column)
    refused = [s for s in found["error"]["sites"] if s["status"] == "refused"]
    assert [(s["organization_id"], s["code"], s["where"]) for s in refused] == [
        (3, "BAD_OUTCOME", [column])
    ]


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_an_exposure_of_0_or_less(value: float) -> None:
    found = run(put("years", value), family="poisson", outcome="count", exposure="years")
    refused = [s for s in found["error"]["sites"] if s["status"] == "refused"]
    assert [(s["organization_id"], s["code"], s["where"]) for s in refused] == [
        (3, "DOMAIN", ["years"])
    ]


@pytest.mark.parametrize(
    ("family", "column", "value"),
    [("binomial", "event", 1), ("binomial", "event", 0), ("poisson", "count", 0)],
)
def test_an_outcome_of_one_value(family: str, column: str, value: int) -> None:
    found = run(
        lambda frame: frame.assign(**{column: value}),
        everywhere=True,
        family=family,
        outcome=column,
    )
    assert found["error"]["code"] == "BAD_OUTCOME"
    assert column in found["error"]["message"]


def test_a_real_outcome_of_one_value_is_fitted_exactly() -> None:
    """Its residuals are rounding: nothing that is infinite or no number reaches the tables."""
    found = run(
        lambda f: f.assign(positive=7.0), everywhere=True, family="gaussian", outcome="positive"
    )
    json.dumps(found, allow_nan=False)
    assert found["status"] == "completed" or found["error"]["code"] == "BAD_OUTCOME"


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"family": "poisson", "link": "identity"}, "link"),
        ({"family": "binomial", "link": "inverse"}, "link"),
        ({"family": "gaussian", "exposure": "years"}, "exposure"),
        ({"family": "gamma", "link": "inverse", "offset": "years"}, "offset"),
        ({"family": "gaussian", "positive": 1}, "positive"),
        ({"family": "poisson", "cluster_adjust": True}, "cluster"),
        ({"family": "poisson", "cluster": "years", "robust": "HC1"}, "HC1"),
        ({"family": "poisson", "cluster": "years", "robust": "HC3"}, "HC3"),
        ({"family": "tweedie"}, "family"),
        ({"family": "poisson", "exposure": "x"}, "exposure"),
    ],
)
def test_arguments_that_do_not_go_together(asked: dict[str, Any], says: str) -> None:
    found = run(outcome="count", **asked)
    assert found["error"]["code"] == "BAD_REQUEST"
    assert says in found["error"]["message"]


@pytest.mark.parametrize(("family", "link"), [("gamma", "inverse"), ("binomial", "identity")])
def test_a_bounded_link_needs_an_intercept(family: str, link: str) -> None:
    asked = {"outcome": "count", "family": family, "link": link, "formula": "0 + x"}
    found = local.run("glm", [site(1), site(2)], asked)
    assert found["error"]["code"] == "BAD_REQUEST"
    assert "intercept" in found["error"]["message"]


def test_a_log_binomial_model_whose_best_fit_has_a_risk_of_1_says_what_to_take() -> None:
    """The refusal names the link, and the model that has a fit."""

    def steep(frame: pd.DataFrame) -> pd.DataFrame:
        chance = np.clip((frame["x"] - 35) / 20, 0, 1)
        return frame.assign(event=(np.random.default_rng(1).random(N) < chance).astype(int))

    found = run(steep, everywhere=True, family="binomial", link="log", outcome="event")
    assert found["error"]["code"] == "COEFFICIENT_RANGE"
    assert "link='log'" in found["error"]["message"]
    assert "family='poisson' with robust='HC0'" in found["error"]["message"]
