"""Attacks on the cells that ``describe`` sends before anything is asked of them."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers import attacker
from helpers.policies import exact
from helpers.summary_attacker import RNG, describe, factor, numeric, tabulate
from v6_clinical.disclosure import Policy

N = 400


def people() -> pd.DataFrame:
    arm = np.resize(["x", "y"], N)
    return pd.DataFrame({"age": RNG.normal(50, 10, N), "arm": arm})


def cells(answer: attacker.Answer, group: str | None = None) -> list[tuple[float, float, float]]:
    """Return low, high and rows of each cell of a group, or of the rows in none."""
    named = [(name.split(" ", 2), rows) for name, rows in attacker.tally(answer, "cells/0").items()]
    own = [(name, rows) for name, rows in named if (name[2:] or [None])[0] == group]
    return [(float(name[0]), float(name[1]), rows) for name, rows in own]


def told(answer: attacker.Answer) -> set[str | None]:
    """Return the groups that have cells."""
    return {(name.split(" ", 2)[2:] or [None])[0] for name in attacker.tally(answer, "cells/0")}


def rows_of(answer: attacker.Answer, group: str | None = None) -> float:
    return sum(rows for *_, rows in cells(answer, group))


def grouped(frame: pd.DataFrame, policy: Policy | None = None, **more: Any) -> attacker.Answer:
    asked = {"group_by": "arm", "levels": {"arm": ["x", "y"]}} | more
    return describe(frame, "age", "arm", policy=policy, **asked)


@pytest.mark.parametrize("kind", ["normal", "skewed", "whole", "spike", "two values"])
def test_A10_r2_no_cell_is_small_and_none_is_left_over(kind: str) -> None:
    values = {
        "normal": RNG.normal(50, 10, N),
        "skewed": RNG.exponential(30, N),
        "whole": RNG.integers(20, 90, N).astype(float),
        "spike": np.r_[np.full(N - 30, 40.0), RNG.normal(0, 200, 30)],
        "two values": np.resize([0.0, 1.0, 1.0], N),
    }[kind]
    frame = people().assign(age=values)
    for group, answer in {
        None: describe(frame, "age"),
        "x": grouped(frame),
        "y": grouped(frame),
    }.items():
        found = cells(answer, group)
        assert min(rows for *_, rows in found) >= 5
        assert sum(rows for *_, rows in found) == (N if group is None else N / 2)
    if kind in ("normal", "skewed"):
        lifted = cells(describe(frame, "age", policy=exact(min_cell=1)))
        assert min(rows for *_, rows in lifted) == 1  # the attack, unguarded


def test_A09_r10_the_extremes_are_not_located() -> None:
    frame = people()
    frame.loc[0, "age"] = 109.0
    for answer in (describe(frame, "age"), grouped(frame)):
        for group in told(answer):
            found = cells(answer, group)
            assert min(low for low, *_ in found) == -np.inf
            assert max(high for _, high, _ in found) == np.inf
            assert max(low for low, *_ in found) < 75  # with four others at least
    lifted = cells(describe(frame, "age", policy=exact(min_cell=1)))
    low, _, rows = max(lifted)
    assert rows == 1
    assert 108 < low < 109  # the attack, unguarded


def test_A08_r11_cells_are_those_of_any_window() -> None:
    """Nothing is between the cells of ``describe`` and those of ``tabulate``: one tree."""
    frame = people()
    edges = {high for _, high, _ in cells(describe(frame, "age"))} - {np.inf}
    window = numeric("age", -2, -400, 800)  # finer than the outline's, which is of .05 sd
    low, high = attacker.array(tabulate(frame, numeric=[window]), "curve/0/all")
    points = np.arange(-400, 801) / 4
    assert edges <= set(points[low == high].tolist())


def test_r3_r4_cells_by_group_only_where_groups_may_be_told() -> None:
    small = people().assign(arm=["x"] * 4 + ["y"] * (N - 4))
    missing = people().assign(arm=[None] * 2 + ["x", "y"] * (N // 2 - 1))
    for frame in (small, missing):
        found = grouped(frame)
        assert told(found) == {None}
        assert rows_of(found) == N
    lifted = grouped(small, exact(min_cell=1, min_rows=1))
    assert rows_of(lifted, "x") == 4  # the attack, unguarded


def test_A07_cells_of_two_groupings_differ_by_no_patient() -> None:
    """Rows in no group are told apart from groups only if they are enough themselves."""
    frame = people()
    frame.loc[:6, "arm"] = None
    found = grouped(frame)
    assert [rows for *_, rows in cells(found)] == [7]
    whole = rows_of(found, "x") + rows_of(found, "y")
    together = attacker.array(
        tabulate(frame, numeric=[numeric("age")], group=factor("arm", "x", "y")), "moments/0/group"
    )
    assert whole == together[:, 0].sum() == N - 7
