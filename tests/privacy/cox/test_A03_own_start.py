"""Attacks on what a site tells at estimates of its own: R9 holds there as where it is asked."""

from typing import Any

import numpy as np
import pandas as pd

from helpers.cox_attacker import ask, evaluate, opening, refusal, report
from helpers.policies import ExactPolicy


class WithoutR9(ExactPolicy):
    """Coefficients and residuals are not looked at."""

    def check_coefficients(self, *_: Any) -> None:
        """Let everything pass."""

    def check_residuals(self, *_: Any, **__: Any) -> None:
        """Let everything pass."""


def ordered(n: int = 60) -> pd.DataFrame:
    """Return people whose times are all but ordered by a covariate, so that few carry the risk."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=n)
    time = np.exp(-2 * x + rng.normal(0, 0.3, n))
    event = np.arange(n) % 5 != 0
    return pd.DataFrame({"x": x, "t": time.round(12), "e": event.astype(int)})


def test_A03_r9_the_start_is_not_told_where_few_patients_make_it() -> None:
    """At the site's own optimum few patients carry the risk: the quadratic is that at 0."""
    forms = ask(ordered(), "start", opening())["sums"]["forms"]
    assert forms["information"]["half"] == forms["null_information"]["half"]
    given = ask(ordered(), "start", opening(), WithoutR9())["sums"]["forms"]
    assert given["information"]["half"] != given["null_information"]["half"]  # unguarded


def test_A03_r9_own_estimates_are_not_told_where_few_patients_make_them() -> None:
    asked = evaluate([0.1], report=report())
    found = ask(ordered(), "evaluate", asked)
    assert found["status"] == "ok", found
    assert "own_weight" not in found["sums"]["tallies"]
    given = ask(ordered(), "evaluate", asked, WithoutR9())
    assert given["sums"]["tallies"]["own_weight"]["x"] > 0  # unguarded


def test_A03_r9_a_steered_offset_is_refused_in_the_first_answer() -> None:
    """Attack: all events at one time; an offset that makes one patient the whole risk set."""
    rng = np.random.default_rng(11)
    frame = pd.DataFrame({"x": rng.normal(size=60), "o": rng.normal(0, 9, 60)})
    frame = frame.assign(t=1.0, e=np.arange(60) % 2)
    asked = opening(offset="o")
    assert refusal(frame, asked) == "COEFFICIENT_RANGE"
    score = ask(frame, "start", asked, WithoutR9())["sums"]["tallies"]["null_score"]["x"]
    events = frame["e"] == 1
    mean = (frame["x"][events].sum() - score) / events.sum()
    # Efron takes the tied deaths out one after another: the mean is of the few largest offsets
    largest = frame.sort_values("o")["x"].iloc[-3:]
    assert largest.min() - 0.1 < mean < largest.max() + 0.1  # the attack, unguarded
