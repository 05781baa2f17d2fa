"""Predictions, and the heterogeneity of sites, against R: cox_second.R wrote the numbers."""

import json
from functools import cache
from typing import Any

import numpy as np
import pytest

from helpers.reference_cases import load, sites
from v6_clinical.disclosure import Policy
from v6_clinical.platforms import local
from v6_cox.predict import predict

CASES = {case.id: case for case in load("cox_second")}
every = pytest.mark.parametrize("baseline", ["site", "exact"])
each = pytest.mark.parametrize("name", CASES)


@cache
def fitted(name: str, baseline: str) -> dict[str, Any]:
    case = CASES[name]
    more = {"time_horizon": max(case.expected["times"]), "baseline": baseline}
    frames = sites(case.data, case.splits[0])
    found = local.run("cox", frames, case.request | more, policy=Policy.open())
    assert found["status"] == "completed", found["error"]
    return found


@every
@each
def test_profiles(name: str, baseline: str) -> None:
    """R: summary(survfit(fit, newdata), times)$surv, from the saved result alone."""
    expected = CASES[name].expected
    saved = json.loads(json.dumps(fitted(name, baseline)))
    found = predict(saved, expected["profiles"])
    assert len(found) == len(expected[baseline])
    for row in expected[baseline]:
        own = row["profile"], row["organization_id"]
        curve = next(r for r in found if (r["profile"], r["organization_id"]) == own)
        at = [curve["time"].index(time) for time in expected["times"]]
        assert np.array(curve["survival"])[at] == pytest.approx(row["survival"], rel=1e-7)


@every
@each
def test_heterogeneity(name: str, baseline: str) -> None:
    """R: coxph at each site, and Q, I2 and tau2 of its coef and vcov."""
    expected = CASES[name].expected
    found = fitted(name, baseline)["heterogeneity"]
    assert [row["term"] for row in found] == expected["terms"]
    for row, theirs in zip(found, expected["heterogeneity"], strict=True):
        assert (row["k"], row["df"]) == (theirs["k"], theirs["df"])
        for number in ("q", "p_value", "i2", "tau2"):
            assert row[number] == pytest.approx(theirs[number], rel=1e-6, abs=1e-9), number
