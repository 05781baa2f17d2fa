"""Attacks that succeed under the shipped limits, with what each costs: PRIVACY.md names them.

Many coefficient vectors are in ``test_A03_A04_steering.py``.
"""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers import attacker
from helpers.attacker import array, costs, refusal
from helpers.cox_attacker import PACKAGE, ask, evaluate, opening, people, report

VICTIM = 7


def column_sum(frame: pd.DataFrame, *predictors: str, **more: Any) -> float:
    found = ask(frame, "start", opening("x", *predictors, **more))
    return float(found["sums"]["tallies"]["column_sum"]["x"])


def test_A07_known_limit_models_whose_missing_rows_overlap() -> None:
    """Each model passes R4, and the two differ in one patient."""
    rng = np.random.default_rng(2)
    frame = people().assign(bmi=rng.normal(size=60), lab=rng.normal(size=60))
    frame.loc[:4, "bmi"] = np.nan
    frame.loc[:5, "lab"] = np.nan
    with costs(2):
        one, two = (column_sum(frame, name) for name in ("bmi", "lab"))
    assert one - two == pytest.approx(frame["x"][5], rel=1e-9)


def test_A07_known_limit_collapse_moves_a_rare_level() -> None:
    """The information about a level and a covariate, summed over deaths, changes by one patient's.

    Breslow's jumps h at 0 add up to what each row has seen: H(t). With both levels merged each way
    the patient's part is known up to that sum, which a curve tells, or any public register.
    """
    frame = people().assign(arm=np.resize(["p", "q"], 60).astype(object))
    frame.loc[VICTIM, "arm"] = "rare"
    merged = ({"A": ["p", "rare"], "B": ["q"]}, {"A": ["p"], "B": ["q", "rare"]})
    with costs(2):
        found = [
            ask(frame, "start", opening("x", "arm", collapse={"arm": groups}))["sums"]["tallies"]
            for groups in merged
        ]
    counts = [one["column_sum"]["arm[A]"] for one in found]
    assert counts[0] - counts[1] == pytest.approx(1, rel=1e-9)
    gap = found[0]["null_score"]["arm[A]"] - found[1]["null_score"]["arm[A]"]
    deaths = frame["t"][frame["e"] == 1]
    seen = sum(1 / (frame["t"] >= t).sum() for t in deaths if t <= frame["t"][VICTIM])
    assert gap == pytest.approx(frame["e"][VICTIM] - seen, rel=1e-9)  # that patient's residual


def test_A12_known_limit_a_codebook_asks_for_a_level() -> None:
    """Whether a site has a label that it would not name, even in one row."""
    frame = people()
    frame.loc[VICTIM, "arm"] = "rare"
    for guess, code in (("rare", "RARE_LEVEL"), ("other", "UNKNOWN_LEVEL")):
        with costs(1):
            found = ask(frame, "start", opening("arm", levels={"arm": ["A", "B", guess]}))
        assert refusal(found)[0] == code


def test_A07_known_limit_tied_deaths() -> None:
    """Efron's score less Breslow's: the mean of two patients who die at one time, less the others'.

    Of the n rows at risk then the mean is m: the difference is (mean of the two - m) / (n - 1).
    """
    frame = people()
    dead = frame.index[frame["e"] == 1]
    frame.loc[dead[3], "t"] = frame["t"][dead[9]]
    with costs(2):
        found = [ask(frame, "evaluate", evaluate([0.0], ties=t)) for t in ("efron", "breslow")]
    efron, breslow = (one["sums"]["tallies"]["score"]["x"] for one in found)
    at_risk = frame["x"][frame["t"] >= frame["t"][dead[3]]]
    both = frame["x"][[dead[3], dead[9]]].mean()
    told = (efron - breslow) * (len(at_risk) - 1) + at_risk.mean()
    assert told == pytest.approx(both, rel=1e-9)


def test_A02_known_limit_one_death_long_after_the_others() -> None:
    """A sum weighted by time is nearly that patient's: the covariate less a mean.

    Fewer than a hundred days at the others' deaths, 60,000 at this one. No site can forbid it: of
    honest times a few are often the sum.
    """
    frame = people()
    dead, others = frame.index[frame["e"] == 1], frame.index[frame["e"] == 0]
    frame.loc[others, "t"] = np.linspace(60001, 60015, len(others))
    frame.loc[dead[4], "t"] = 60000.0
    with costs(1):
        found = ask(frame, "evaluate", evaluate([0.0], report()))
    told = found["sums"]["tallies"]["hazards_score"]["x by g(time)"] / 60000
    at_risk = frame["x"][frame["t"] >= 60000]
    truth = frame["x"][dead[4]] - at_risk.mean()
    print(f"known limit: {told:.2f} is told of {truth:.2f}")
    assert abs(told - truth) < 0.05


def test_A12_known_limit_times_out_of_order() -> None:
    """Whether any patient enters after the time, or has a value below 0: yes or no."""
    frame = people().assign(late=0.0, dose=1.0)
    for column, code in (("late", "BAD_TIME"), ("dose", "BAD_TIME")):
        odd = frame.copy()
        odd.loc[VICTIM, column] = 1e4 if column == "late" else -1.0
        more = {"entry": "late"} if column == "late" else {"time": "dose"}
        with costs(2):
            answers = [ask(rows, "start", opening(**more)) for rows in (frame, odd)]
        assert [found.get("code", "ok") for found in answers] == ["ok", code]


def test_A07_known_limit_curves_with_and_without_strata() -> None:
    """Rows that remain in all strata, less those that remain in one: counts under a cell."""
    frame = people(300).assign(s=lambda f: np.where(f.index < 40, "u", "v"))
    grid = {"digit": 2, "exponent": 1, "count": 20}
    with costs(2):
        every, parted = (
            array(
                ask(frame, "evaluate", evaluate([0.0], report(grid=grid), **more)), "site/0/curves"
            )
            for more in ({}, {"strata": ["s"]})
        )
    times, small = np.arange(1, 21) * 20.0, []
    for k, time in enumerate(times):
        if every[0, 0, k] and parted[1, 0, k] and not parted[0, 0, k]:
            left = every[0, 2, k] - parted[1, 2, k]
            assert left == ((frame["s"] == "u") & (frame["t"] > time)).sum()
            small.append(left)
    assert 0 < min(small) < 5  # of a stratum that shows nothing at these times


def test_A07_known_limit_data_that_change() -> None:
    """Two answers about a row more. Data frames of a session of 5.x are simulated so, too."""
    frame = people()
    with costs(2):
        before, after = (column_sum(rows) for rows in (frame.iloc[:-1], frame))
    assert after - before == pytest.approx(frame["x"][59], rel=1e-9)


def test_A07_known_limit_two_sites_subtract() -> None:
    """A site takes its own rows and events off the pooled ones, at no call of its own."""
    frames = [people(60), people(50, 2)]
    arguments = {"time": "t", "event": "e", "predictors": ["x"]}
    found, _ = attacker.run(PACKAGE, frames, arguments)
    (fit,) = found["fit"]
    assert fit["n"] - 50 == 60
    assert fit["events"] - frames[1]["e"].sum() == frames[0]["e"].sum()
