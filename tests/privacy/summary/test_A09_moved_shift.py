"""Attacks with the shift of power sums: it moves, and the noise must not be drawn anew."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from helpers.policies import exact, shipped
from helpers.summary_attacker import RNG
from v6_clinical.disclosure import Policy
from v6_clinical.numerics.arrays import Array
from v6_clinical.protocol.analysis import Place
from v6_clinical.protocol.sums import Sums
from v6_summary.site import STEPS

FLOOR = 0.15
HOSPITALS, CALLS = 40, 12
GUARDED = shipped(blur=0.01, blur_rows=FLOOR)
DRAWN_ANEW = Policy(blur=0.01, blur_rows=FLOOR, secret=None)


def tabulate(
    frame: pd.DataFrame, policy: Policy, shift: float = 0.0, *, correlation: bool = False
) -> Sums:
    window = {"level": 3, "first": -100, "last": 100}
    columns = [{"name": name, "shift": shift, "window": window} for name in frame]
    arguments = {"numeric": columns, "categorical": [], "group": None, "finer": []}
    arguments |= {"correlation": correlation, "per_site": False}
    return STEPS["tabulate"](frame, arguments, policy, Place(0, 2)).sums


def shape(sums: Sums, place: int = 0) -> Array:
    """Return mean, sd and the standardised fourth power sum."""
    n, s1, s2, s3, s4, _ = sums[f"moments/{place}/all"]
    d, a2, a3 = s1 / n, s2 / n, s3 / n
    variance = a2 - d**2
    fourth = s4 / n - 4 * d * a3 + 6 * d**2 * a2 - 3 * d**4
    return np.array([d, variance**0.5, n * fourth / variance**2])


def largest(frame: pd.DataFrame, policy: Policy) -> float:
    """Say how many sd the farthest patient is from the mean: the noise's sd shows it.

    The sd of a number's noise is .15 of the largest part, of the fourth power sum max u^4.
    """
    answers = [tabulate(frame, policy, float(shift)) for shift in np.linspace(0, 60, CALLS)]
    fourth = [shape(sums)[2] for sums in answers]
    return float((np.std(fourth, ddof=1) / FLOOR) ** 0.25)


def hospital(n: int = 60) -> pd.DataFrame:
    return pd.DataFrame({"length of stay": RNG.gamma(2.0, 5.0, n).round(1)})


def times_near(policy: Policy) -> int:
    """Return in how many hospitals the farthest patient's distance is known to 15 %."""
    near = 0
    for _ in range(HOSPITALS):
        frame = hospital()
        x = frame.iloc[:, 0].to_numpy()
        u = np.abs(x - x.mean()).max() / x.std()
        near += abs(largest(frame, policy) - u) < 0.15 * u
    return near


@pytest.mark.parametrize("policy", [GUARDED, exact()], ids=["blurred", "exact"])
def test_A09_moved_shifts_do_not_place_the_largest_value(policy: Policy) -> None:
    """The attack succeeds where noise is drawn anew: see the known limit."""
    assert times_near(policy) == 0


def test_A09_known_limit_without_a_secret() -> None:
    """12 calls: noise that is drawn at each call shows its sd, a share of the largest part."""
    assert times_near(DRAWN_ANEW) >= 0.9 * HOSPITALS


def test_A04_known_limit_columns_beside() -> None:
    """40 calls for a column's correlation with another: the noise in its mean averages out."""
    whole = hospital()
    name, x = "length of stay", whole.iloc[:, 0].to_numpy()
    others = [f"x{k}" for k in range(40)]
    whole = whole.assign(**{other: RNG.normal(size=60) for other in others})
    found = [
        shape(tabulate(whole[[name, other]], GUARDED, correlation=True))[0] for other in others
    ]
    noise = np.std(found, ddof=1)
    assert noise > 0.04 * x.std() / 60**0.5
    assert abs(np.mean(found) - x.mean()) < 4 * noise / 40**0.5


def test_A09_the_answers_of_moved_shifts_are_one() -> None:
    frame = hospital().assign(age=RNG.integers(20, 90, 60))
    for place in (0, 1):
        for policy, moved in ((GUARDED, False), (DRAWN_ANEW, True)):
            found = []
            for shift in np.linspace(-50, 100, CALLS):
                mean, sd, fourth = shape(tabulate(frame, policy, float(shift)), place)
                found.append([mean + shift, sd, fourth])
            spread = np.ptp(found, axis=0) / np.abs(found).mean(axis=0)
            assert (spread > 1e-4).all() if moved else (spread < 1e-10).all()


def test_A04_what_is_asked_beside_draws_nothing_anew() -> None:
    """But where correlations are asked for: then columns are drawn together."""
    whole = hospital().assign(age=RNG.integers(20, 90, 60), weight=RNG.normal(75, 10, 60))
    name = "length of stay"
    asked = (["age"], ["weight"], ["age", "weight"])
    for correlation in (False, True):
        sums = (tabulate(whole[[name, *m]], GUARDED, correlation=correlation) for m in asked)
        found = {tuple(one["moments/0/all"].tolist()) for one in sums}
        assert len(found) == (len(asked) if correlation else 1)
