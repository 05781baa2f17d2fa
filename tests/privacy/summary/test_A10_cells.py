"""Attacks on suppressed cells: complements, margins, small groups."""

import numpy as np
import pandas as pd
import pytest

from helpers.attacker import array, refusal
from helpers.policies import exact
from helpers.summary_attacker import RNG, ages, describe, factor, numeric, tabulate
from v6_clinical.disclosure.suppression import publish
from v6_clinical.platforms import local


def test_A10_r2_and_r3_no_small_cell_and_no_complement() -> None:
    """Over random tables: what is published never pins a withheld count down."""
    for _ in range(300):
        table = RNG.integers(0, 12, size=(RNG.integers(1, 6), RNG.integers(1, 4)))
        shown = publish(table, 5)
        kept = table[~shown.withheld]
        assert not ((kept > 0) & (kept < 5)).any()
        hidden = table[shown.withheld]
        rest = hidden.sum(axis=0)
        if len(kept):
            assert not ((rest > 0) & (rest < 5)).any()
        if len(hidden) > 0 and len(kept) and hidden.sum() > 0:
            assert len(hidden) > 1


def test_A10_r3_a_cross_table_does_not_undo_its_margin() -> None:
    margin = np.array([[3], [50], [60]])
    start = publish(margin, 5).withheld
    assert start.tolist() == [True, True, False]
    cross = publish(np.array([[3, 0], [20, 30], [2, 58]]), 5, start)
    assert cross.withheld[:2].all()


def test_A10_r2_suppressed_levels_are_null_and_not_derivable() -> None:
    rows = ["a"] * 3 + ["b"] * 30 + ["c"] * 40
    frames = [pd.DataFrame({"v": rows}), pd.DataFrame({"v": ["b"] * 20 + ["c"] * 20})]
    arguments = {"columns": ["v"], "levels": {"v": ["a", "b", "c"]}}
    found = local.run("summary", frames, arguments)["categorical"]
    assert [row["count"] for row in found] == [None, None, 60]
    assert [row["percent"] for row in found] == [None, None, None]


def test_A01_A10_the_sum_of_zeros_and_ones_is_a_count() -> None:
    """Attack: ask for the mean of a diagnosis that is stored as 0 and 1; one patient has it."""
    frame = ages(60).assign(rare=(np.arange(60) == 7).astype(int))
    asked = {"numeric": [numeric("rare")]}
    assert refusal(tabulate(frame, **asked)) == ("RARE_VALUE", ["rare"])
    assert refusal(describe(frame, "rare")) == ("RARE_VALUE", ["rare"])
    lifted = exact(min_cell=1, min_spread=0.0)
    assert array(tabulate(frame, lifted, **asked), "moments/0/all")[1] == 1  # unguarded
    frame["rare"] = (np.arange(60) < 5).astype(int)
    assert tabulate(frame, **asked)["status"] == "ok"


def test_A02_the_sum_of_a_column_that_one_patient_makes() -> None:
    """Attack: the mean of a cost that only one patient has; of the others it is next to nothing."""
    frame = ages(60).assign(cost=RNG.normal(0, 1e-3, 60))
    frame.loc[7, "cost"] = 7123.0
    asked = {"numeric": [numeric("cost")]}
    assert refusal(tabulate(frame, **asked)) == ("DOMINANT_ROW", ["cost"])
    lifted = array(tabulate(frame, exact(min_spread=0.0, min_cell=1), **asked), "moments/0/all")
    assert lifted[1] == pytest.approx(7123, rel=1e-5)  # the attack, unguarded


def test_A01_A10_group_sums_of_zeros_and_ones_are_counts() -> None:
    """Attack: the same, where only the group of the one patient is small."""
    frame = ages(60).assign(arm=np.resize(["x", "y"], 60))
    frame["rare"] = ((frame["arm"] == "x") & (np.arange(60) < 20)).astype(int)
    frame.loc[1, "rare"] = 1  # the one patient of group y
    asked = {"numeric": [numeric("rare")], "group": factor("arm", "x", "y")}
    found = tabulate(frame, **asked)
    assert "moments/0/group" not in found["sums"]["arrays"]
    assert array(found, "grouped").tolist() == [0]
    lifted = array(tabulate(frame, exact(min_cell=1), **asked), "moments/0/group")
    assert lifted[1, 1] == 1  # the attack, unguarded


def test_A10_correlations_of_zeros_and_ones_are_counts_of_pairs() -> None:
    """Attack: of two diagnoses one patient has both; the sum of their products counts them."""
    frame = pd.DataFrame({"a": np.arange(60) < 20, "b": np.arange(60) > 18}).astype(int)
    frame.loc[40:, "b"] = 0
    asked = {"numeric": [numeric("a"), numeric("b")], "correlation": True}
    assert array(tabulate(frame, **asked), "pairs")[0].tolist() == [0, 0, 0, 0, 0, 0, 1]
    lifted = array(tabulate(frame, exact(min_cell=1), **asked), "pairs")
    assert lifted[0, 5] == 1  # the attack, unguarded
    frame["b"] = (np.arange(60) > 14).astype(int)
    assert array(tabulate(frame, **asked), "pairs")[0, 5] == 5


def test_A08_a_distant_shift_does_not_round_a_column_to_two_values() -> None:
    """Attack: sums about 2^59 of ages that are then rounded to 0, 64 or 128."""
    far = numeric("age") | {"shift": 2.0**59}
    frame = ages(60)
    assert refusal(tabulate(frame, numeric=[far])) == ("BAD_REQUEST", ["shift", "age"])
    assert tabulate(frame, numeric=[far | {"shift": 1e4}])["status"] == "ok"
    same = pd.DataFrame({"age": [40.0] * 60})
    assert tabulate(same, numeric=[far])["status"] == "ok"  # nothing to cut
