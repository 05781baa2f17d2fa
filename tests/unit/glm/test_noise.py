"""The noise of what a site tells of a likelihood of single rows: what is drawn, when, how large."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers import glm_attacker as glm
from helpers import logistic_attacker as logistic
from helpers.attacker import refusal
from helpers.policies import EXACT
from v6_clinical.disclosure import Policy
from v6_clinical.numerics.arrays import Array
from v6_clinical.platforms import local
from v6_clinical.protocol.registry import load_site
from v6_clinical.protocol.site import answer
from v6_clinical.protocol.sums import Sums
from v6_clinical.version import __version__

SECRET = bytes(range(32))
BLURRED = Policy(blur=0.01, blur_rows=0.15, secret=SECRET)
SECRETS = [replace(BLURRED, secret=bytes([k]) * 32) for k in range(6)]
FAMILIES = [
    ("gaussian", "identity"),
    ("poisson", "log"),
    ("gamma", "log"),
    ("gamma", "inverse"),
    ("binomial", "probit"),
]


def patients(n: int = 200) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    age, bmi = rng.normal(60, 12, n), rng.normal(27, 4, n)
    y = (rng.random(n) < 1 / (1 + np.exp(-0.05 * (age - 60)))).astype(int)
    visits = rng.poisson(np.exp(0.3 + 0.01 * (age - 60)))
    return pd.DataFrame(
        {
            "y": y,
            "visits": visits,
            "cost": rng.gamma(3, 1 + (age - 20) / 100),
            "age": age,
            "bmi": bmi,
            "w": rng.uniform(1, 2, n),
            "o": rng.normal(0, 0.3, n),
            "patient": np.arange(n) // 4,
        }
    )


def sums(
    step: str,
    asked: dict[str, Any],
    policy: Policy = BLURRED,
    frame: pd.DataFrame | None = None,
    package: str = "v6_logistic",
    count: int = 2,
) -> Sums:
    """Return what a site answers, the whole way through the frame, which lets nothing slip."""
    rows = patients() if frame is None else frame
    message = {"step": step, "arguments": asked, "version": __version__, "index": 0, "count": count}
    found = answer(load_site(package), message, lambda: policy, lambda policy: rows)
    assert found["status"] == "ok", found
    return Sums.from_json(found["sums"])


def numbers(found: Sums) -> Array:
    """Return all numbers of an answer in one row."""
    parts = [found.arrays[name].ravel() for name in sorted(found.arrays)]
    parts += [np.array([*found.tallies[name].values()]) for name in sorted(found.tallies)]
    parts += [found.forms[name].values.ravel() for name in sorted(found.forms)]
    return np.concatenate(parts)


def evaluated(intercept: float, *slopes: float, **more: Any) -> dict[str, Any]:
    names = ("age", "bmi")[: len(slopes)]
    return logistic.at(intercept, list(slopes), *names, **more)


@pytest.mark.parametrize("more", [{}, {"weights": "w"}, {"offset": "o"}, {"cluster": "patient"}])
def test_the_same_question_has_the_same_answer(more: dict[str, Any]) -> None:
    asked = evaluated(-0.2, 0.01, 0.02, report=logistic.wanted(meat=True), **more)
    for step, question in (("start", logistic.opening("age", "bmi", **more)), ("evaluate", asked)):
        first, second = (numbers(sums(step, question)) for _ in range(2))
        assert (first == second).all()
        exact = numbers(sums(step, question, EXACT))
        unkeyed = Policy(blur=0.01, blur_rows=0.15)
        redrawn = np.array([numbers(sums(step, question, unkeyed)) for _ in range(3)])
        real = exact != np.round(exact)
        assert real.any()
        for same in (first, exact):  # but for own results of no site alone
            assert (redrawn != same).any(axis=0)[real].mean() > 0.9


@pytest.mark.parametrize("family", FAMILIES, ids="-".join)
def test_every_number_has_noise_or_is_declared(family: tuple[str, str]) -> None:
    """The frame refuses an answer with a number that has neither."""
    outcome = {"gaussian": "bmi", "poisson": "visits", "gamma": "cost", "binomial": "y"}[family[0]]
    frames = [patients(150).sample(frac=1, random_state=k) for k in (1, 2)]
    offset = None if family[1] == "inverse" else "o"
    arguments = {"outcome": outcome, "family": family[0], "link": family[1], "weights": "w"}
    arguments |= {"formula": "scale(age)", "offset": offset, "robust": "HC0"}
    given = {name: value for name, value in arguments.items() if value is not None}
    found = local.run("glm", frames, given, policy=BLURRED)
    assert found["status"] == "completed", found["error"]


def test_a_linear_regression_is_of_one_round_with_noise_too() -> None:
    """A sigma and a log-likelihood as near as they are declared; R-squared between 0 and 1."""
    frames = [patients(300).sample(frac=1, random_state=k) for k in (1, 2)]
    arguments = {"outcome": "bmi", "family": "gaussian", "predictors": ["age", "visits"]}
    exact = local.run("glm", frames, arguments, policy=EXACT)["fit"][0]
    for draw in range(10):
        limits = Policy(blur=0.01, blur_rows=0.15, secret=bytes([draw, *range(40)]))
        found = local.run("glm", frames, arguments, policy=limits)
        assert found["status"] == "completed", found["error"]
        fit = found["fit"][0]
        assert fit["rounds"] == 1
        apart = fit["log_likelihood"] - exact["log_likelihood"]
        assert abs(apart) < 5 * fit["log_likelihood_precision"]
        assert abs(fit["sigma"] / exact["sigma"] - 1) < 0.2
        assert abs(fit["r_squared"] - exact["r_squared"]) < 0.2


@pytest.mark.parametrize("events", [0, 1])
@pytest.mark.parametrize("link", ["probit", "cloglog", "identity", "log"])
def test_a_site_of_one_outcome_has_noise(link: str, events: int) -> None:
    """At a share of 0 or 1 an identity or a log has no null model: one not far is taken."""
    if (link, events) == ("log", 1):
        pytest.skip("R9 refuses a log of shares near 1, with noise or without")
    frame = patients().assign(y=events)
    outcome = {"column": "y", "levels": ["0", "1"], "positive": "1"}
    asked = glm.opening("binomial", link, "age", outcome=outcome)
    found = sums("start", asked, frame=frame, package="v6_glm")
    assert noise_of(found)[0] > 0
    assert np.isfinite(numbers(found)).all()


def test_robust_errors_with_leverage_are_near_those_without_noise() -> None:
    """And their meat is another draw than that of HC0: its question holds the matrix."""
    frames = [patients(300).sample(frac=1, random_state=k) for k in (1, 2)]
    for family, outcome in (("gaussian", "bmi"), ("poisson", "visits")):
        arguments = {"outcome": outcome, "family": family, "predictors": ["age"], "robust": "HC3"}
        exact = local.run("glm", frames, arguments, policy=EXACT)
        found = local.run("glm", frames, arguments, policy=BLURRED)
        assert found["status"] == "completed", found["error"]
        for ours, theirs in zip(found["coefficients"], exact["coefficients"], strict=True):
            assert abs(ours["robust_se"] / theirs["robust_se"] - 1) < 0.5
    asked = glm.at("gaussian", "identity", 0.0, [0.0], "age", null=0.0)
    frame = patients().assign(y=lambda rows: rows["bmi"] - 27)
    x = np.column_stack([np.ones(len(frame)), frame["age"]])
    inverse = np.linalg.inv(x.T @ x)
    told = []
    for share in (1.0, 0.5):
        half = [float(x) for x in (share * inverse)[np.triu_indices(2)]]
        report = glm.last(meat=True, hc="HC3", inverse=half)
        told.append(
            [
                numbers(
                    sums(
                        "evaluate",
                        asked | {"report": report},
                        package="v6_glm",
                        frame=frame,
                        policy=limits,
                    )
                )
                for limits in (BLURRED, BLURRED, EXACT)
            ]
        )
    (first, again, exact_), (other, _, other_exact) = told
    assert (first == again).all()
    apart = (first - exact_) - (other - other_exact)
    assert (apart != 0).any()


def noise_of(found: Sums) -> tuple[float, float]:
    told = found.noise["information"]
    return told.d, told.e


def test_what_is_told_of_the_noise_is_fixed_by_rows_and_columns() -> None:
    """Nobody finds a patient's part of the score by looking where the noise grows."""
    told = {
        noise_of(sums("evaluate", evaluated(a, b)))
        for a, b in ((0.0, 0.0), (-0.5, 0.01), (0.3, -0.02), (-3.0, 0.05), (3.0, -0.05))
    }
    assert len(told) == 1


