"""Attacks on suppressed cells: complements, margins, small groups."""

import numpy as np
import pandas as pd

from privacy.summary.questions import RNG
from v6_clinical.platforms import local
from v6_summary.suppression import publish


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
