"""Attacks with coefficients: steered to one patient, or many that are not."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.attacker import LEDGER, OPEN, array, bisect, form, refusal, tally
from helpers.logistic_attacker import (
    NO_OWN,
    OUTCOME,
    RNG,
    VICTIM,
    N,
    WithoutR9,
    ask,
    at,
    factor,
    opening,
    patients,
    start,
    twins,
    wanted,
)
from helpers.policies import EXACT, ExactPolicy
from v6_clinical.disclosure import Policy


@pytest.mark.parametrize("step", ["start", "evaluate"])
def test_A03_r9_an_offset_that_leaves_few_rows(step: str) -> None:
    """Attack: all but a few patients have an offset beyond any risk."""
    offset = np.full(N, 400.0) + np.arange(N) % 7
    offset[: N // 2] *= -1
    offset[VICTIM] = offset[VICTIM + 1] = 0.0
    frame = patients().assign(far=offset)
    asked = (
        at(0.0, [0.0], "age", offset="far") if step == "evaluate" else opening("age", offset="far")
    )
    for policy in (EXACT, NO_OWN):
        assert refusal(ask(frame, step, asked, policy)) == ("COEFFICIENT_RANGE", [])
    if step == "evaluate":
        given = form(ask(frame, step, asked, WithoutR9()), "information")
        assert given("Intercept", "Intercept") == pytest.approx(0.5, rel=1e-9)  # unguarded
        both = frame["age"][VICTIM : VICTIM + 2].sum()  # two patients are left
        assert given("Intercept", "age") * 4 == pytest.approx(both, rel=1e-9)


def steered(frame: pd.DataFrame, victim: int) -> tuple[float, list[float]]:
    """Return coefficients that give a patient the risk 1/2 and the rows around none."""
    return -1e4 * float(frame["age"][victim]), [1e4, 0.0]


def test_A03_r9_coefficients_steered_to_one_patient() -> None:
    frame = patients()
    intercept, slopes = steered(frame, VICTIM)
    asked = at(intercept, slopes, "age", "bmi")
    assert refusal(ask(frame, "evaluate", asked)) == ("COEFFICIENT_RANGE", [])
    asked = at(*steered(frame, VICTIM), "age", "bmi")
    # without the rule: the ratio of two entries is the patient's bmi
    loose = WithoutR9()
    given = form(ask(frame, "evaluate", asked, loose), "information")
    ratio = given("Intercept", "bmi") / given("Intercept", "Intercept")
    assert ratio == pytest.approx(frame["bmi"][VICTIM], rel=1e-3)  # the attack, unguarded


def test_A03_r9_risks_that_are_sure_but_for_one_patient() -> None:
    """Attack: the weights mu (1 - mu) are all tiny and even; the score is one patient's row."""
    frame = twins(1)
    outcome = OUTCOME | {"column": "second"}
    asked = at(-8.0, [16.0, 0.0], "first", "age", outcome=outcome)  # sd 8: not too wide
    without_r5 = replace(EXACT, min_cell=1, min_spread=0)
    assert refusal(ask(frame, "evaluate", asked, without_r5)) == ("COEFFICIENT_RANGE", [])
    given = tally(ask(frame, "evaluate", asked, WithoutR9()), "score")
    ratio = given["age"] / given["Intercept"]
    assert ratio == pytest.approx(frame["age"][VICTIM], rel=1e-3)  # the attack, unguarded


def test_A03_r9_a_meat_that_one_patient_makes() -> None:
    """Attack: all risks are wrong by .05, one by .95: its square outweighs all others' squares."""
    frame, wrong = twins(1), 0.05
    far = float(np.log(1 / wrong - 1))
    outcome = OUTCOME | {"column": "second"}
    report = wanted(meat=True)
    asked = at(-far, [2 * far, 0.0], "first", "age", outcome=outcome, report=report)

    class OnlyResiduals(ExactPolicy):
        def check_combinations(self, *_: Any, **__: Any) -> None:
            """Let everything pass."""

    assert refusal(ask(frame, "evaluate", asked, OnlyResiduals())) == ("COEFFICIENT_RANGE", [])
    meat = form(ask(frame, "evaluate", asked, WithoutR9()), "meat")("Intercept", "age")
    total = frame["age"].sum()  # which any honest first answer holds
    given = (meat - wrong**2 * total) / ((1 - wrong) ** 2 - wrong**2)
    assert given == pytest.approx(frame["age"][VICTIM], rel=1e-9)  # the attack, unguarded
    plain = asked | {"report": None}
    assert ask(frame, "evaluate", plain, OnlyResiduals())["status"] == "ok"


