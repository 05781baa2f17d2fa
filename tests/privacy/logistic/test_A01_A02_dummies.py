"""Attacks with columns that few patients make: dummies, near-dummies, spikes, twins."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from helpers.attacker import OPEN, form, refusal, tally
from helpers.logistic_attacker import (
    NO_OWN,
    OUTCOME,
    RNG,
    VICTIM,
    N,
    ask,
    at,
    factor,
    opening,
    patients,
    start,
    twins,
)
from helpers.policies import EXACT


@pytest.mark.parametrize("cases", [1, 4])
@pytest.mark.parametrize("kind", ["numbers", "levels", "boolean", "called"])
def test_A01_r5_one_case_and_four_case_dummies(cases: int, kind: str) -> None:
    values = np.arange(N) < cases
    term: Any = "rare"
    more: dict[str, Any] = {}
    frame = patients().assign(rare=values.astype(float))
    if kind == "levels":
        frame["rare"] = np.where(values, "yes", "no")
        more = {"levels": {"rare": ["no", "yes"]}}
    elif kind == "boolean":
        frame["rare"] = values
    elif kind == "called":
        frame["rare"], term = values.astype(int), factor("category", "rare")
    found = start(frame, term, "age", **more)
    assert found["code"] == ("RARE_LEVEL" if kind in ("levels", "called") else "RARE_VALUE")
    assert all("rare" in name for name in found["where"])
    lifted = start(frame, term, "age", policy=replace(NO_OWN, min_cell=1, min_spread=0), **more)
    names = [name for name in tally(lifted, "column_sum") if "rare" in name]
    given = form(lifted)(names[-1], "age") * 4
    assert given == pytest.approx(frame["age"][:cases].sum(), rel=1e-9)  # unguarded
    five = frame.assign(rare=np.resize(frame["rare"].to_numpy()[[0]], N))
    five.loc[5:, "rare"] = frame["rare"].to_numpy()[-1]
    assert start(five, term, "age", **more)["status"] == "ok"


@pytest.mark.parametrize("kind", ["near-dummy", "spike", "four in a cube"])
def test_A02_r5_near_dummies_and_spikes(kind: str) -> None:
    """Every row differs, and one makes the column."""
    values = RNG.normal(0, 1e-3, N)
    term: Any = "rare"
    if kind == "four in a cube":
        values, term = RNG.normal(0, 1, N), factor("power", "rare", exponent=3)
        values[:4] = 30.0
    else:
        values[VICTIM] = 1.0 if kind == "near-dummy" else 1e9
    frame = patients().assign(rare=values)
    for step in ("start", "evaluate"):
        asked = opening(term, "age") if step == "start" else at(0.0, [0.0, 0.0], term, "age")
        found = ask(frame, step, asked)
        assert found["code"] == "DOMINANT_ROW", step
    lifted = replace(EXACT, min_cell=1, min_spread=0)
    assert start(frame, term, "age", policy=lifted)["status"] == "ok"
    if kind == "spike":
        given = form(start(frame, term, "age", policy=replace(lifted, allow_per_site=False)))
        assert given("rare", "age") * 4e-9 == pytest.approx(frame["age"][VICTIM], rel=1e-3)


def test_A02_r5_a_spike_is_not_described_either() -> None:
    frame = patients().assign(rare=np.where(np.arange(N) == VICTIM, 71.0, 0.0))
    for term in (factor("scale", "rare"), factor("spline", "rare", basis="ns", df=2)):
        found = ask(frame, "describe", opening(term))
        assert refusal(found) == ("RARE_VALUE", ["rare"])
    lifted = ask(frame, "describe", opening(term), replace(EXACT, min_cell=1, min_spread=0))
    assert tally(lifted, "column_sum")["rare"] == 71.0  # the attack, unguarded


def test_A01_r5_a_reference_level_with_one_row() -> None:
    """No dummy of the agreed coding is rare; what they leave over is."""
    stage = RNG.permutation(np.resize(["II", "III"], N)).astype(object)
    stage[VICTIM] = "I"
    frame = patients().assign(stage=stage)
    levels = {"stage": ["I", "II", "III"]}
    asked = at(0.0, [0.0, 0.0, 0.0], "stage", "age", levels=levels)
    assert refusal(ask(frame, "evaluate", asked)) == ("RARE_LEVEL", ["stage[I]"])
    lifted = form(ask(frame, "evaluate", asked, OPEN), "information")
    rest = sum(lifted(name, "age") for name in ("stage[T.II]", "stage[T.III]"))
    given = 4 * (lifted("Intercept", "age") - rest)
    assert given == pytest.approx(frame["age"][VICTIM], rel=1e-9)  # the attack, unguarded
    assert start(frame, "stage", levels=levels)["code"] == "RARE_LEVEL"


def test_A01_r5_a_rare_combination() -> None:
    """Both factors are common; one patient has both of their levels."""
    one, two = np.resize(["n", "y"], N), np.resize(["n", "n", "y", "n"], N)
    two[[1, 3, 5, 7, 9]] = "n"
    one[2] = "y"
    frame = patients().assign(one=one, two=two)
    both = {"factors": [{"kind": "column", "column": name} for name in ("one", "two")]}
    found = start(frame, "one", "two", both)
    assert refusal(found) == ("RARE_LEVEL", ["one[y]:two[y]"])
    lifted = start(frame, "one", "two", both, policy=OPEN)
    assert tally(lifted, "column_sum")["one[y]:two[y]"] == 1


@pytest.mark.parametrize("differ", [1, 4])
def test_A02_r5_two_dummies_that_differ_in_few_rows(differ: int) -> None:
    """Attack: the difference of two columns' sums of products, from ``start`` alone."""
    frame = twins(differ)
    found = start(frame, "first", "second", "age")
    assert refusal(found) == ("RARE_VALUE", ["first", "second"])
    if differ == 1:  # its leverage is 1: refused without the count of differing rows too
        found = start(frame, "first", "second", "age", policy=replace(NO_OWN, min_cell=1))
        assert refusal(found) == ("DOMINANT_ROW", ["terms"])
    lifted = replace(NO_OWN, min_cell=1, min_spread=0)
    given = form(start(frame, "first", "second", "age", policy=lifted))
    rows = frame["age"][VICTIM : VICTIM + differ].sum()
    gap = 4 * (given("second", "age") - given("first", "age"))
    assert gap == pytest.approx(rows, rel=1e-9)  # the attack, unguarded


