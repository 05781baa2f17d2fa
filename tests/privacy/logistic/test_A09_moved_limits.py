"""Where a limit begins to refuse, found by moving a number of the question: no exact sum."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from helpers.attacker import bisect, costs
from helpers.logistic_attacker import ask, at, column, factor, patients
from helpers.policies import shipped
from v6_clinical.disclosure import Policy
from v6_clinical.disclosure.edges import DrawnLimits

CALLS = 30
FAMILY = {"family": "gaussian", "link": "identity"}


def limits(draw: int | None, blur: float = 0.01) -> Policy:
    """Return limits with noise under one of many secrets, or without a secret."""
    secret = None if draw is None else bytes([draw + 1, *range(40)])
    return shipped(blur=blur, blur_rows=0.25 * (blur > 0), secret=secret)


def refused(frame: pd.DataFrame, arguments: object, policy: Policy) -> bool:
    return bool(ask(frame, "evaluate", arguments, policy)["status"] == "refused")


def by_slope(frame: pd.DataFrame, policy: Policy) -> float:
    """Return the standard deviation of age, by the slope at which R9 refuses; relative error."""

    def wide(slope: float) -> bool:
        mean = float(frame["age"].mean())
        return refused(frame, at(-slope * mean, [slope], "age") | {"origin": 0.0}, policy)

    with costs(CALLS):
        slope = bisect(wide, 0.0, 4.0, CALLS)
    return abs(10 / slope / frame["age"].std(ddof=0) - 1)


def by_shift(frame: pd.DataFrame, policy: Policy) -> float:
    """Return the same by numbers taken off the column that R11 refuses, on both sides."""

    def distant(shift: float) -> bool:
        asked = at(0.0, [0.0], "age", shift=[shift]) | {"origin": 0.0}
        return ask(frame, "evaluate", asked, policy).get("code") == "BAD_REQUEST"

    with costs(2 * CALLS):
        right = bisect(distant, 0.0, 1e11, CALLS)
        left = bisect(lambda shift: distant(-shift), 0.0, 1e11, CALLS)
    middle = 1e3 * abs(frame["age"].mean())
    return abs(((right + left) / 2 - middle) / 1e8 / frame["age"].std(ddof=0) - 1)


def by_spread(frame: pd.DataFrame, policy: Policy) -> float:
    """Return how far off R5's spread of a product is where it refuses, by a moved mean."""
    scaled = factor("scale", "age", mean=0.0, sd=1.0)

    def dominant(mean: float) -> bool:
        moved = scaled["factors"][0] | {"mean": mean}
        product = {"factors": [moved, *column("few")["factors"]]}
        asked = at(0.0, [0.0] * 3, "age", "few", product) | {"origin": 0.0}
        return ask(frame, "evaluate", asked, policy).get("code") == "DOMINANT_ROW"

    with costs(CALLS):
        mean = bisect(lambda mean: not dominant(mean), 60.0, 200.0, CALLS)
    product = (frame["age"] - mean) * frame["few"]
    z = np.square(product - product.mean())
    return abs(float(z.sum() ** 2 / np.square(z).sum()) / 5 - 1)


def few(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with a column of 1 in eight of them, of very different ages."""
    marks = np.zeros(len(frame))
    marks[:8] = 1.0
    ages = frame["age"].copy()
    ages[:8] = [40.0, 48.0, 55.0, 59.0, 61.0, 65.0, 72.0, 80.0]
    return frame.assign(few=marks, age=ages)


ATTACKS: dict[str, tuple[Callable[[pd.DataFrame, Policy], float], float]] = {
    "slope": (by_slope, 1e-6),
    "shift": (by_shift, 1e-6),
    "spread": (by_spread, 1e-6),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_A09_a_limit_that_refuses_tells_no_exact_sum(
    attack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some fifty digits by as many calls where it stays; with a secret and without."""
    frame, (run, exact) = few(patients()), ATTACKS[attack]
    errors = [run(frame, limits(draw)) for draw in (*range(5), None, None)]
    assert np.median(errors) > 1e-3
    monkeypatch.setattr(DrawnLimits, "share", lambda self, name: 1.0)
    assert run(frame, limits(0)) < exact


def test_limits_move_inwards_by_a_twelfth_at_most() -> None:
    policy = limits(0)
    shares = [policy.asked("evaluate", {"slopes": [k]}).share("predictor") for k in range(200)]
    assert 2**-0.125 <= min(shares) < 0.93
    assert 0.99 < max(shares) <= 1
    again = [policy.asked("evaluate", {"slopes": [k]}).share("predictor") for k in range(200)]
    assert shares == again
    unkeyed = limits(None)
    assert len({unkeyed.asked("evaluate", {}).share("predictor") for _ in range(10)}) == 10
    assert limits(0, blur=0.0).asked("evaluate", {}).share("predictor") == 1


def test_all_rows_of_a_small_site_stay_enough() -> None:
    policy = limits(0).asked("evaluate", {})
    assert policy.least(10, 10, "weights") == 10
    assert math.isclose(
        policy.least(10, 10**6, "weights"), 10 / policy.share("weights"), rel_tol=1e-4
    )
    assert policy.least(10, 20, "weights") < 10.5
    assert policy.least(1, 20, "weights") == 1  # no limit
