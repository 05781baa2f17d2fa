"""Tests between groups against R where rounding would decide, and where a number does not exist.

groups.R holds the calls and made the rows. An infinite or undefined number is null, with a warning
that names the variable.
"""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.folders import REFERENCE
from helpers.policies import exact
from v6_clinical.disclosure import Policy
from v6_clinical.platforms import local

CASES = {case["id"]: case for case in json.loads((REFERENCE / "groups.json").read_text())["cases"]}
NUMERIC = [name for name, case in CASES.items() if "welch" in case["expected"]]
LEVELS = [name for name in CASES if name not in NUMERIC]
SITES = pytest.mark.parametrize(
    "sites", [1, 3, *(pytest.param(k, marks=pytest.mark.repeats) for k in (2, 5))]
)
OPEN, CELLS = Policy.open(), exact(min_spread=0.0)  # cells of five rows, whatever dominates


def run(name: str, sites: int, policy: Policy = OPEN) -> dict[str, Any]:
    """Summarise a case over so many sites, of rows that are dealt out."""
    frame = pd.DataFrame(CASES[name]["data"])
    order = np.random.default_rng(sites).permutation(len(frame))
    frames = [frame.iloc[np.sort(order[k::sites])] for k in range(sites)]
    request = {"columns": ["x"], "group_by": "group"}
    found = local.run("summary", frames, request, policy=policy, minimum_sites=1)
    assert found["status"] == "completed", found["error"]
    return found


def of(found: dict[str, Any], *tests: str) -> dict[str, Any]:
    """Return the one record of these tests."""
    (record,) = [row for row in found["comparison"] if row["test"] in tests]
    return record


def warned(found: dict[str, Any], code: str) -> bool:
    return any(w["code"] == code and "'x'" in w["message"] for w in found["warnings"])


def same(ours: dict[str, Any], theirs: dict[str, Any], *names: str) -> None:
    for name in names:
        expected = theirs[name]
        assert ours[name] == (None if expected is None else pytest.approx(expected, rel=1e-9))


@SITES
@pytest.mark.parametrize("name", NUMERIC)
def test_welch_and_the_smd_of_means(name: str, sites: int) -> None:
    found, expected = run(name, sites), CASES[name]["expected"]
    record = of(found, "welch_t", "welch_anova")
    same(record, expected["welch"], "statistic", "df", "p_value")
    same(record, expected, "smd")
    assert warned(found, "NO_SPREAD") == (expected["welch"]["p_value"] is None)
    infinite = expected["smd"] is None and name != "same_constant"
    assert warned(found, "SMD_INFINITE") == infinite


@pytest.mark.parametrize("policy", [OPEN, CELLS], ids=["open", "cells"])
@pytest.mark.parametrize("sites", [1, 3])
@pytest.mark.parametrize("name", NUMERIC)
def test_rank_tests_lie_within_their_bounds(name: str, sites: int, policy: Policy) -> None:
    record = of(run(name, sites, policy), "wilcoxon", "kruskal")
    expected = CASES[name]["expected"]["rank"]
    if expected["p_value"] is None:
        assert record["p_value"] is None
        return
    slack = 1 + 1e-9
    assert record["p_low"] <= expected["p_value"] * slack
    assert expected["p_value"] <= record["p_high"] * slack
    if record["p_value"] is not None:
        same(record, expected, "statistic", "p_value")
    if policy is OPEN and name in ("whole_two", "whole_three", "many_zeros"):
        same(record, expected, "statistic", "p_value")


@SITES
@pytest.mark.parametrize("name", LEVELS)
def test_pearson_fisher_and_the_smd_of_levels(name: str, sites: int) -> None:
    found, expected = run(name, sites), CASES[name]["expected"]
    record = of(found, "chi_square")
    same(record, expected["chi_square"], "statistic", "df", "p_value")
    same(record, expected, "smd")
    assert warned(found, "SMD_INFINITE") == (expected["smd"] is None)
    assert warned(found, "FEW_EXPECTED") == (expected["least_expected"] < 5)
    exact = [row for row in found["comparison"] if row["test"] == "fisher"]
    assert len(exact) == (expected["fisher"] is not None)
    for row in exact:
        same(row, expected["fisher"], "p_value")


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("shift", [0.0, 1.0, 1e4])
@pytest.mark.parametrize("group", range(3))
def test_a_constant_group_has_no_spread_whatever_the_unit(
    scale: float, shift: float, group: int
) -> None:
    """A dose that a protocol fixes: sums about the pooled mean leave rounding, not a variance."""
    doses = np.repeat([0.1, 0.3, 0.7], 40) * scale + shift * scale
    frame = pd.DataFrame({"x": doses, "group": np.repeat(["a", "b", "c"], 40)})
    frame = frame[frame["group"] != "abc"[group]]
    frames = [frame.iloc[k::3] for k in range(3)]
    found = local.run("summary", frames, {"columns": ["x"], "group_by": "group"}, policy=OPEN)
    assert [row["sd"] for row in found["numeric"]][1:] == [0.0, 0.0]
    record = of(found, "welch_t")
    assert record["smd"] is record["statistic"] is record["p_value"] is None