@pytest.mark.parametrize("role", ["weights", "offset", "predictor"])
def test_A02_r5_numbers_that_differ_in_one_row(role: str) -> None:
    """The same with two columns of numbers, one of them a weight or an offset."""
    frame = patients()
    frame["copy"] = frame["age"]
    frame.loc[VICTIM, "copy"] += 1.0
    more = {} if role == "predictor" else {role: "copy"}
    terms = ("age", "bmi", "copy") if role == "predictor" else ("age", "bmi")
    assert refusal(start(frame, *terms, **more)) == ("DOMINANT_ROW", ["terms"])
    lifted = replace(NO_OWN, min_spread=0)
    if role != "offset":  # an offset of 60 needs another intercept
        assert start(frame, *terms, policy=lifted, **more)["status"] == "ok"
    if role == "predictor":
        given = form(start(frame, *terms, policy=lifted))
        gap = 4 * (given("copy", "bmi") - given("age", "bmi"))
        assert gap == pytest.approx(frame["bmi"][VICTIM], rel=1e-7)  # the attack, unguarded


def test_A03_r5_a_dummy_that_is_nearly_the_outcome() -> None:
    """Attack: the score at 0 and the column's own sums differ by one patient's row."""
    frame = twins(1)
    outcome = OUTCOME | {"column": "second"}
    found = start(frame, "first", "age", outcome=outcome)
    assert refusal(found) == ("RARE_VALUE", ["first", "second"])
    lifted = replace(NO_OWN, min_cell=1, min_spread=0)
    found = start(frame, "first", "age", outcome=outcome, policy=lifted)
    events = tally(found, "right_hand_side")["age"] + tally(found, "column_sum")["age"] / 2
    given = events - 4 * form(found)("first", "age")
    assert given == pytest.approx(frame["age"][VICTIM], rel=1e-9)  # the attack, unguarded
