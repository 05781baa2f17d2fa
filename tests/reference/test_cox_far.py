"""Survival far from 0 against R's survfit(newdata): calendar years, and columns a million away.

cox_far.R wrote the numbers. A plain x b under- or overflows there, or loses its digits.
"""

import json
from functools import cache
from typing import Any

import numpy as np
import pytest

from helpers.reference_cases import load, over_splits, sites
from v6_clinical.disclosure import Policy
from v6_clinical.platforms import local
from v6_cox.predict import predict

CASES = {case.id: case for case in load("cox_far")}
every_fit = pytest.mark.parametrize("baseline", ["site", "exact"])
every_split = over_splits("1", "3", "5")
every_case = pytest.mark.parametrize("name", CASES)


@cache
def fitted(name: str, split: str, baseline: str) -> dict[str, Any]:
    case = CASES[name]
    column, source, shift = case.expected["derived"]
    frames = [f.assign(**{column: f[source] + shift}) for f in sites(case.data, split)]
    asked = {"baseline": baseline, "profiles": case.expected["profiles"]}
    asked["time_horizon"] = max(case.expected["times"])
    found = local.run("cox", frames, case.request | asked, policy=Policy.open(), minimum_sites=1)
    assert found["status"] == "completed", found["error"]
    return json.loads(json.dumps(found, allow_nan=False))


def theirs(name: str, split: str, baseline: str) -> list[dict[str, Any]]:
    expected = CASES[name].expected
    found: list[dict[str, Any]] = (
        expected["exact"] if baseline == "exact" else expected["site"][split]
    )
    return found


@every_fit
@every_split
@every_case
def test_predictions(name: str, split: str, baseline: str) -> None:
    """R: summary(survfit(fit, newdata), times)$surv and $cumhaz, in every site and stratum."""
    found, expected = fitted(name, split, baseline), theirs(name, split, baseline)
    assert predict(found, CASES[name].expected["profiles"]) == found["prediction"]
    assert len(found["prediction"]) == len(expected)
    for row in expected:
        own = row["profile"], row["organization_id"], row["stratum"]
        curve = next(c for c in found["prediction"] if place(c) == own)
        at = [curve["time"].index(time) for time in CASES[name].expected["times"]]
        for what in ("survival", "cumulative_hazard"):
            assert np.array(curve[what])[at] == pytest.approx(row[what], rel=1e-7), what


@every_fit
@every_case
def test_the_baseline_stands_at_the_means_of_the_model(name: str, baseline: str) -> None:
    """H(t|x) = H0(t) exp((x - means) b + offset), all of it in the result."""
    found, profile = fitted(name, "3", baseline), CASES[name].expected["profiles"][0]
    model = found["model"]
    assert list(model["means"]) == list(model["coefficients"])
    products = {column: column_of(column, profile) for column in model["means"]}
    predictor = sum((products[c] - model["means"][c]) * b for c, b in model["coefficients"].items())
    for curve, predicted in zip(found["baseline_hazard"], found["prediction"], strict=False):
        assert place(curve)[1:] == place(predicted)[1:]
        moved = np.array(curve["cumulative_hazard"]) * np.exp(predictor)
        assert predicted["cumulative_hazard"] == pytest.approx(moved, rel=1e-9)
        assert curve["survival"] == pytest.approx(np.exp(-np.array(curve["cumulative_hazard"])))
        assert 1e-6 < curve["cumulative_hazard"][-1] < 1e3


def column_of(column: str, profile: dict[str, float]) -> float:
    """Return a profile's value of ``x``, ``I(x ** 2)`` or ``x:z``."""
    if column.startswith("I("):
        return float(profile[column[2:].split(" ")[0]] ** 2)
    return float(np.prod([profile[part] for part in column.split(":")]))


def place(curve: dict[str, Any]) -> tuple[Any, ...]:
    return curve.get("profile"), curve["organization_id"], curve["stratum"]
