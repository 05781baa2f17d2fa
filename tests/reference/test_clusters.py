"""Errors over clusters with G / (G - 1), and the test of predictors beside sites' intercepts.

clusters.R wrote the numbers. The rows of a patient, a cluster, are at one site in every split.
"""

from typing import Any

import numpy as np
import pytest

from helpers.reference_cases import dataset, load, over_splits, sites
from v6_clinical.disclosure import Policy
from v6_clinical.platforms import local

CASES = {case.id: case for case in load("clusters")}
CLUSTERS = {"cluster": "id", "cluster_adjust": True}
LOGISTIC: dict[str, Any] = {"outcome": "status", "formula": "age + nodes"}
COX: dict[str, Any] = {"time": "time", "event": "status", "formula": "age + nodes"}
every_split = over_splits("1", "3", "5")


def run(analysis: str, split: str, request: dict[str, Any], *, ids: bool = False) -> dict[str, Any]:
    frames = sites("colon", split)
    if ids and split == "5":
        frames = [frame for _, frame in dataset("colon").groupby(dataset("colon")["id"] % 5)]
    frames = [frame.assign(w=1 + frame["age"] / 64) for frame in frames]
    found = local.run(analysis, frames, request, policy=Policy.open(), minimum_sites=1)
    assert found["status"] == "completed", found["error"]
    return found


def errors(found: dict[str, Any]) -> Any:
    return np.array([row["robust_se"] for row in found["coefficients"]])


@every_split
@pytest.mark.parametrize("kind", ["HC0", "HC1"])
def test_logistic(kind: str, split: str) -> None:
    """R: vcovCL(fit, cluster = id, type = kind, cadjust = TRUE)."""
    found = run("logistic", split, LOGISTIC | CLUSTERS | {"robust": kind})
    expected = CASES[f"logistic_{kind}"].expected["robust_se"]
    assert errors(found) == pytest.approx(expected, rel=1e-6)


@every_split
@pytest.mark.parametrize("baseline", ["site", "exact"])
def test_cox(baseline: str, split: str) -> None:
    """R: vcovCL(fit, cluster = id, type = "HC0", cadjust = TRUE); coxph itself has no G/(G - 1)."""
    found = run("cox", split, COX | CLUSTERS | {"baseline": baseline})
    expected = CASES["cox"].expected[baseline]
    expected = expected[split] if baseline == "site" else expected
    assert errors(found) == pytest.approx(expected, rel=1e-6)
    plain = run("cox", split, COX | CLUSTERS | {"baseline": baseline, "cluster_adjust": False})
    clusters = sum(frame.dropna(subset="nodes")["id"].nunique() for frame in sites("colon", split))
    factor = (clusters / (clusters - 1)) ** 0.5
    assert errors(found) == pytest.approx(errors(plain) * factor, rel=1e-12)


def test_without_clusters_there_is_nothing_to_adjust() -> None:
    found = local.run("cox", sites("colon", "3"), COX | {"cluster_adjust": True})
    assert found["error"]["code"] == "BAD_REQUEST"
    assert "cluster" in found["error"]["message"]


@every_split
@pytest.mark.parametrize("name", ["ratio", "ratio_weights"])
def test_the_ratio_test_beside_sites_is_of_the_predictors(name: str, split: str) -> None:
    """R: anova(glm(y ~ site), glm(y ~ site + x), test = "LRT"); the null deviance is R's.

    Of five sites by ``id``: the split has one without events, whose intercept is infinite.
    """
    found = run("logistic", split, LOGISTIC | CASES[name].request | {"site_effect": True}, ids=True)
    fit, expected = found["fit"][0], CASES[name].expected[split]
    assert fit["lr_df"] == expected["lr_df"]
    assert fit["lr_statistic"] == pytest.approx(expected["lr_statistic"], rel=1e-8)
    assert fit["lr_p_value"] == pytest.approx(expected["lr_p_value"], rel=1e-6)
    assert fit["null_deviance"] == pytest.approx(expected["null_deviance"], rel=1e-10)


def test_with_an_offset_there_is_no_ratio_test_beside_sites() -> None:
    frames = [frame.assign(off=frame["age"] / 64) for frame in sites("colon", "3")]
    request = LOGISTIC | {"formula": "nodes", "offset": "off", "site_effect": True}
    found = local.run("logistic", frames, request, policy=Policy.open())
    fit = found["fit"][0]
    assert fit["lr_statistic"] is fit["lr_df"] is fit["lr_p_value"] is None
    assert "NO_RATIO_TEST" in [warning["code"] for warning in found["warnings"]]
