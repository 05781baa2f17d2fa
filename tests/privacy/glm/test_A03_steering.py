"""Attacks with coefficients that are steered to one patient."""

from typing import Any

import numpy as np
import pytest

from helpers.attacker import array, form, refusal, tally
from helpers.glm_attacker import RNG, N, WithoutR9, ask, at, counted, last, opening
from helpers.policies import ExactPolicy
from v6_clinical.regression.glm import leverage


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

    class OnlyResiduals(ExactPolicy):
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


@pytest.mark.parametrize("per_site", [True, False])
def test_A03_r9_squares_of_a_site_s_own_fit_that_one_patient_makes(per_site: bool) -> None:
    """Attack: the first round tells all of a linear regression, whose squares are one patient's."""
    frame = counted().assign(first=RNG.permutation(np.arange(N) % 2))
    frame["y"] = 5.0 + 2 * frame["first"]
    frame.loc[0, "y"] += 11.0

    class OnlyResiduals(ExactPolicy):
        allow_per_site = per_site

        def check_design(self, *_: Any, **__: Any) -> None:
            """Let everything pass."""

        def check_combinations(self, *_: Any, **__: Any) -> None:
            """Let everything pass."""

    class Unguarded(OnlyResiduals):
        def check_residuals(self, *_: Any, **__: Any) -> None:
            """Let everything pass."""

    asked = opening("gaussian", "identity", "first")
    assert refusal(ask(frame, "start", asked, OnlyResiduals())) == ("COEFFICIENT_RANGE", [])
    found = ask(frame, "start", asked, Unguarded())
    side, matrix = tally(found, "right_hand_side"), form(found, "information")
    h = np.array([[matrix(a, b) for b in side] for a in side])
    v = np.array(list(side.values()))
    squares = array(found, "outcome_squares")[0] - v @ np.linalg.solve(h, v)
    same = float((frame["first"] == frame["first"][0]).sum())
    assert squares == pytest.approx(121 * (1 - 1 / same), rel=1e-6)  # the attack, unguarded


def test_A03_r9_squared_residuals_that_one_patient_makes_among_small_ones() -> None:
    """Attack: many small residuals make the score, and one patient's is nearly all squares."""
    side = RNG.permutation(np.arange(N) % 2) - 0.5
    frame = counted().assign(y=5.0 + 0.8 * side)
    frame.loc[0, "y"] = 16.0

    class WithoutDesign(ExactPolicy):
        def check_design(self, *_: Any, **__: Any) -> None:
            """Let everything pass."""

        def check_combinations(self, *_: Any, **__: Any) -> None:
            """Let everything pass."""

    class Unguarded(WithoutDesign):
        def check_residuals(self, *_: Any, squared: bool = False, **__: Any) -> None:
            """Let everything pass."""

    asked = at("gaussian", "identity", 5.0, [0.0], "age", null=6.0, report=last())
    plain = at("gaussian", "identity", 5.0, [0.0], "age", null=6.0)
    assert ask(frame, "evaluate", plain, WithoutDesign())["status"] == "ok"
    assert refusal(ask(frame, "evaluate", asked, WithoutDesign())) == ("COEFFICIENT_RANGE", [])
    given = array(ask(frame, "evaluate", asked, Unguarded()), "pearson")[0]
    assert abs(given**0.5 - 11) < 1  # the attack, unguarded


def test_A03_r9_expected_information_that_one_patient_makes() -> None:
    """Attack: of a probit model that is wrong of all but one, who alone has expected weight."""
    side = np.where(np.arange(N) % 2 == 0, 1.0, -1.0) * RNG.uniform(1, 1.3, N)
    frame = counted().assign(side=side, y=(side > 0).astype(int))
    frame.loc[0, "side"] = 0.0
    asked = at("binomial", "probit", 0.0, [-5.0, 0.0], "side", "bmi", report=last())
    plain = at("binomial", "probit", 0.0, [-5.0, 0.0], "side", "bmi")
    assert ask(frame, "evaluate", plain)["status"] == "ok"
    assert refusal(ask(frame, "evaluate", asked)) == ("COEFFICIENT_RANGE", [])
    given = form(ask(frame, "evaluate", asked, WithoutR9()), "expected")
    ratio = given("Intercept", "bmi") / given("Intercept", "Intercept")
    assert ratio == pytest.approx(frame["bmi"][0], rel=1e-4)  # the attack, unguarded


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


