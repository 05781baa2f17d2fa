"""Attacks by outcomes that one patient makes: counts, real numbers, and sums of log y!."""

from math import lgamma

import numpy as np
import pandas as pd
import pytest

from helpers.attacker import OPEN, array, refusal
from helpers.glm_attacker import RNG, VICTIM, N, ask, at, counted, last, opening

MODELS = [("poisson", "log"), ("gamma", "log"), ("gamma", "inverse"), ("gaussian", "identity")]


def above(frame: pd.DataFrame, family: str) -> pd.DataFrame:
    return frame.assign(y=frame["y"] + (family == "gamma"))


@pytest.mark.parametrize(("family", "link"), MODELS)
def test_A02_r5_an_outcome_with_one_large_value(family: str, link: str) -> None:
    """Attack: the sum of the outcome is the one patient's who was in hospital for years."""
    frame = above(counted(), family)
    frame.loc[VICTIM, "y"] = 1_000_000
    asked = opening(family, link, "age")
    assert refusal(ask(frame, "start", asked)) == ("DOMINANT_ROW", ["y"])
    given = array(ask(frame, "start", asked, OPEN), "outcome")[0]
    assert given == pytest.approx(1_000_000, rel=1e-3)  # the attack, unguarded


@pytest.mark.parametrize(("family", "link"), MODELS[1:])
@pytest.mark.parametrize("rows", [1, 4])
def test_A02_r5_an_outcome_of_two_values(family: str, link: str, rows: int) -> None:
    """Attack: everybody has 7.5 but a few: the sum tells what these have."""
    frame = counted().assign(y=7.5)
    frame.loc[VICTIM : VICTIM + rows - 1, "y"] = 9.25
    asked = opening(family, link, "age")
    assert refusal(ask(frame, "start", asked)) == ("RARE_VALUE", ["y"])
    given = array(ask(frame, "start", asked, OPEN), "outcome")[0] - 7.5 * N
    assert given == pytest.approx(rows * (9.25 - 7.5), rel=1e-9)  # the attack, unguarded


def test_A02_r5_a_sum_of_log_factorials_that_one_patient_makes() -> None:
    """Attack: log y! is 0 of 0 and of 1, so its sum is that of the one patient with 5."""
    frame = counted().assign(y=RNG.permutation(np.arange(N) % 2))
    frame.loc[VICTIM, "y"] = 5
    asked = at("poisson", "log", -0.5, [0.0], "age", report=last())
    assert refusal(ask(frame, "evaluate", asked)) == ("RARE_VALUE", ["y"])
    assert refusal(ask(frame, "start", opening("poisson", "log", "age")))[0] == "RARE_VALUE"
    given = array(ask(frame, "evaluate", asked, OPEN), "constants")[0]
    assert given == pytest.approx(lgamma(6), rel=1e-9)  # the attack, unguarded


@pytest.mark.parametrize("few", [1, 4])
@pytest.mark.parametrize(("rare", "code"), [(0, "FEW_WITHOUT_EVENT"), (3, "FEW_EVENTS")])
def test_A02_r6_few_counts_of_0_or_above(few: int, rare: int, code: str) -> None:
    """Attack: the few patients without a visit, or with any, are a class as in a 0/1 outcome."""
    usual = 0 if rare else 3
    frame = counted().assign(y=np.full(N, usual))
    frame.loc[: few - 1, "y"] = rare
    found = ask(frame, "start", opening("poisson", "log", "age"))
    assert refusal(found) == (code, ["y"])
    given = array(ask(frame, "start", opening("poisson", "log", "age"), OPEN), "outcome")[0]
    assert abs(given - usual * N) == 3 * few  # the attack, unguarded


def test_A02_r5_an_exposure_that_one_patient_makes() -> None:
    frame = counted().assign(years=RNG.uniform(1, 2, N))
    frame.loc[VICTIM, "years"] = 1e5
    asked = opening("poisson", "log", "age", exposure="years")
    assert refusal(ask(frame, "start", asked)) == ("DOMINANT_ROW", ["years"])
    assert ask(frame, "start", asked, OPEN)["status"] == "ok"


def test_A02_r5_an_exposure_whose_logarithm_one_patient_makes() -> None:
    """Attack: nearly no time at risk is an ordinary number, and its logarithm is no other's."""
    frame = counted().assign(years=RNG.uniform(1, 2, N))
    frame.loc[VICTIM, "years"] = 1e-30
    asked = opening("poisson", "log", "age", exposure="years")
    assert refusal(ask(frame, "start", asked)) == ("DOMINANT_ROW", ["years"])
    assert ask(frame, "start", asked, OPEN)["status"] == "ok"
