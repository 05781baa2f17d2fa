"""Attacks on what a site tells at estimates of its own: R9 holds there as where it is asked."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.attacker import form, refusal, tally
from helpers.logistic_attacker import VICTIM, N, WithoutR9, ask, at, opening, start, wanted
from helpers.policies import ExactPolicy
from v6_clinical.disclosure import Policy
from v6_clinical.errors import RefusalError
from v6_clinical.regression.site.sample import SAMPLE_ROWS

# Of the patients whose risk is not as good as certain: how far from where the outcome changes.
THREE, SIX = (0.0, 0.05, -0.05), (0.0, 0.3, -0.3, 0.1, -0.1, 0.2)


class OfWeights(ExactPolicy):
    """R9 looks at residuals only."""

    def check_coefficients(self, *_: Any) -> None:
        """Let everything pass."""


class OfResiduals(ExactPolicy):
    """R9 looks at weights only."""

    def check_residuals(self, *_: Any, **__: Any) -> None:
        """Let everything pass."""


def separated(close: tuple[float, ...]) -> pd.DataFrame:
    """Return patients of whom all but a few lie far from where the outcome changes."""
    rng = np.random.default_rng(2)
    y = np.arange(N) % 2
    lab = np.where(y == 1, 1.0, -1.0) * rng.uniform(2.0, 2.2, N)
    lab[: len(close)], y[: len(close)] = close, np.resize([1, 0], len(close))
    return pd.DataFrame({"y": y, "lab": lab, "age": rng.normal(60, 12, N)})


def test_A03_r9_the_start_is_not_told_where_few_patients_make_it() -> None:
    """At the site's own optimum three patients carry the information: it is told at 0 instead."""
    frame = separated(THREE)
    told = form(start(frame, "lab", "age"), "information")
    assert told("Intercept", "Intercept") == pytest.approx(N / 4, rel=1e-12)  # all weights 1/4
    given = form(start(frame, "lab", "age", policy=WithoutR9()), "information")
    mean = given("Intercept", "age") / given("Intercept", "Intercept")
    few = frame["age"][: len(THREE)].mean()
    assert abs(mean - few) < 0.7 * abs(frame["age"].mean() - few)  # the attack, unguarded


def test_A03_r9_nor_at_0_where_an_offset_makes_few_patients_the_score() -> None:
    """Attack: at 0 the offset makes all risks sure; the score is the rows of six without event."""
    frame = separated(THREE).assign(o=30.0)
    zeros = frame.index[frame["y"] == 0]
    frame.loc[zeros[6:], ["y", "lab"]] = [1, 2.1]
    asked = opening("lab", "age", offset="o")
    assert refusal(ask(frame, "start", asked)) == ("COEFFICIENT_RANGE", [])

    class NotItsOwn(ExactPolicy):
        def check_coefficients(self, predictor: Any, weights: Any) -> None:
            """Refuse wherever the rows' risks differ."""
            if np.ptp(predictor) > 0:
                raise RefusalError("COEFFICIENT_RANGE")

        def check_residuals(self, *_: Any, **__: Any) -> None:
            """Let everything pass."""

    given = tally(ask(frame, "start", asked, NotItsOwn()), "right_hand_side")
    few = frame.loc[zeros[:6], "age"].sum()
    assert given["age"] == pytest.approx(-few, rel=1e-9)  # the attack, unguarded


def test_A03_r9_own_estimates_are_not_told_where_few_patients_make_them() -> None:
    frame = separated(SIX)
    asked = at(0.0, [0.0, 0.0], "lab", "age", report=wanted())
    found = ask(frame, "evaluate", asked)
    assert found["status"] == "ok", found
    assert "own_weight" not in found["sums"]["tallies"]
    given = tally(ask(frame, "evaluate", asked, WithoutR9()), "own_weight")
    assert given["age"] > 0  # unguarded