@pytest.mark.parametrize("intercept", [4.0, 6.0, 30.0])
def test_far_from_the_null_model_the_noise_is_that_of_the_score(intercept: float) -> None:
    """Attack: where the information vanishes the score is the sum over patients without events."""
    frame, asked = patients(), evaluated(intercept, 0.0, shift=[60.0])
    without = frame.loc[frame["y"] == 0, "age"] - 60
    if intercept == 30:
        exact = sums("evaluate", asked, EXACT, frame).tallies["score"]
        assert exact["age"] == pytest.approx(-without.sum(), rel=1e-9)  # the attack, unguarded
        found = logistic.ask(frame, "evaluate", asked, BLURRED)
        assert refusal(found) == ("COEFFICIENT_RANGE", [])
        return
    redrawn = Policy(blur=0.01, blur_rows=0.15)
    draws = [sums("evaluate", asked, redrawn, frame).tallies["score"]["age"] for _ in range(60)]
    assert np.std(draws) > 0.15 / 2 * float(np.abs(without).max())


def test_the_number_of_sites_draws_nothing_anew() -> None:
    """What the quadratic is expected to miss has one draw, times (1 - 1/S) / 2."""
    found = {k: sums("start", logistic.opening("age", "bmi"), count=k) for k in (2, 3, 5)}
    first, *others = (found[k].forms["information"].values for k in found)
    assert all((first == other).all() for other in others)
    side = {k: np.array([*one.tallies["right_hand_side"].values()]) for k, one in found.items()}
    per_share = [(side[2] - side[k]) / ((1 / 2 - 1 / k) / 2) for k in (3, 5)]
    # told to a thousandth of the noise, and divided by a twelfth
    sd = noise_of(found[2])[0] * np.sqrt(np.diag(found[2].forms["information"].values))
    assert (np.abs(per_share[0] - per_share[1]) < 0.05 * sd).all()
    assert (np.abs(per_share[0]) > 0.05 * sd).any()


