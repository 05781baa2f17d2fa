"""Attacks on follow-up: bisected curves, the last patient, raw times in an answer."""

import json
from itertools import pairwise

import numpy as np
import pytest

from helpers.attacker import OPEN, numbers_in
from helpers.cox_attacker import ask, evaluate, opening, people, refusal, report
from helpers.policies import EXACT, exact
from v6_clinical.platforms import local
from v6_clinical.survival.grid import Exits, grid_up_to, shown_points


def test_r14_event_times_leave_only_where_allowed() -> None:
    question = opening(exact=True)
    for step in ("start", "describe"):
        assert refusal(people(), question, step) == "EVENT_TIMES"
    asked = {"stratum": "", "times": sorted(people()["t"].tolist(), reverse=True)}
    shared = evaluate([0.0], question=question) | {"times": [asked]}
    assert refusal(people(), shared, "evaluate") == "EVENT_TIMES"
    found = ask(people(), "start", question, exact(allow_event_times=True))
    died = people().query("e == 1")["t"]
    assert set(found["sums"]["tallies"]["times/"]) == {repr(t) for t in died}  # what R14 stops
    frames = [people(seed=k) for k in (1, 2)]
    arguments = {"time": "t", "event": "e", "predictors": ["x"], "baseline": "exact"}
    assert local.run("cox", frames, arguments)["error"]["code"] == "EVENT_TIMES"
    found = local.run("cox", frames, arguments, policy=exact(allow_event_times=True))
    assert "EVENT_TIMES_SENT" in [warning["code"] for warning in found["warnings"]]


def seen(exits: Exits) -> list[float]:
    """Return every time that any of many horizons shows."""
    times: set[float] = set()
    for horizon in (*np.geomspace(3, 900, 60), 12, 30, 60, 100, 250, 500, 1000):
        grid = grid_up_to(float(horizon))
        times |= set(grid.times()[shown_points(exits, grid)[0]].tolist())
    return sorted(times)


@pytest.mark.parametrize("seed", range(6))
def test_A08_r2_r11_moved_grids_find_no_small_cell(seed: int) -> None:
    """Attack: curves on many horizons; two times apart by few rows give one patient away."""
    rng = np.random.default_rng(seed)
    frame = people(300, seed)
    enter = np.where(rng.random(300) < 0.3, frame["t"] * rng.random(300), -np.inf)
    dead = frame["e"] == 1
    for min_cell in (5, 1):
        columns = (np.sort(frame["t"][dead]), np.sort(frame["t"][~dead]), np.sort(enter))
        exits = Exits(columns, min_cell, show_ends=False)
        gaps = [b - a for a, b in pairwise(exits.up_to(t) for t in seen(exits))]
        smallest = min(int(count) for gap in gaps for count in gap if count > 0)
        assert (smallest >= 5) == (min_cell == 5)  # with cells of 1 the attack succeeds
        assert len(gaps) > 5


def test_A09_r10_the_last_follow_up_is_not_located() -> None:
    frame = people(300)
    dead = frame["e"] == 1
    columns = (np.sort(frame["t"][dead]), np.sort(frame["t"][~dead]), np.full(300, -np.inf))
    last = frame["t"].max()
    assert max(seen(Exits(columns, 5, show_ends=False))) < np.sort(frame["t"])[-4]
    assert max(seen(Exits(columns, 1, show_ends=True))) > last  # unguarded


def test_A11_no_answer_holds_a_raw_time_or_an_array_as_long_as_the_data() -> None:
    grid = {"digit": 1, "exponent": 1, "count": 30}
    full = report(meat=True, grid=grid)
    questions = {"start": opening("x", "arm"), "evaluate": evaluate([0.1], full, strata=["s"])}
    for policy in (EXACT, OPEN):
        sizes = {}
        for n in (300, 900):
            frame = people(n)
            for step, question in questions.items():
                found = ask(frame, step, question, policy)
                text, numbers = json.dumps(found), numbers_in(found)
                sizes[step, n] = len(numbers)
                lengths = [len(a["data"]) for a in found["sums"]["arrays"].values()]
                assert max(lengths) < min(n, frame["e"].sum())
                assert not set(numbers) & set(frame["t"])
                assert not any(repr(time) in text for time in frame["t"])
        # numbers do not depend on the rows
        assert {sizes[s, 300] - sizes[s, 900] for s in questions} == {0}
    exact = ask(people(), "start", opening(exact=True), OPEN)
    assert any(repr(time) in json.dumps(exact) for time in people()["t"])  # the scan finds them
