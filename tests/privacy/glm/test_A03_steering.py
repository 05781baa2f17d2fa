"""Attacks with coefficients that are steered to one patient."""

from typing import Any

import numpy as np
import pytest

from helpers.attacker import array, form, refusal
from helpers.glm_attacker import RNG, N, WithoutR9, ask, at, counted, last
from v6_clinical.disclosure import Policy


def test_A03_r9_a_mean_that_only_the_oldest_patient_has() -> None:
    """Attack: at a steep slope of age the weights mu are the oldest patient's alone."""
    frame = counted()
    oldest = frame["age"].idxmax()
    frame.loc[oldest, "age"] += 3
    asked = at("poisson", "log", -20.0 * float(frame["age"][oldest]), [20.0, 0.0], "age", "bmi")
    assert refusal(ask(frame, "evaluate", asked)) == ("COEFFICIENT_RANGE", [])
    given = form(ask(frame, "evaluate", asked, WithoutR9()), "information")
    ratio = given("Intercept", "bmi") / given("Intercept", "Intercept")
    assert ratio == pytest.approx(frame["bmi"][oldest], rel=1e-9)  # the attack, unguarded


def test_A03_r9_squared_residuals_that_one_patient_makes() -> None:
    """Attack: all are fitted but one, whose squared residual is the dispersion's sum."""
    frame = counted().assign(first=RNG.permutation(np.arange(N) % 2))
    frame["y"] = 5.0 + 2 * frame["first"]
    frame.loc[0, "y"] += 11.0

    class OnlyResiduals(Policy):
        def check_design(self, *_: Any, **__: Any) -> None:
            """Let everything pass."""

        def check_combinations(self, *_: Any, **__: Any) -> None:
            """Let everything pass."""

    class Unguarded(OnlyResiduals):
        def check_residuals(self, *_: Any, **__: Any) -> None:
            """Let everything pass."""

    asked = at("gaussian", "identity", 5.0, [2.0], "first", null=6.0, report=last())
    assert refusal(ask(frame, "evaluate", asked, OnlyResiduals())) == ("COEFFICIENT_RANGE", [])
    given = array(ask(frame, "evaluate", asked, Unguarded()), "pearson")[0]
    assert given == pytest.approx(121, rel=1e-9)  # the attack, unguarded


def test_A03_r9_a_linear_predictor_is_measured_by_the_outcome() -> None:
    """A linear model of large numbers is fitted; a predictor far wider than they is refused."""
    frame = counted().assign(y=1e4 * RNG.normal(0, 1, N))
    honest = at("gaussian", "identity", 0.0, [500.0], "age", shift=[60.0], null=0.0)
    assert ask(frame, "evaluate", honest)["status"] == "ok"
    steered = at("gaussian", "identity", 0.0, [5e4], "age", shift=[60.0], null=0.0)
    assert refusal(ask(frame, "evaluate", steered)) == ("COEFFICIENT_RANGE", [])


@pytest.mark.parametrize(("family", "link"), [("gamma", "inverse"), ("binomial", "identity")])
def test_A03_r9_coefficients_outside_of_the_domain_tell_nothing(family: str, link: str) -> None:
    """A refusal by code, whoever lies outside."""
    frame = counted().assign(y=1 + RNG.permutation(np.arange(N) % 2) - (family == "binomial"))
    for intercept in (-1.0, 0.0):
        asked = at(family, link, intercept, [0.0], "age")
        assert refusal(ask(frame, "evaluate", asked)) == ("COEFFICIENT_RANGE", [])
    assert ask(frame, "evaluate", at(family, link, 0.5, [0.0], "age"))["status"] == "ok"
