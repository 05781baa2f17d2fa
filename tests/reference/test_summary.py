"""Every number of the summary against R 4.2 on the pooled rows (summary.R holds the calls).

Bars: 1e-10 relative for moments and tests, counts exact, the true quantile in the reported
interval, and that interval at most 1e-3 sd wide under an open policy.
"""

from functools import cache
from typing import Any

import pytest

from helpers.summary_cases import CASES, SPLITS, dataset, request, split
from v6_clinical.disclosure import Policy
from v6_clinical.platforms import local

RTOL = 1e-10  # relative; sums of at most 686 rows lose far less
P_RTOL = 1e-9  # relative; R and scipy approximate the tails differently in the tenth digit
QUANTILES = ("q05", "q1", "median", "q3", "q95")
RANKS = ("wilcoxon", "kruskal")
EVERY = [(name, kind) for name in CASES for kind in SPLITS]


@cache
def result(name: str, kind: str) -> dict[str, Any]:
    sites = split(dataset(name), kind, name)
    found = local.run("summary", sites, request(name), policy=Policy.open(), minimum_sites=1)
    assert found["status"] == "completed", found["error"]
    return found


def rows(found: dict[str, Any], name: str, table: str, *keys: str) -> Any:
    """Pair our records with R's by their keys; both must have all of them."""
    ours = {tuple(row[key] for key in keys): row for row in found[table]}
    theirs = {tuple(row[key] for key in keys): row for row in CASES[name]["expected"][table]}
    assert ours.keys() == theirs.keys()
    return [(ours[key], theirs[key]) for key in theirs]


def equal(ours: float | None, theirs: float | None, tight: float) -> bool:
    return ours is None if theirs is None else ours == pytest.approx(theirs, rel=tight)


@pytest.mark.parametrize(("name", "kind"), EVERY)
def test_moments(name: str, kind: str) -> None:
    for ours, theirs in rows(result(name, kind), name, "numeric", "variable", "group"):
        assert (ours["n"], ours["missing"]) == (theirs["n"], theirs["missing"])
        for column in ("mean", "sd", "skewness", "kurtosis"):
            # abs: g1 and g2 near zero are differences of moments of size one
            assert ours[column] == pytest.approx(theirs[column], rel=RTOL, abs=1e-12)


@pytest.mark.parametrize(("name", "kind"), EVERY)
def test_quantiles_lie_in_narrow_certain_intervals(name: str, kind: str) -> None:
    pairs = rows(result(name, kind), name, "numeric", "variable", "group")
    sds = {theirs["variable"]: theirs["sd"] for _, theirs in pairs if theirs["group"] == "all"}
    for ours, theirs in pairs:
        for q in QUANTILES:
            low, high = ours[f"{q}_low"], ours[f"{q}_high"]
            assert low - 1e-12 * abs(low) <= theirs[q] <= high + 1e-12 * abs(high)
            assert low <= ours[q] <= high
            assert high - low <= 1e-3 * sds[theirs["variable"]]


@pytest.mark.parametrize(("name", "kind"), EVERY)
def test_counts(name: str, kind: str) -> None:
    found = result(name, kind)
    for ours, theirs in rows(found, name, "categorical", "variable", "level", "group"):
        assert ours["count"] == theirs["count"]
        assert not ours["suppressed"]


@pytest.mark.parametrize(("name", "kind"), EVERY)
def test_comparisons(name: str, kind: str) -> None:
    for ours, theirs in rows(result(name, kind), name, "comparison", "variable", "test"):
        assert ours["p_low"] * (1 - P_RTOL) <= theirs["p_value"] <= ours["p_high"] * (1 + P_RTOL)
        assert equal(ours["df"], theirs["df"], RTOL)
        if ours["test"] in RANKS and ours["p_value"] is None:
            continue  # the cells do not tell every rank
        assert equal(ours["statistic"], theirs["statistic"], RTOL)
        assert equal(ours["p_value"], theirs["p_value"], P_RTOL)


@pytest.mark.parametrize(("name", "kind"), EVERY)
def test_ranks_of_whole_numbers_in_narrow_cells_are_those_of_the_rows(name: str, kind: str) -> None:
    """Cells of ages, Karnofsky scores and counts of nodes are of width 1 where sd < 20."""
    found = {r["variable"]: r for r in result(name, kind)["comparison"] if r["test"] in RANKS}
    sd = {r["variable"]: r["sd"] for r in result(name, kind)["numeric"] if r["group"] == "all"}
    narrow = [row for variable, row in found.items() if sd[variable] < 15]
    assert narrow
    assert all(row["p_value"] == row["p_low"] == row["p_high"] for row in narrow)
    assert any(row["p_value"] is None for row in found.values())


@pytest.mark.parametrize(("name", "kind"), EVERY)
def test_correlations(name: str, kind: str) -> None:
    for ours, theirs in rows(result(name, kind), name, "correlation", "variable_1", "variable_2"):
        assert ours["n"] == theirs["n"]
        for column in ("r", "conf_low", "conf_high"):
            assert ours[column] == pytest.approx(theirs[column], rel=RTOL, abs=1e-12)
        assert ours["p_value"] == pytest.approx(theirs["p_value"], rel=P_RTOL)


def test_rounds() -> None:
    """Two, but where a site of twelve rows tells too little of its groups in the first."""
    rounds = {case: len(result(*case)["ledger"]) for case in EVERY}
    assert max(rounds.values()) <= 3
    assert {kind for (_, kind), number in rounds.items() if number > 2} <= {"twelve_rows"}


@pytest.mark.parametrize("name", CASES)
def test_histograms_hold_every_row(name: str) -> None:
    found = result(name, "three")
    n = {row["variable"]: row["n"] for row in found["numeric"] if row["group"] == "all"}
    for variable, bins in found["histogram"].items():
        assert sum(bins["count"]) == n[variable]
        assert bins["lower"][1:] == bins["upper"][:-1]
