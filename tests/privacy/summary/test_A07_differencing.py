"""Attacks by difference: groups, pairs and missing values that differ in few patients."""

import numpy as np
import pandas as pd
import pytest

from helpers.attacker import array, tally
from helpers.policies import exact
from helpers.summary_attacker import RNG, ages, ask, cut, describe, factor, numeric, tabulate


def test_r1_few_rows() -> None:
    assert describe(ages(9), "age")["code"] == "MIN_ROWS"
    assert describe(ages(10), "age")["status"] == "ok"
    assert describe(ages(10), "age", policy=exact(min_rows=11))["code"] == "MIN_ROWS"
    sparse = pd.DataFrame({"age": [1.0] * 9 + [np.nan] * 51, "x": 1.0})
    for found in (describe(sparse, "age"), tabulate(sparse, numeric=[numeric("age")])):
        assert (found["code"], found["where"]) == ("MIN_ROWS", ["age"])
    assert tally(describe(sparse, "age", "x"), "withheld/0") == {"MIN_ROWS": 1.0}
    empty = describe(ages(60).iloc[:0], "age")
    assert (empty["status"], empty["n"]) == ("no_rows", 0)


def test_r3_a_small_group_withholds_all_group_sums_of_its_site() -> None:
    frame = ages(60).assign(arm=["x"] * 4 + ["y"] * 56)
    found = tabulate(frame, numeric=[numeric("age")], group=factor("arm", "x", "y"))
    assert not [name for name in found["sums"]["arrays"] if name.endswith("/group")]
    assert array(found, "grouped").tolist() == [0]
    frame["arm"] = ["x"] * 5 + ["y"] * 55
    found = tabulate(frame, numeric=[numeric("age")], group=factor("arm", "x", "y"))
    assert "moments/0/group" in found["sums"]["arrays"]


def test_r4_all_beside_groups_does_not_isolate_rows_without_group() -> None:
    frame = ages(60).assign(arm=["x"] * 29 + ["y"] * 29 + [None] * 2)
    found = tabulate(frame, numeric=[numeric("age")], group=factor("arm", "x", "y"))
    assert "moments/0/group" not in found["sums"]["arrays"]
    lifted = exact(allow_small_missing=True)
    found = tabulate(frame, lifted, numeric=[numeric("age")], group=factor("arm", "x", "y"))
    both = array(found, "moments/0/all")[1] - array(found, "moments/0/group")[:, 1].sum()
    assert both == pytest.approx(frame["age"].iloc[-2:].sum(), rel=1e-12)  # the attack, unguarded


def test_r4_small_missing_counts_are_withheld_but_not_the_moments() -> None:
    frame = ages(60)
    frame.loc[:1, "age"] = np.nan
    found = tabulate(frame, numeric=[numeric("age")])
    assert array(found, "missing/0/all").tolist() == [[0], [1]]
    assert array(found, "moments/0/all")[0] == 58
    assert found["n"] is None
    refined = {"names": ["age"], "windows": [], "group": None}
    window = {"name": "age", "group": None, "window": {"level": 0, "first": 0, "last": 9}}
    assert ask(frame, "refine", refined | {"windows": [window]})["n"] is None


def test_A07_r4_pairs_that_differ_by_a_row_are_withheld() -> None:
    """The difference of two row sets' sums would be one patient's value."""
    frame = pd.DataFrame({"x": RNG.normal(size=60), "y": RNG.normal(size=60)})
    frame.loc[0, "y"] = np.nan
    question = {"numeric": [numeric("x"), numeric("y")], "correlation": True}
    found = tabulate(frame, **question)
    assert array(found, "pairs")[0].tolist() == [0, 0, 0, 0, 0, 0, 1]
    lifted = tabulate(frame, exact(allow_small_missing=True), **question)
    alone = array(lifted, "moments/0/all")[1] - array(lifted, "pairs")[0, 1]
    assert alone == pytest.approx(frame.loc[0, "x"], rel=1e-9)  # the attack, unguarded


def test_r7_power_sums_of_few_whole_numbers_do_not_give_them_away() -> None:
    """Attack: find the ages of five patients from four power sums. There is one solution."""
    true = np.array([41, 47, 52, 60, 75])
    from itertools import combinations_with_replacement

    options = range(40, 77)
    deviations = {
        x: np.array([x - 55, (x - 55) ** 2, (x - 55) ** 3, (x - 55) ** 4]) for x in options
    }

    def solutions(orders: int) -> int:
        goal = sum(deviations[x] for x in true)[:orders]
        pairs: dict[tuple[int, ...], int] = {}
        for a, b in combinations_with_replacement(options, 2):
            key = tuple(deviations[a] + deviations[b])
            pairs[key[:orders]] = pairs.get(key[:orders], 0) + 1
        found = 0
        for a, b, c in combinations_with_replacement(options, 3):
            rest = goal - (deviations[a] + deviations[b] + deviations[c])[:orders]
            found += pairs.get(tuple(rest), 0)
        return found

    assert solutions(4) == 10  # the ten ways to pick two of the five: one multiset
    assert solutions(2) > 200
    frame = pd.DataFrame({"age": np.tile(true, 7)})
    found = array(tabulate(frame, numeric=[numeric("age")]), "moments/0/all")
    assert found[[0, 3, 4, 5]].tolist() == [35, 0, 0, 35]
    enough = pd.DataFrame({"age": np.tile(true, 8)})
    assert array(tabulate(enough, numeric=[numeric("age")]), "moments/0/all")[5] == 0


def test_A07_r13_identifiers_are_not_grouped_by_a_codebook() -> None:
    frame = pd.DataFrame({"id": [f"p{k:03}" for k in range(60)], "y": RNG.normal(size=60)})
    assert cut(frame, "id", 30)["code"] == "TOO_MANY_LEVELS"
    arguments = {"levels": {"id": sorted(frame["id"])}, "group_by": "id"}
    assert describe(frame, "id", **arguments)["code"] == "TOO_MANY_LEVELS"