def test_models_of_the_same_rows_share_what_depends_on_rows_alone() -> None:
    at = {"origin": -0.1}
    asked = [evaluated(-0.2, *b, offset="o", null=-0.1) | at for b in ([0.01], [0.01, 0.02])]
    one, two = (sums("evaluate", question) for question in asked)
    assert one.arrays["null_likelihood"] == two.arrays["null_likelihood"]
    exact = sums("evaluate", asked[0], EXACT)
    assert one.arrays["null_likelihood"] != exact.arrays["null_likelihood"]
    weighted = [
        sums("start", logistic.opening(*names, weights="w")).arrays["weights"]
        for names in (["age"], ["bmi", "age"])
    ]
    assert (weighted[0] == weighted[1]).all()


def test_a_column_s_moments_are_drawn_once_for_its_rows() -> None:
    names = ("column_sum", "column_within", "column_squares")
    scaled = logistic.factor("scale", "age", mean=None, sd=None)
    found = [
        sums("start", logistic.opening("age")),
        sums("start", logistic.opening("bmi", "age")),
        sums("start", glm.opening("poisson", "log", "age", outcome=VISITS), package="v6_glm"),
        sums("describe", logistic.opening(scaled)),
    ]
    for name in names:
        assert len({one.tallies[name]["age"] for one in found}) == 1
    exact = sums("start", logistic.opening("age"), EXACT)
    assert exact.tallies["column_sum"]["age"] != found[0].tallies["column_sum"]["age"]
    sites = len(patients())
    assert found[0].tallies["column_sum"]["Intercept"] == sites


VISITS = {"column": "visits", "levels": None, "positive": None}


def test_a_patient_of_several_rows_is_hidden_as_one() -> None:
    """Each patient is there eight times: the noise is that of the eight rows together."""
    frame = pd.concat([patients(100)] * 8, ignore_index=True)
    frame["patient"] = np.tile(np.arange(100), 8)
    rows = noise_of(sums("evaluate", evaluated(0.0, 0.0, 0.0), BLURRED, frame))
    asked = evaluated(0.0, 0.0, 0.0, cluster="patient")
    together = noise_of(sums("evaluate", asked, BLURRED, frame))
    assert together[0] >= 4 * rows[0]
    assert together[1] >= 4 * rows[1]


