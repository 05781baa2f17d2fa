"""Attacks with cut points: moved grids, the extremes, numbers cut into groups."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.attacker import array
from helpers.policies import exact
from helpers.summary_attacker import RNG, cut, describe, numeric, tabulate
from v6_clinical.disclosure.cells import Window, base_level, bounds, partition


def histogram_attack(values: np.ndarray[Any, Any], cell: int) -> int:
    """Ask on many grids, moved and scaled; return the fewest rows between two learnt counts."""
    rows = np.sort(values)
    known: dict[float, float] = {}
    for level in range(-9, 4):
        for first in (-700, -31, 0, 17):
            window = Window(level, first, first + 800)
            cells = partition(rows, window, base_level(rows), cell)
            low, high = bounds(cells, window.points())
            known |= dict(zip(window.points()[low == high], low[low == high], strict=True))
    counts = np.diff(np.array([known[point] for point in sorted(known)]))
    positive = counts[counts > 0]
    return int(positive.min()) if len(positive) else len(rows)


@pytest.mark.parametrize("kind", ["normal", "whole", "skewed", "spike"])
def test_A08_r2_r11_moving_the_grid_finds_nothing(kind: str) -> None:
    values = {
        "normal": RNG.normal(50, 10, 400),
        "whole": RNG.integers(20, 90, 400).astype(float),
        "skewed": RNG.exponential(30, 400),
        "spike": np.r_[np.full(395, 40.0), RNG.normal(0, 200, 5)],
    }[kind]
    assert histogram_attack(values, 5) >= 5
    if kind != "spike":
        assert histogram_attack(values, 1) < 5  # the attack, unguarded


def test_A09_r10_the_extremes_are_not_located() -> None:
    frame = pd.DataFrame({"age": np.r_[RNG.normal(50, 5, 200), 109.0]})
    arguments = {"numeric": [numeric("age", -4, 0, 3000)]}
    low, high = array(tabulate(frame, **arguments), "curve/0/all")
    points = np.arange(3001) / 16
    assert high.max() == 201
    assert low.max() < 201 - 4
    assert (points[low < high].max()) >= 187
    lifted = exact(allow_min_max=True, min_cell=1)
    low, _ = array(tabulate(frame, lifted, **arguments), "curve/0/all")
    assert points[np.searchsorted(low, 201)] == 109.0  # the attack, unguarded


def test_A08_r11_numbers_are_not_cut_into_groups() -> None:
    """Attack: move a cut point of age by one year, and take the difference of the group sums."""
    frame = pd.DataFrame({"age": range(20, 80), "y": RNG.normal(50, 9, 60)})
    assert cut(frame, "age", 30)["where"] == ["collapse", "age"]
    frame["age"] = [f"{age} years" for age in frame["age"]]
    assert cut(frame, "age", 30)["code"] == "TOO_MANY_LEVELS"
    sums = [
        array(cut(frame, "age", at, exact(max_levels=60, levels_per_row=1.0)), "moments/0/group")[
            0, 1
        ]
        for at in (30, 31)
    ]
    assert sums[1] - sums[0] == pytest.approx(frame["y"].iloc[30], rel=1e-9)  # unguarded


def test_A12_r10_refusals_do_not_find_the_largest_value() -> None:
    """Attack: a codebook of ages with and without the largest one."""
    frame = pd.DataFrame({"age": RNG.integers(20, 80, 60)})
    every = sorted({str(value) for value in frame["age"]})
    codes = [
        describe(frame, "age", levels={"age": levels})["code"] for levels in (every, every[:-1])
    ]
    assert codes == ["TOO_MANY_LEVELS", "TOO_MANY_LEVELS"]
