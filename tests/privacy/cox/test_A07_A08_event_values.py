"""Attacks by choosing the events: ages as events, status levels of few patients, their curves."""

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.attacker import array
from helpers.cox_attacker import ask, evaluate, opening, people, refusal, report
from helpers.policies import ExactPolicy
from v6_clinical.disclosure import Policy
from v6_cox import site_report

GRID = {"digit": 1, "exponent": 1, "count": 30}


class AnyLevels(ExactPolicy):
    """Levels are listed however few rows they have, and however many they are."""

    def check_levels(self, *_: Any) -> None:
        """Let everything pass."""

    def check_level_number(self, *_: Any) -> None:
        """Let everything pass."""


def with_ages(levels: int) -> tuple[pd.DataFrame, int]:
    """Return people with an age of some levels, and one who is first to leave and alone in hers."""
    frame = people(300, 5)
    frame["age"] = 40 + np.random.default_rng(5).integers(0, levels, 300)
    victim = int(frame["t"].idxmin())
    frame.loc[victim, "age"] = 40 + levels
    return frame, victim


@pytest.mark.parametrize(("levels", "code"), [(45, "TOO_MANY_LEVELS"), (8, "RARE_LEVEL")])
def test_A07_A08_r13_an_age_is_no_event(levels: int, code: str) -> None:
    """Attack: "older than a" as the event, with and without one patient: that patient's score."""
    frame, victim = with_ages(levels)
    older = [str(age) for age in range(40 + levels // 2, 40 + levels)]
    asked = [
        opening(event="age", event_value=values) for values in (older, [*older, str(40 + levels)])
    ]
    assert refusal(frame, asked[1]) == code
    scores = [
        ask(frame, "start", question, AnyLevels())["sums"]["tallies"]["null_score"]["x"]
        for question in asked
    ]
    value = scores[1] - scores[0] + frame["x"].mean()  # everybody is at risk
    assert value == pytest.approx(frame["x"][victim], rel=1e-9)  # the attack, unguarded


def test_A07_r8_a_listed_level_has_a_cell_in_every_stratum_or_none() -> None:
    """Attack: events 1, and events 1 or 2: in one stratum they differ by one patient."""
    frame = people(300, 2)
    frame.loc[frame.index[frame["e"] == 1][::3], "e"] = 2
    second = (frame["e"] == 2) & (frame["s"] == "u")
    frame.loc[frame.index[second][1:], "e"] = 1
    assert refusal(frame, opening(event_value=["1", "2"], strata=["s"])) == "SMALL_STRATUM"
    for allowed in ({"event_value": ["1"], "strata": ["s"]}, {"event_value": ["1", "2"]}):
        assert ask(frame, "start", opening(**allowed))["status"] == "ok"
    unguarded = ask(frame, "start", opening(event_value=["1", "2"], strata=["s"]), Policy.open())
    assert unguarded["status"] == "ok"


def test_A08_r2_curves_of_any_events_have_no_cell_of_few_rows_of_a_level(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Attack: curves with events 1, 2, and 1 or 2, between the times that any of them shows."""
    frame = people(300, 4)
    frame.loc[frame.index[frame["e"] == 1][::4], "e"] = 2
    assert smallest_cell(frame) >= 5
    original = site_report.own_curves

    def former(data: Any, kinds: Any, *rest: Any) -> Any:
        event = np.zeros(len(kinds), dtype=np.intp)
        event[data.order] = data.event
        return original(data, event, *rest)

    monkeypatch.setattr(site_report, "own_curves", former)
    assert smallest_cell(frame) < 5  # the attack, unguarded


def smallest_cell(frame: pd.DataFrame) -> int:
    """Return the fewest rows of a level that leave between two times shown, if any."""
    times: set[float] = set()
    for values in (["1"], ["2"], ["1", "2"]):
        question = evaluate([0.0], report(grid=GRID), event_value=values)
        shown = array(ask(frame, "evaluate", question), "site/0/curves")[0, 0]
        times |= set((10.0 * (1 + np.flatnonzero(shown))).tolist())
    assert len(times) > 3
    counts = [
        ((frame["t"] > low) & (frame["t"] <= high) & (frame["e"] == level)).sum()
        for low, high in pairwise(sorted(times))
        for level in (0, 1, 2)
    ]
    return min(int(count) for count in counts if count)
