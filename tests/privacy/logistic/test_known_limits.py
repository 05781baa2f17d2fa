"""Attacks that succeed under the shipped limits, with what each costs: PRIVACY.md names them.

Overlapping models and merged levels are in ``test_A07_differencing.py``, many coefficient vectors
in ``test_A03_A04_steering.py``.
"""

from math import comb

import numpy as np
import pandas as pd
import pytest

from helpers.attacker import LEDGER, Array, array, costs, form, refusal, tally
from helpers.logistic_attacker import (
    NO_OWN,
    RNG,
    VICTIM,
    N,
    ask,
    at,
    factor,
    opening,
    patients,
    run,
    start,
    wanted,
)
from v6_clinical.model.splines import bs


def test_A10_known_limit_two_way_counts_of_levels() -> None:
    """The information at 0 counts the rows of two levels, the score those of one with the event."""
    rows = np.arange(N)
    frame = patients().assign(
        first=np.where(rows < 20, "yes", "no"),
        second=np.where((rows >= 19) & (rows < 70), "yes", "no"),  # one row has both
        y=((rows == 19) | (rows >= 50)).astype(int),  # one event among the first 20
    )
    levels = {name: ["no", "yes"] for name in ("first", "second")}
    asked = at(0.0, [0.0, 0.0], "first", "second", levels=levels)
    with costs(1):
        found = ask(frame, "evaluate", asked)
    information = form(found, "information")
    assert 4 * information("first[T.yes]", "second[T.yes]") == pytest.approx(1, rel=1e-9)
    events = (
        tally(found, "score")["first[T.yes]"] + 4 * information("first[T.yes]", "first[T.yes]") / 2
    )
    assert events == pytest.approx(1, rel=1e-9)


def test_A12_known_limit_a_codebook_asks_for_a_level() -> None:
    """Whether a site has a label that it would not name, even in one row."""
    frame = patients()
    frame.loc[VICTIM, "arm"] = "rare"
    for guess, code in (("rare", "RARE_LEVEL"), ("other", "UNKNOWN_LEVEL")):
        with costs(1):
            found = start(frame, "arm", levels={"arm": ["a", "b", "c", guess]})
        assert refusal(found)[0] == code


@pytest.mark.parametrize("function", ["log", "sqrt", "log1p"])
def test_A12_known_limit_a_domain_asks_for_a_sign(function: str) -> None:
    """Whether any patient has a value of 0 or less, below 0, or of -1 or less: yes or no."""
    frame = patients()
    odd = frame.copy()
    odd.loc[VICTIM, "bmi"] = {"log": 0.0, "sqrt": -0.5, "log1p": -1.0}[function]
    term = factor("function", "bmi", function=function)
    with costs(2):
        found = [start(rows, term).get("code", "ok") for rows in (frame, odd)]
    assert found == ["ok", "DOMAIN"]


def truncated_cubes(frame: pd.DataFrame, knot: float) -> Array:
    """Return the sums of max(age - knot, 0)^3 over the rows, and of these times bmi, by one call.

    They are combinations of the spline's functions.
    """
    placed, ages = [24.0, knot, 96.0], np.linspace(25, 95, 400)
    term = factor("spline", "age", basis="bs", knots=[knot], lower=24.0, upper=96.0)
    term["factors"][0] |= {"step": STEP, "placed": placed}
    found = ask(frame, "start", opening(term, "bmi"), NO_OWN)
    names = [n for n in found["sums"]["forms"]["information"]["labels"] if n.startswith("bs(")]
    basis = np.column_stack([np.ones_like(ages), bs(ages, placed)])
    weights = np.linalg.lstsq(basis, np.maximum(ages - knot, 0.0) ** 3, rcond=None)[0]
    information = form(found)
    sums = [
        [4 * information(of, name) for name in ("Intercept", *names)] for of in ("Intercept", "bmi")
    ]
    return np.array(sums) @ weights


STEP = 0.125  # of the knots: a hundredth of the ages' sd


def test_A08_known_limit_moved_knots() -> None:
    """Five models, a knot moved by a hundredth of an sd each: fourth differences of their sums.

    They are made of the patients between the first knot and the last, here one: that one's bmi.
    """
    frame = patients()
    first, alone = next(
        (first, found)
        for first in np.arange(45.0, 75.0, STEP)
        if len(found := frame["age"][frame["age"].between(first, first + 4 * STEP)]) == 1
    )
    with costs(5):
        cubes = [truncated_cubes(frame, first + k * STEP) for k in range(5)]
    differences = np.array([comb(4, k) * (-1) ** k for k in range(5)]) @ np.array(cubes)
    bmi = frame["bmi"][alone.index[0]]
    assert differences[1] / differences[0] == pytest.approx(bmi, rel=1e-3)


def test_A04_known_limit_concordance_orders_patients() -> None:
    """Where a direction of two covariates swaps two patients, the pairs change by one pair.

    Bisected, that gives the ratio of their differences; with weights, the product of theirs too.
    """
    frame = patients().assign(score=RNG.integers(3, 30, N).astype(float))
    before = len(LEDGER)

    def pairs(angle: float) -> float:
        slopes = [0.02 * np.cos(angle), 0.02 * np.sin(angle)]
        asked = at(0.0, slopes, "age", "bmi", weights="score", report=wanted())
        return float(array(ask(frame, "evaluate", asked), "pairs")[0])

    low, high = 0.7, 0.72
    below, above = pairs(low), pairs(high)
    while high - low > 1e-13:
        middle = (low + high) / 2
        found = pairs(middle)
        if found != below:
            high, above = middle, found
        else:
            low = middle
    calls = len(LEDGER) - before
    print(f"known limit: {calls} calls part two patients by concordance")
    assert calls < 50
    ratio, product = -np.tan(low), abs(above - below)
    i, j = np.triu_indices(N, 1)
    x, z, w = (frame[name].to_numpy() for name in ("age", "bmi", "score"))
    swapped = np.argmin(np.abs((x[i] - x[j]) / (z[i] - z[j]) - ratio))
    i, j = i[swapped], j[swapped]
    assert (x[i] - x[j]) / (z[i] - z[j]) == pytest.approx(ratio, rel=1e-9)
    assert product == pytest.approx(w[i] * w[j], rel=1e-9)


def test_A07_known_limit_data_that_change() -> None:
    """Two answers about a row more. Data frames of a session of 5.x are simulated so, too."""
    frame = patients()
    with costs(2):
        found = [tally(start(rows, "age"), "column_sum") for rows in (frame.iloc[:-1], frame)]
    gap = found[1]["age"] - found[0]["age"]
    assert gap == pytest.approx(frame["age"][N - 1], rel=1e-9)


def test_A07_known_limit_two_sites_subtract() -> None:
    """A site takes its own log-likelihood off the pooled one, at no call of its own."""
    frames = [patients(), patients(80)]
    found = run(frames)
    (fit,), coefficients = found["fit"], [row["estimate"] for row in found["coefficients"]]

    def log_likelihood(frame: pd.DataFrame) -> float:
        eta = coefficients[0] + frame[["age", "bmi"]].to_numpy() @ coefficients[1:]
        return float((frame["y"] * eta - np.log1p(np.exp(eta))).sum())

    rest = fit["log_likelihood"] - log_likelihood(frames[1])
    assert rest == pytest.approx(log_likelihood(frames[0]), rel=1e-9)
