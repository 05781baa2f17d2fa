"""Splines by df: the result tells the knots, and R's fit with these is ours; splines.R wrote it."""

from typing import Any

import numpy as np
import pytest

from helpers.reference_cases import load, over_splits, sites
from v6_clinical.disclosure import Policy
from v6_clinical.platforms import local

CASES = {case.id: case for case in load("splines")}
ASKED: dict[str, dict[str, Any]] = {
    "logistic": {"outcome": "cens"},
    "cox": {"time": "time", "event": "cens", "baseline": "exact"},
}


@over_splits("1", "3", "5")
@pytest.mark.parametrize("analysis", ASKED)
@pytest.mark.parametrize("name", CASES)
def test_knots_and_estimates(name: str, analysis: str, split: str) -> None:
    """R: bs(age, knots = placed, Boundary.knots = placed), ns(...)."""
    case = CASES[name]
    frames = sites(case.data, split)
    request = ASKED[analysis] | case.request
    found = local.run(analysis, frames, request, policy=Policy.open(), minimum_sites=1)
    assert found["model"]["knots"] == {case.request["formula"]: case.expected["knots"]}
    rows = [row for row in found["coefficients"] if row["term"] != "Intercept"]
    gap = np.array([row["estimate"] for row in rows]) - case.expected[analysis]
    assert np.abs(gap / [row["std_error"] for row in rows]).max() < 1e-7