def test_A03_r9_a_risk_above_1_tells_nothing() -> None:
    """The same of the log link, whose risks are below 1 where the linear predictor is below 0."""
    frame = counted().assign(y=RNG.permutation(np.arange(N) % 2))
    for intercept in (0.0, 1.0):
        asked = at("binomial", "log", intercept, [0.0], "age")
        assert refusal(ask(frame, "evaluate", asked)) == ("COEFFICIENT_RANGE", [])
    assert ask(frame, "evaluate", at("binomial", "log", -0.7, [0.0], "age"))["status"] == "ok"


def test_A03_r9_one_patient_near_a_risk_of_1_makes_the_information() -> None:
    """Attack: near a risk of 1 a patient without the event has a weight that hides all others."""
    frame = counted().assign(y=RNG.permutation(np.arange(N) % 2))
    who = int(frame.loc[frame["y"] == 0, "age"].idxmax())
    slope = 0.01
    intercept = -slope * float(frame["age"][who]) - 1e-8
    frame = frame[(frame["age"] <= frame["age"][who])]
    asked = at("binomial", "log", intercept, [slope, 0.0], "age", "bmi")
    assert refusal(ask(frame, "evaluate", asked)) == ("COEFFICIENT_RANGE", [])
    given = form(ask(frame, "evaluate", asked, WithoutR9()), "information")
    ratio = given("Intercept", "bmi") / given("Intercept", "Intercept")
    assert ratio == pytest.approx(frame["bmi"][who], rel=1e-6)  # the attack, unguarded


def half(matrix: Any) -> list[float]:
    return [float(x) for x in np.asarray(matrix)[np.triu_indices(len(matrix))]]


@pytest.mark.parametrize("kind", ["HC2", "HC3"])
def test_A03_r9_a_leverage_that_one_patient_is_given(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Attack: a matrix that is no covariance gives one patient all the weight of squared errors."""
    frame = counted()
    frame["y"] = RNG.normal(0, 1, N)
    oldest = int(frame["age"].idxmax())
    x = np.column_stack([np.ones(N), frame["age"]])
    aim = np.linalg.solve(x.T @ x, x[oldest])  # x_i'aim is largest in the oldest
    own = np.linalg.inv(x.T @ x)
    steered = np.outer(aim, aim) * (1 - 1e-6) / float(x[oldest] @ aim) ** 2

    def asked(matrix: Any) -> dict[str, Any]:
        report = last(meat=True, hc=kind, inverse=half(matrix))
        return at("gaussian", "identity", 0.0, [0.0], "age", null=0.0, report=report)

    assert ask(frame, "evaluate", asked(own))["status"] == "ok"
    assert ask(frame, "evaluate", asked(own / 7))["status"] == "ok"
    for matrix in (steered, 1.5 * own, -own, own[:1, :1]):
        found = ask(frame, "evaluate", asked(matrix))
        assert refusal(found)[0] in ("COEFFICIENT_RANGE", "BAD_REQUEST")
    monkeypatch.setattr(leverage, "_check", lambda *_: None)
    monkeypatch.setattr(leverage, "MOST", 1.0)
    assert refusal(ask(frame, "evaluate", asked(steered))) == ("COEFFICIENT_RANGE", [])  # R9
    given = form(ask(frame, "evaluate", asked(steered), WithoutR9()), "meat")
    ratio = given("Intercept", "age") / given("Intercept", "Intercept")
    assert ratio == pytest.approx(frame["age"][oldest], rel=5e-4)  # the attack, unguarded
