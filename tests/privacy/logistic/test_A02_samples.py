"""Attacks on the sample in which a large site looks for a starting point."""

import numpy as np
import pandas as pd
import pytest

from helpers.logistic_attacker import ask, opening
from helpers.policies import EXACT, exact
from v6_clinical.disclosure import Policy
from v6_clinical.regression.glm.questions import Opening
from v6_clinical.regression.site.design import full_design
from v6_clinical.regression.site.sample import SAMPLE_ROWS, sample_step
from v6_logistic import site

N, RARE, LIFTED = 2 * SAMPLE_ROWS, 8, exact(min_cell=1, min_spread=0)
BOTH = {"factors": [{"kind": "column", "column": name} for name in ("arm", "age")]}
QUESTION = opening("arm", "age", BOTH)


def patients() -> pd.DataFrame:
    """Eight patients have a level, of whom one is in every second row."""
    rng = np.random.default_rng(1)
    arm = np.where(rng.random(N) < 0.5, "a", "b").astype(object)
    rows = rng.choice(N // 2, RARE, replace=False) * 2 + 1
    rows[0] -= 1
    arm[rows] = "z"
    age = rng.normal(60, 12, N).round(1)
    y = (rng.random(N) < 1 / (1 + np.exp(0.5 - 0.02 * (age - 60)))).astype(int)
    y[rows] = np.resize([1, 0, 1], RARE)
    return pd.DataFrame({"y": y, "age": age, "arm": arm})


def optimum_tells(frame: pd.DataFrame, policy: Policy) -> float:
    """Return what the ridge's part of the optimum tells: it is the score of the rows fitted to."""
    asked = Opening.read(QUESTION)
    cases = site.REGRESSION.read(frame, asked, policy)
    coding, about = full_design(asked.model, cases.rows, ("y", cases.events), policy)
    step = sample_step(about, coding.derived, policy)
    found = cases.likelihood(about.design, every=step).ridge_optimum()
    score = dict(zip(coding.names, found.penalty * found.beta, strict=True))
    return score["arm[z]:age"] / score["arm[z]"]


def test_A02_r5_a_sample_with_one_row_of_a_level_is_not_fitted() -> None:
    """The optimum can be solved for from what is sent there; of a sample it holds single rows."""
    frame = patients()
    age = frame["age"][(frame["arm"] == "z") & (frame.index % 2 == 0)].item()
    assert abs(optimum_tells(frame, EXACT) - age) > 0.01 * age
    assert optimum_tells(frame, LIFTED) == pytest.approx(age, rel=1e-6)  # the attack, unguarded


def test_A02_r5_the_number_of_sites_picks_no_row() -> None:
    """What is taken off the start depends on it: the difference of two calls is a sum over rows."""
    frame = patients()
    sides = []
    for count in (1, 2):
        found = ask(frame, "start", QUESTION, index=0, count=count)
        assert found["status"] == "ok", found
        sides.append(found["sums"]["tallies"]["right_hand_side"])
    told = {name: sides[0][name] - sides[1][name] for name in sides[0]}
    if told["arm[z]"]:
        ratio = told["arm[z]:age"] / told["arm[z]"]
        assert np.abs(frame["age"][frame["arm"] == "z"] - ratio).min() > 0.01
