"""Table 1 against R again, on other splits and columns: SMD, percentages and every test.

table_one.R holds the calls. Relative 1e-10, p-values 1e-9 (R and scipy approximate tails apart).
"""

from functools import cache
from typing import Any

import pytest

from helpers.reference_cases import load, over_splits, sites
from v6_clinical.disclosure import Policy
from v6_clinical.platforms import local

CASES = {case.id: case for case in load("table_one")}
KEYS = {
    "categorical": ("variable", "level", "group"),
    "comparison": ("variable", "test"),
    "numeric": ("variable", "group"),
}
COLUMNS = {
    "categorical": ("count", "percent", "missing"),
    "comparison": ("test", "statistic", "df", "df2", "p_value", "smd"),
    "numeric": ("n", "missing", "mean", "sd", "skewness", "kurtosis"),
}


@cache
def result(case: str, split: str) -> dict[str, Any]:
    request = dict(CASES[case].request)
    frames = sites(CASES[case].data, split)
    found = local.run("summary", frames, request, policy=Policy.open(), minimum_sites=1)
    assert found["status"] == "completed", found["error"]
    return found


@pytest.mark.parametrize("table", KEYS)
@over_splits("1", "3", "5")
@pytest.mark.parametrize("case", CASES)
def test_table(case: str, split: str, table: str) -> None:
    ours = {tuple(row[key] for key in KEYS[table]): row for row in result(case, split)[table]}
    expected = CASES[case].expected[table]
    assert len(expected) == len(ours)
    for theirs in expected:
        row = ours[tuple(theirs[key] for key in KEYS[table])]
        if row.get("p_low") is not None and row["p_value"] is None:  # of ranks, bounds alone
            assert row["p_low"] <= theirs["p_value"] <= row["p_high"]
            continue
        for column in COLUMNS[table]:
            tight = 1e-9 if column == "p_value" else 1e-10
            if theirs[column] is None or isinstance(theirs[column], str):
                assert row[column] == theirs[column]
            else:
                assert row[column] == pytest.approx(theirs[column], rel=tight, abs=1e-12)