def test_without_an_intercept_another_zero_is_another_draw() -> None:
    """Attack: of one draw, the score's second difference along the zero is the noise's."""
    frame = patients()

    def drawn(zero: float, policy: Policy) -> float:
        asked = logistic.at(0.0, [0.0], "age", shift=[zero]) | {"intercepts": []}
        asked["model"] |= {"intercept": False}
        noisy, exact = (sums("evaluate", asked, limits, frame) for limits in (policy, EXACT))
        size = float(exact.forms["information"].values[0, 0]) ** 0.5
        error = noisy.tallies["score"]["age"] - exact.tallies["score"]["age"]
        return error / size / noise_of(noisy)[0]

    for other in (1.0, 2.0):  # of six independent draws not all are alike to a hundredth
        apart = [drawn(0.0, policy) - drawn(other, policy) for policy in SECRETS]
        assert np.abs(apart).max() > 0.01


def test_exact_settings_have_no_noise() -> None:
    for step, asked in (("start", logistic.opening("age")), ("evaluate", evaluated(0.0, 0.0))):
        assert sums(step, asked, EXACT).noise == {}


@pytest.mark.parametrize("more", [{}, {"offset": "o"}])
def test_where_differences_begin_draws_nothing_anew(more: dict[str, Any]) -> None:
    """Attack: the same log-likelihood less that of a hundred null models, and their mean."""
    null = -0.1 if more else None
    found, exact = (
        [
            sums("evaluate", evaluated(-0.2, 0.01, null=null, **more) | {"origin": origin}, policy)
            for origin in (-0.4, -0.1, 0.3)
        ]
        for policy in (BLURRED, EXACT)
    )
    if not more:
        told, true = (np.array([one.arrays["likelihood"][0] for one in x]) for x in (found, exact))
        assert np.ptp(told - true) < 1e-9 < abs(told[0] - true[0])
        return
    assert np.ptp([one.arrays["likelihood"] - one.arrays["null"][0] for one in found]) < 1e-9
    values = [one.arrays["null_likelihood"] + one.arrays["likelihood"] for one in found]
    assert np.ptp(values) < 1e-9


def gridded(slope: float, policy: Policy, frame: pd.DataFrame) -> Sums:
    grid = {"level": -4, "first": -40, "last": 40}
    asked = evaluated(0.0, slope, shift=[60.0], report=logistic.wanted(grid=grid))
    return sums("evaluate", asked, policy, frame)


def test_counts_of_risks_are_of_rows_that_are_moved_a_little() -> None:
    """Whole numbers of patients, in cells that are not those of the linear predictor itself."""
    frame = patients(400)
    noisy, exact = (gridded(0.05, policy, frame) for policy in (BLURRED, EXACT))
    counts, risks = noisy.arrays["risks"][:4], noisy.arrays["risks"][4]
    assert (counts == np.round(counts)).all()
    assert (np.diff(counts, axis=1) >= 0).all()
    assert (counts != exact.arrays["risks"][:4]).any()
    at_ends = np.flatnonzero((counts[0] == counts[1]) & (counts[2] == counts[3]))
    assert (np.diff(risks[at_ends]) >= 0).all()
    again = gridded(0.05, BLURRED, frame.sample(frac=1, random_state=1))
    assert (again.arrays["risks"] == noisy.arrays["risks"]).all()


@pytest.mark.parametrize("name", ["brier", "pairs", "expected"])
def test_sums_over_risks_have_noise_in_proportion(name: str) -> None:
    frame = patients(400)
    noisy, exact = (gridded(0.05, policy, frame).arrays[name] for policy in (BLURRED, EXACT))
    assert noisy[0] != exact[0]
    assert abs(noisy[0] - exact[0]) < exact[0] / 50
    assert (noisy[1:] == exact[1:]).all()  # how many pairs there are follows from counts


@pytest.mark.parametrize("more", [{}, {"weights": "w"}, {"offset": "o"}])
def test_the_order_of_rows_does_not_show(more: dict[str, Any]) -> None:
    asked = evaluated(-0.2, 0.01, 0.02, report=logistic.wanted(meat=True), **more)
    asked["null"] = -0.1 if "offset" in more else None
    other = patients().sample(frac=1, random_state=1)
    for step, question in (("start", logistic.opening("age", "bmi", **more)), ("evaluate", asked)):
        first, second = (numbers(sums(step, question, frame=rows)) for rows in (None, other))
        assert (first == second).all()
