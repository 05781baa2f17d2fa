"""Attacks with the columns of follow-up: late entries, tied deaths, curves far from the data."""

from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import pytest

from helpers.attacker import array, bisect, refusal
from helpers.cox_attacker import ask, evaluate, opening, people, report
from helpers.policies import ExactPolicy
from v6_cox import curves
from v6_cox.kernel.concordance import concordance
from v6_cox.kernel.partial_likelihood import risk_scores
from v6_cox.kernel.sorted_data import prepare


class AnyEntry(ExactPolicy):
    """Late entries are not counted."""

    def check_late_entries(self, *_: Any) -> None:
        """Let everything pass."""


@pytest.mark.parametrize("others", ["equal", "unequal"])
def test_A07_A18_r5_one_patient_who_enters_late(others: str) -> None:
    """Attack: a fit with and one without entries. All others enter before any death."""
    frame = people().assign(late=0.0)
    deaths = np.sort(frame["t"][frame["e"] == 1])
    victim = frame.index[frame["t"] > deaths[5]][0]
    if others == "unequal":
        frame["late"] = np.random.default_rng(7).uniform(0, deaths[0], 60)
    frame.loc[victim, "late"] = (deaths[4] + deaths[5]) / 2  # too late for five deaths
    asked = evaluate([0.0], entry="late")
    for step, question in (("evaluate", asked), ("start", opening(entry="late"))):
        assert refusal(ask(frame, step, question)) == ("RARE_VALUE", ["late"])
    sums = [
        ask(frame, "evaluate", question, AnyEntry())["sums"]["tallies"]["score"]["x"]
        for question in (evaluate([0.0]), asked)
    ]
    # the means over five risk sets, with the patient and without: m_k + (x - m_k) / n_k
    rest = frame.drop(index=victim)
    at_risk = [rest["x"][rest["t"] >= time] for time in deaths[:5]]
    sizes, means = (np.array([f(x) for x in at_risk]) for f in (len, np.mean))
    value = (sums[1] - sums[0] + (means / (sizes + 1)).sum()) / (1 / (sizes + 1)).sum()
    assert value == pytest.approx(frame["x"][victim], rel=1e-9)  # the attack, unguarded


def test_A07_r5_one_late_patient_in_a_stratum_where_the_others_are_not() -> None:
    """Attack: the others enter after deaths, but of another stratum."""
    frame = people().assign(s=np.resize(["u", "v"], 60))
    frame.loc[frame["s"] == "v", "t"] += 1000.0
    later = frame["t"][(frame["s"] == "v") & (frame["e"] == 1)].sort_values()
    frame["late"] = np.where(frame["s"] == "v", 999.0, 0.0)  # after all deaths in u
    victim = frame.index[(frame["s"] == "v") & (frame["t"] > later.iloc[4])][0]
    asked = opening(entry="late", strata=["s"])
    assert ask(frame, "start", asked)["status"] == "ok"
    frame.loc[victim, "late"] = later.iloc[3]
    assert refusal(ask(frame, "start", asked)) == ("RARE_VALUE", ["late"])
    assert ask(frame, "start", asked, AnyEntry())["status"] == "ok"


def test_r5_entries_of_many_rows_are_allowed() -> None:
    """Of five patients, and of every one: as ages at entry are."""
    frame = people().assign(late=0.0)
    middle = frame["t"].median()
    late = frame.index[frame["t"] > middle]
    frame.loc[late[:4], "late"] = middle
    assert ask(frame, "start", opening(entry="late"))["code"] == "RARE_VALUE"
    frame.loc[late[:5], "late"] = middle
    assert ask(frame, "start", opening(entry="late"))["status"] == "ok"
    frame["late"] = frame["t"] * np.random.default_rng(1).uniform(0.1, 0.9, 60)
    assert ask(frame, "start", opening(entry="late"))["status"] == "ok"


def test_A18_two_patients_who_die_at_one_time_are_no_number_of_their_own() -> None:
    """Attack: tied pairs, weighted by age: the product of both patients' ages, in one call."""
    frame = people().assign(age=np.random.default_rng(3).integers(35, 90, 60))
    dead = frame.index[frame["e"] == 1]
    frame.loc[dead[3], "t"] = frame["t"][dead[9]]
    product = frame["age"][dead[3]] * frame["age"][dead[9]]
    found = ask(frame, "evaluate", evaluate([0.0], report(), weights="age"))
    assert len(array(found, "pairs")) == 2
    assert not any(value == pytest.approx(product) for value in array(found, "pairs"))
    columns = (frame[name].to_numpy() for name in ("t", "e"))
    data = prepare(*columns, frame[["x"]].to_numpy(), weights=frame["age"].to_numpy())
    counted = concordance(data, np.zeros(1))
    assert counted.tied_y + counted.tied_xy == product  # what a site sent before: one pair
    factors = [a for a in range(35, 90) if product % a == 0 and product // a in range(35, 90)]
    assert sorted({factors[0], factors[-1]}) == sorted(frame["age"][[dead[3], dead[9]]])


def widest_reference(frame: pd.DataFrame, slope: float) -> float:
    """Bisect for the reference at which the hazard of a curve overflows."""
    grid = {"digit": 1, "exponent": 1, "count": 1}

    def overflows(reference: float) -> bool:
        asked = evaluate([slope], report(grid=grid)) | {"shift": [reference]}
        hazard = array(ask(frame, "evaluate", asked), "site/0/curves")[0, 1, 0]
        return bool(hazard == curves.LARGEST_HAZARD)

    return bisect(overflows, 1000.0, 2000.0)


def test_A09_r10_a_curve_that_overflows_does_not_tell_the_extremes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Attack: where exp(.) overflows, not the hazard, is half of the least plus the largest value.

    Of a covariate and its square that gives both.
    """
    monkeypatch.setattr(curves, "LARGEST_HAZARD", np.finfo(float).max)  # a site says less
    frame, slope, most = people(200, 3), 0.5, float(np.log(np.finfo(float).max))
    grid = {"digit": 1, "exponent": 1, "count": 1}
    found = ask(frame, "evaluate", evaluate([slope], report(grid=grid)))
    (hazard,) = array(found, "site/0/curves")[0, 1]
    middle = (frame["x"].min() + frame["x"].max()) / 2
    asked = widest_reference(frame, slope)
    assert asked == pytest.approx((most - np.log(hazard)) / slope, rel=1e-12)  # as told anyway
    assert asked != pytest.approx(most / slope + middle, rel=1e-4)

    def former(data: Any, beta: Any, times: Any, origin: Any) -> Any:
        curve = BASELINE(data, beta, times, origin)
        scale = (origin - data.centre) @ beta - risk_scores(data, beta).middle
        beyond = np.inf if scale > most else 0.0
        return replace(curve, cumulative_hazard=curve.cumulative_hazard + beyond)

    with mock.patch.object(curves, "baseline", former):
        asked = widest_reference(frame, slope)
    assert asked - most / slope == pytest.approx(middle, rel=1e-9)  # the attack, unguarded


BASELINE = curves.baseline
