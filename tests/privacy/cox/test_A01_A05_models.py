"""Attacks with a model's columns and size: dummies, spikes, few events, too many parameters."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers import attacker
from helpers.attacker import OPEN, share_of_unknowns
from helpers.cox_attacker import PACKAGE, ask, evaluate, opening, people, refusal
from helpers.policies import ExactPolicy, exact
from v6_clinical.version import __version__


@pytest.mark.parametrize("count", [1, 4])
def test_A01_A02_r5_a_dummy_of_few_patients(count: int) -> None:
    frame = people().assign(z=0.0)
    frame.loc[: count - 1, "z"] = 1.0
    assert refusal(frame, opening("x", "z")) == "RARE_VALUE"
    found = ask(frame, "evaluate", evaluate([0.0, 0.0], question=opening("x", "z")), OPEN)
    assert found["status"] == "ok"  # the attack, unguarded
    spike = people().assign(z=lambda f: 1e-3 * f["x"])
    spike.loc[0, "z"] = 50.0
    assert refusal(spike, opening("x", "z")) == "DOMINANT_ROW"


class AnyCombination(ExactPolicy):
    """Combinations of columns are not looked at."""

    def check_combinations(self, *_: Any) -> None:
        """Let everything pass."""


def test_A02_r5_two_dummies_that_differ_in_one_patient() -> None:
    """Attack: the difference of their scores is what that patient's own is: event less hazard."""
    frame = people().assign(a=np.arange(60) % 2)
    victim = frame.index[(frame["e"] == 1) & (frame["a"] == 0)][0]
    frame["b"] = np.where(frame.index == victim, 1, frame["a"])
    asked = evaluate([0.0, 0.0], question=opening("a", "b"))
    found = ask(frame, "evaluate", asked)
    assert (found["code"], found["where"]) == ("RARE_VALUE", ["a", "b"])
    score = ask(frame, "evaluate", asked, AnyCombination())["sums"]["tallies"]["score"]
    deaths = frame["t"][frame["e"] == 1]
    seen = sum(1 / (frame["t"] >= t).sum() for t in deaths if t <= frame["t"][victim])
    assert score["b"] - score["a"] == pytest.approx(1 - seen, rel=1e-9)  # the attack, unguarded


def test_A02_r5_products_without_their_margins() -> None:
    """Attack: (x - m) times two dummies, m beside the x of the patient in whom they differ."""
    frame = people().assign(a=np.arange(60) % 2)
    victim = frame.index[(frame["e"] == 1) & (frame["a"] == 0)][0]
    frame["b"] = np.where(frame.index == victim, 1, frame["a"])
    near = {"kind": "scale", "column": "x", "mean": float(frame["x"][victim]) - 1e-4, "sd": 1.0}
    question = opening("a", "b")
    for term in question["model"]["terms"]:
        term["factors"].insert(0, near)
    asked = evaluate([0.0, 0.0], question=question)
    found = ask(frame, "evaluate", asked)
    assert (found["code"], found["where"]) == ("RARE_VALUE", ["a", "b"])
    first, second = ask(frame, "evaluate", asked, AnyCombination())["sums"]["tallies"][
        "score"
    ].values()
    deaths = frame["t"][frame["e"] == 1]
    seen = sum(1 / (frame["t"] >= t).sum() for t in deaths if t <= frame["t"][victim])
    assert (second - first) * 1e4 == pytest.approx(1 - seen, rel=1e-6)  # the attack, unguarded


@pytest.mark.parametrize("events", [1, 4, 56, 59])
def test_r6_few_events_or_few_others(events: int) -> None:
    frame = people().assign(e=[1] * events + [0] * (60 - events))
    expected = "FEW_EVENTS" if events < 5 else "FEW_WITHOUT_EVENT"
    assert refusal(frame, opening()) == expected
    assert ask(frame, "start", opening(), OPEN)["status"] == "ok"


def test_r6_a_site_without_events_contributes_zeros() -> None:
    found = ask(people().assign(e=0), "evaluate", evaluate([0.3]))
    assert found["sums"]["arrays"]["likelihood"]["data"] == [0]
    assert found["sums"]["forms"]["information"]["half"] == [0]


def test_A05_r7_parameters_for_the_rows() -> None:
    """The baseline counts twice: a hazard, and sums weighted by time."""
    assert refusal(people(29), opening()) == "TOO_MANY_PARAMETERS"
    assert ask(people(30), "start", opening())["status"] == "ok"
    assert ask(people(29), "start", opening(), exact(max_parameters_per_row=0.33))["n"] == 29


@pytest.mark.parametrize(("n", "p"), [(30, 1), pytest.param(50, 3, marks=pytest.mark.repeats)])
def test_A20_an_honest_fit_does_not_determine_the_covariates(n: int, p: int) -> None:
    """The fewest rows that R7 allows; every answer of a fit, with all that a report may hold."""
    rng = np.random.default_rng(n)
    names = [f"x{k}" for k in range(p)]

    def site(rows: int) -> pd.DataFrame:
        x = rng.normal(size=(rows, p))
        t, c = rng.exponential(size=rows) * np.exp(-0.4 * x.sum(axis=1)), rng.exponential(2, rows)
        made = pd.DataFrame(x, columns=names)
        return made.assign(t=np.minimum(t, c), e=(t <= c).astype(int))

    frames = [site(n), site(200)]
    arguments = {"time": "t", "event": "e", "predictors": names, "robust": True}
    arguments |= {"time_horizon": 2.0}
    found, asked = attacker.run(PACKAGE, frames, arguments)
    assert found["status"] == "completed", found["error"]
    assert 0.2 < share_of_unknowns(PACKAGE, frames[0], names, asked) < 0.6
    found, _ = attacker.run(PACKAGE, [frames[0].iloc[1:], frames[1]], arguments)
    assert found["error"]["code"] == "TOO_MANY_PARAMETERS"


def test_A20_more_parameters_than_the_limit_would_determine_them() -> None:
    """What R7 stops: at a third of a parameter a row the same answers determine all covariates."""
    rng, names = np.random.default_rng(3), [f"x{k}" for k in range(4)]
    covariates = dict(zip(names, rng.normal(size=(4, 12)), strict=True))
    frame = people(12).assign(e=np.arange(12) % 2, **covariates)
    model = opening(*names)
    evaluations = [evaluate([0.1 * k] * 4, question=model) for k in range(4)]
    messages = [("start", model), *(("evaluate", asked) for asked in evaluations)]
    asked = [
        {"version": __version__, "step": step, "arguments": arguments, "index": 0, "count": 2}
        for step, arguments in messages
    ]
    assert share_of_unknowns(PACKAGE, frame, names, asked, policy=OPEN) > 0.9
    assert refusal(frame, model) == "TOO_MANY_PARAMETERS"
