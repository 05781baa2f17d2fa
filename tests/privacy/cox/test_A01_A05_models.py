"""Attacks with a model's columns and size: dummies, spikes, few events, too many parameters."""

import pytest

from privacy.attacker import OPEN
from privacy.cox.questions import ask, evaluate, opening, people, refusal
from v6_clinical.disclosure import Policy


@pytest.mark.parametrize("count", [1, 4])
def test_A01_A02_r5_a_dummy_of_few_patients(count: int) -> None:
    frame = people().assign(z=0.0)
    frame.loc[: count - 1, "z"] = 1.0
    assert refusal(frame, opening("x", "z")) == "SMALL_CELL"
    found = ask(frame, "evaluate", evaluate([0.0, 0.0], question=opening("x", "z")), OPEN)
    assert found["status"] == "ok"  # the attack, unguarded
    spike = people().assign(z=lambda f: 1e-3 * f["x"])
    spike.loc[0, "z"] = 50.0
    assert refusal(spike, opening("x", "z")) == "SMALL_CELL"


@pytest.mark.parametrize("events", [1, 4, 56, 59])
def test_r6_few_events_or_few_others(events: int) -> None:
    frame = people().assign(e=[1] * events + [0] * (60 - events))
    assert refusal(frame, opening()) == "SMALL_CELL"
    assert ask(frame, "start", opening(), OPEN)["status"] == "ok"


def test_r6_a_site_without_events_contributes_zeros() -> None:
    found = ask(people().assign(e=0), "evaluate", evaluate([0.3]))
    assert found["sums"]["arrays"]["likelihood"]["data"] == [0]
    assert found["sums"]["forms"]["information"]["half"] == [0]


def test_A05_r7_parameters_for_the_rows() -> None:
    """The baseline counts twice: a hazard, and sums weighted by time."""
    assert refusal(people(29), opening()) == "TOO_MANY_PARAMETERS"
    assert ask(people(30), "start", opening())["status"] == "ok"
    assert ask(people(29), "start", opening(), Policy(max_parameters_per_row=0.33))["n"] == 29
