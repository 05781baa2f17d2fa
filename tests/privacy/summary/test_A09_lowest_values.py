"""Attacks with what a site tells of its lowest values: whether none is below 0, and no more."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers import attacker
from helpers.attacker import array, bisect, costs, refusal, tally
from helpers.policies import exact
from helpers.summary_attacker import RNG, ages, ask, describe, factor, numeric, tabulate
from v6_summary.moments import FirstSums


def first(answer: attacker.Answer, place: int = 0) -> FirstSums:
    return FirstSums(*array(answer, "moments")[place])


def lowest(value: float, n: int = 80) -> pd.DataFrame:
    """Return values around 50, and one patient's far below them."""
    return pd.DataFrame({"x": np.r_[RNG.normal(50, 5, n - 1), value]})


def told(answer: attacker.Answer) -> tuple[Any, ...]:
    """Return what an answer tells of where values lie."""
    about = first(answer)
    return about.whole, about.nonnegative, tally(answer, "cells/0")


@pytest.mark.parametrize("value", [0.0, 0.3, 7.9, 31.0])
def test_A09_r10_nothing_but_its_sign_is_told_of_the_lowest_value(value: float) -> None:
    frame, other = lowest(value), lowest(value)
    other["x"] = frame["x"].replace(value, value + 1.5)
    assert told(describe(frame, "x")) == told(describe(other, "x"))
    assert first(describe(frame, "x")).nonnegative == 1
    lifted = exact(min_cell=1, allow_min_max=True, min_spread=0.0)
    unguarded = [told(describe(one, "x", policy=lifted)) for one in (frame, other)]
    assert unguarded[0] != unguarded[1]  # the attack, unguarded


def test_A08_r11_no_question_moves_the_cut() -> None:
    """Whatever is asked, the cut is at 0; where it could be moved, bisection would find the age."""
    frame = ages().assign(arm=np.resize(["u", "v"], 60), x=lowest(7.0, 60)["x"])
    plain = first(describe(frame, "x"))
    for asked in (
        {"group_by": "arm"},
        {"group_by": "arm", "levels": {"arm": ["u", "v"]}},
        {"collapse": {"arm": {"w": ["u", "v"]}}, "group_by": "arm"},
    ):
        assert first(describe(frame, "x", "age", "arm", **asked)) == plain
    for extra in ({"cut": 5.0}, {"shift": 5.0}, {"least": {"x": 5.0}}):
        question = {"names": ["x"], "group_by": None, "levels": {}, "collapse": {}}
        assert ask(frame, "describe", question | extra)["code"] == "BAD_REQUEST"

    def beyond(cut: float) -> bool:  # a session that takes a number off the column
        return first(describe(frame.assign(x=frame["x"] - cut), "x")).nonnegative == 0

    assert bisect(beyond, 0.0, 40.0, 30) == pytest.approx(7.0, abs=1e-6)  # the attack, unguarded


def test_A09_the_sign_is_told_of_all_rows_of_a_column_and_in_one_answer_only() -> None:
    """Of a group of five, or of the rows without a group, it would be that of few patients."""
    frame = ages().assign(arm=["u"] * 5 + ["v"] * 55)
    frame.loc[0, "age"] = -3.0
    found = describe(frame, "age", "arm", group_by="arm")
    assert array(found, "moments").shape == (2, len(FirstSums()))
    assert first(found).nonnegative == 0
    two = factor("arm", "u", "v")
    beside = tabulate(frame, numeric=[numeric("age")], group=two)
    kept = {name.split("/")[0] for name in beside["sums"]["arrays"]}
    assert kept == {"moments", "missing", "curve", "grouped"}
    assert array(beside, "moments/0/group").shape == (2, 6)  # power sums, not signs


def test_A12_known_limit_a_value_below_zero() -> None:
    """One call: whether any value of a column is below 0, be it one patient's."""
    frame = ages()
    with costs(1):
        none = first(describe(frame, "age")).nonnegative
    frame.loc[7, "age"] = -1.0
    with costs(1):
        some = first(describe(frame, "age")).nonnegative
    assert (none, some) == (1, 0)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ([1.0] * 3 + [0.0] * 57, "RARE_VALUE"),
        ([7123.0] + [0.5, 0.25] * 29 + [0.5], "DOMINANT_ROW"),
        (["rare"] * 3 + ["often"] * 57, "RARE_LEVEL"),
        ([f"patient {k}" for k in range(60)], "TOO_MANY_LEVELS"),
        ([5.0] * 4 + [None] * 56, "MIN_ROWS"),
    ],
)
def test_A19_a_withheld_column_tells_its_code_alone(values: list[Any], code: str) -> None:
    frame = ages().assign(x=values)
    found = describe(frame, "age", "x")
    assert tally(found, "withheld/1") == {code: 1.0}
    assert first(found, 1) == FirstSums()
    assert not {"cells/1", "levels/1"} & found["sums"]["tallies"].keys()
    assert refusal(describe(frame, "x"))[0] == code
    factors = {"categorical": [factor("x", "often", "rare")]}
    asked = {"numeric": [numeric("x")]} if code in ("RARE_VALUE", "DOMINANT_ROW") else factors
    answer = tabulate(frame, **asked)
    hidden = code == "RARE_LEVEL" and array(answer, "counts/0/all")[1].all()
    assert hidden or answer["status"] == "refused"
    lifted = exact(min_rows=1, min_cell=1, min_spread=0.0, max_levels=99, levels_per_row=2.0)
    open_answer = describe(frame, "age", "x", policy=lifted)
    assert "withheld/1" not in open_answer["sums"]["tallies"]  # the attack, unguarded