def test_A03_A10_r9_an_intercept_alone_does_not_find_the_largest_offset() -> None:
    """Attack: far below all risks the information is that of the largest offset."""
    rng = np.random.default_rng(4)
    frame = separated(SIX).assign(o=rng.normal(0, 3, N))
    frame.loc[VICTIM, "o"] = 13.0
    asked = at(0.0, [0.0], "age", offset="o", null=-40.0)
    assert ask(frame, "evaluate", asked | {"null": 0.0})["status"] == "ok"
    assert refusal(ask(frame, "evaluate", asked)) == ("COEFFICIENT_RANGE", [])
    information = ask(frame, "evaluate", asked, WithoutR9())["sums"]["arrays"]["null"]["data"][2]
    assert abs(np.log(information) + 40 - 13.0) < 0.1  # the attack, unguarded


def test_A02_r9_what_the_start_foresees_is_not_few_patients() -> None:
    """Attack: by the number of sites the start differs by a sum over rows whose risk is not 1/2."""
    rng = np.random.default_rng(6)
    few = np.arange(N) < 6  # a cell, but fewer than an answer is made of
    y = np.where(few, 1, np.arange(N) % 2)
    y[0] = 0
    frame = pd.DataFrame({"y": y, "arm": few.astype(int), "age": np.resize([50.0, 70.0], N)})
    frame["age"] = np.repeat(rng.normal(60, 12, N // 2), 2)

    def difference(policy: Policy | None = None) -> dict[str, float]:
        one, two = (
            tally(
                ask(frame, "start", opening("arm", "age"), policy, index=0, count=k),
                "right_hand_side",
            )
            for k in (1, 2)
        )
        return {name: one[name] - two[name] for name in one}

    assert set(difference().values()) == {0.0}
    given = difference(OfResiduals())
    mean = given["age"] / given["arm"]
    assert abs(mean / frame["age"][few].mean() - 1) < 0.1  # the attack, unguarded


def test_A02_r9_a_step_of_all_rows_is_checked_as_the_samples_optimum_is() -> None:
    """A large site takes a step from the optimum of its sample; what is told there passes R9."""
    rng, n = np.random.default_rng(7), 2 * SAMPLE_ROWS
    frame = pd.DataFrame({"y": rng.integers(0, 2, n), "age": rng.normal(60, 12, n)})
    points: list[Any] = []

    class OnlyFirst(ExactPolicy):
        def check_coefficients(self, predictor: Any, weights: Any) -> None:
            """Refuse every second point away from 0."""
            points.append(np.ptp(predictor) > 0)
            if sum(points) % 2 == 0 and points[-1]:
                raise RefusalError("COEFFICIENT_RANGE")

    told = form(start(frame, "age", policy=OnlyFirst()), "information")
    assert sum(points) == 2
    assert told("Intercept", "Intercept") == pytest.approx(n / 4, rel=1e-12)  # that at 0
    given = form(start(frame, "age", policy=OfWeights()), "information")
    assert given("Intercept", "Intercept") != pytest.approx(n / 4, rel=1e-12)


def between_two_offsets() -> pd.DataFrame:
    """Return patients whose offset makes the risk of all but six as good as certain."""
    rng = np.random.default_rng(3)
    lab = rng.permutation(np.concatenate([np.repeat([40.0, -40.0], 47), np.zeros(6)]))
    y = rng.permutation(np.arange(N) % 2)
    return pd.DataFrame({"y": y, "lab": lab, "twin": lab + rng.normal(0, 3, N)})


def test_A03_r9_the_null_model_beside_an_offset_is_not_of_few_patients() -> None:
    """Attack: any column is an offset; another like it lets the fit itself be of all rows."""
    found = start(between_two_offsets(), "twin", offset="lab")
    assert refusal(found) == ("COEFFICIENT_RANGE", [])


def test_A03_control_without_r9_the_null_model_is_six_patients() -> None:
    found = start(between_two_offsets(), "twin", offset="lab", policy=WithoutR9())
    information = found["sums"]["arrays"]["null"]["data"][0]
    assert information == 6 / 4  # p (1 - p) of each