def test_A03_r9_shift_and_slopes_beyond_numbers() -> None:
    """A predictor that overflows is refused by its code, and tells nothing."""
    frame = patients().assign(huge=RNG.normal(0, 1e69, N))
    cube = factor("power", "huge", exponent=3)
    for policy in (EXACT, OPEN):
        for asked in (
            at(0.0, [1e70, 0.0], cube, "age"),
            at(0.0, [1e70, 0.0], "age", "bmi", shift=[1e70, 1e70]),
            at(1e70, [0.0], "age"),
        ):
            assert ask(frame, "evaluate", asked, policy)["code"] in (
                "BAD_REQUEST",
                "COEFFICIENT_RANGE",
                "NON_FINITE",
                "DOMINANT_ROW",
            )


def test_A03_r9_the_null_model_is_guarded_too() -> None:
    frame = patients().assign(o=RNG.permutation(np.linspace(-29, 29, N)))
    found = ask(frame, "evaluate", at(0.0, [0.0], "age", offset="o", null=-200.0))
    assert found["code"] == "COEFFICIENT_RANGE"


def test_A09_A12_r10_refused_coefficients_do_not_tell_the_largest_value() -> None:
    """Attack: raise the slope until it is refused; where that happens tells the oldest patient."""
    frame = patients(400)
    frame.loc[VICTIM, "age"] = 117.0
    mean, widest = frame["age"].mean(), 30.0

    class Largest(ExactPolicy):
        def check_coefficients(self, predictor: Any, weights: Any) -> None:
            """Refuse by the largest value, as this rule once did."""
            if np.abs(predictor - predictor.mean()).max() > widest:
                super().check_coefficients(predictor * np.inf, weights)

    def steepest(policy: Policy) -> float:
        def refused(slope: float) -> bool:
            asked = at(0.0, [slope], "age", shift=[60.0])
            return bool(ask(frame, "evaluate", asked, policy)["status"] == "refused")

        return bisect(refused, 1e-3, 1e3)

    oldest = mean + widest / steepest(Largest())
    assert oldest == pytest.approx(117.0, rel=1e-9)  # the attack, unguarded
    # what refusals tell now is the standard deviation, which start sends anyway
    assert steepest(EXACT) == pytest.approx(10 / frame["age"].std(ddof=0), rel=1e-9)


def test_A09_A12_r10_scales_that_overflow_do_not_tell_the_largest_value() -> None:
    """Attack: a scale so small that only values beyond a bound overflow, and move the bound."""
    frame = patients()
    frame.loc[VICTIM, "age"] = 117.0
    for sd in (1e-306, 1e-100, 1e-13, 5e-324):
        found = start(frame, factor("scale", "age", mean=0.0, sd=sd))
        assert refusal(found) == ("BAD_REQUEST", ["model"])
    names = ["age", "bmi", "u", "v", "w", "z"]
    frame = frame.assign(**{name: RNG.normal(50, 9, N) for name in names[2:]})
    term = {"factors": [{"kind": "scale", "column": n, "mean": 0.0, "sd": 1e-12} for n in names]}
    found = start(frame, term)  # the smallest scale of the longest product: no overflow
    assert found["status"] == "ok" or found["code"] == "DOMINANT_ROW"


def test_A04_64_moderate_vectors_give_a_column_back() -> None:
    """Known limit: each call counts events and others at or below an age of the caller's choice.

    The cells of the risk grid hold at least five of each, but the intercept moves the grid along
    the ages, and no site can count the calls. Measured: 64 calls give, by outcome, how many
    patients have each age from 27 to 83, most of them one or two. Each call is in the ledger.
    """
    frame = patients(300).assign(age=RNG.integers(20, 90, 300).astype(float))
    frame["y"] = RNG.permutation(np.arange(300) % 2)
    before, counts = len(LEDGER), []
    for age in range(25, 89):
        grid = {"level": 0, "first": 0, "last": 0}
        asked = at(-0.05 * (age + 0.5), [0.05], "age", report=wanted(grid=grid))
        counts.append(array(ask(frame, "evaluate", asked), "risks")[[0, 2], 0])
    told = np.diff(counts, axis=0)[1:-5]  # at 27, 28, ..., 83
    truth = [
        [((frame["age"] == age) & (frame["y"] == y)).sum() for y in (0, 1)] for age in range(27, 84)
    ]
    assert told.tolist() == truth
    assert (np.array(truth) == 1).sum() > 20  # single patients, by age and outcome
    lines = LEDGER[before:]
    assert len(lines) == 64
    assert all("logistic_regression" in line and " ok " in line for line in lines)
    print(f"A04: {len(lines)} calls gave {len(truth)} ages of a column back, all of them logged")
