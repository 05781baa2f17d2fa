"""Two answers of a site that blurs are equal to the byte, or their noise is independent."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.blurred import (
    REQUESTS,
    Message,
    Sites,
    fit,
    largest_correlation,
    noise,
    policy,
    questions,
    reply,
)
from helpers.three_sites import good

ANALYSES = pytest.mark.parametrize("analysis", REQUESTS)
FIRST = good(1)
# As many draws as tell a shared one from an independent one; more in ci/repeats. A correlation of
# independent draws is below 5 / sqrt(draws) for every pair of thousands of numbers.
DRAWS = pytest.mark.parametrize("draws", [50, pytest.param(200, marks=pytest.mark.repeats)])
NAMES = {"age": "Zeta", "bmi": "Alpha", "stage": "Grade", "y": "Ill", "t": "Days", "o": "Beta"}


def rows_turned(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sample(frac=1, random_state=5)


def columns_turned(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame.columns[::-1]]


def columns_added(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(another=np.arange(len(frame)) % 7, text="x")


def index_changed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.set_index(frame.index * 3 + 11)


@ANALYSES
@pytest.mark.parametrize("spelt", [rows_turned, columns_turned, columns_added, index_changed])
def test_the_same_rows_give_the_same_bytes(
    analysis: str, spelt: Callable[[pd.DataFrame], pd.DataFrame]
) -> None:
    """Every answer of an analysis, whatever stands around its rows and columns."""
    for message in questions(analysis):
        ours, theirs = (reply(analysis, message, f, policy(1)) for f in (FIRST, spelt(FIRST)))
        assert ours["status"] == "ok", ours
        assert json.dumps(ours) == json.dumps(theirs)


@ANALYSES
def test_an_answer_has_noise_that_another_secret_does_not_have(analysis: str) -> None:
    for message in questions(analysis):
        ours, theirs = (reply(analysis, message, FIRST, policy(secret)) for secret in (1, 2))
        assert (json.dumps(ours) == json.dumps(theirs)) == (
            message["step"] == "describe" and analysis != "summary"
        )


@ANALYSES
def test_names_of_columns_draw_nothing_new(analysis: str) -> None:
    renamed = FIRST.rename(columns=NAMES)
    known = "|".join(NAMES)

    def told(text: str) -> str:
        """Return a text with the new names for the old ones."""
        pattern = rf"(?<![A-Za-z_])({known})(?![A-Za-z_])"
        return re.sub(pattern, lambda found: NAMES[found[1]], text)

    for message in questions(analysis):
        ours = reply(analysis, message, FIRST, policy(1))
        theirs = reply(analysis, json.loads(told(json.dumps(message))), renamed, policy(1))
        assert json.loads(told(json.dumps(ours))) == theirs


@ANALYSES
def test_organisations_draw_nothing_new(analysis: str) -> None:
    """Neither their numbers nor their order, nor who else takes part in the order of the sums."""
    frames = {k: good(k) for k in (1, 2, 3)}
    turned = {70: frames[3], 5: frames[1], 12: frames[2]}
    ours, theirs = (
        Sites(analysis, given, policy(1)).run(REQUESTS[analysis]) for given in (frames, turned)
    )
    for table in ("coefficients", "covariance", "fit", "numeric", "categorical", "correlation"):
        assert ours.get(table) == theirs.get(table)


def estimates(found: dict[str, Any]) -> dict[str, float]:
    """Return what a change of units maps in a simple way, by variable."""
    if "numeric" in found:
        return {row["variable"]: row["mean"] for row in found["numeric"]}
    rows = found["coefficients"]
    return {row["term"]: row["estimate"] for row in rows if row["term"] != "Intercept"}


UNITS = {"negative": (-1.0, 0.0), "unit": (2.54, 0.0), "zero": (1.0, 273.15), "all": (-0.4, 32.0)}


@ANALYSES
@pytest.mark.parametrize("spelt", UNITS)
def test_unit_sign_and_zero_of_a_column_draw_nothing_new(analysis: str, spelt: str) -> None:
    """The noise of every estimate is that of the column as it was, to a hundredth."""
    unit, zero = UNITS[spelt]
    turned = lambda frame: frame.assign(age=unit * frame["age"] + zero)  # noqa: E731
    exact, ours, theirs = (
        estimates(fit(analysis, limits, change))
        for limits, change in ((policy(1, 0.0, 0.0), None), (policy(1), None), (policy(1), turned))
    )
    if analysis == "summary":
        theirs["age"] = (theirs["age"] - zero) / unit
    else:
        theirs["age"] *= unit
    for name, value in exact.items():
        drawn = ours[name] - value
        assert drawn != 0
        assert theirs[name] - value == pytest.approx(drawn, rel=0.02)


def moved(message: Message, by: float) -> Message:
    """Return a question at other coefficients."""
    arguments = message["arguments"]
    return message | {"arguments": arguments | {"slopes": [s + by for s in arguments["slopes"]]}}


def evaluations(analysis: str) -> list[Message]:
    return [m for m in questions(analysis) if m["arguments"].get("slopes") is not None]


REGRESSIONS = pytest.mark.parametrize("analysis", [name for name in REQUESTS if name != "summary"])


@REGRESSIONS
def test_coefficients_within_the_grid_draw_nothing_new(analysis: str) -> None:
    """1e-9 of a column's sd."""
    for message in evaluations(analysis):
        asked = [moved(message, by) for by in (0.0, 1e-10, -1e-10)]
        told = {json.dumps(reply(analysis, m, FIRST, policy(1))) for m in asked}
        assert len(told) == 1


def fewer_rows(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(index=60)


def one_value_changed(frame: pd.DataFrame) -> pd.DataFrame:
    age = frame["age"].copy()
    age[60] += 0.5
    return frame.assign(age=age)


def other_outcome(frame: pd.DataFrame) -> pd.DataFrame:
    y = frame["y"].copy()
    y[60] = 1 - y[60]
    return frame.assign(y=y)


@ANALYSES
@DRAWS
@pytest.mark.parametrize("other", [fewer_rows, one_value_changed])
def test_one_row_less_or_another_value_is_another_draw(
    analysis: str, other: Callable[[pd.DataFrame], pd.DataFrame], draws: int
) -> None:
    message = questions(analysis)[-1]
    _, ours = noise(analysis, message, FIRST, range(draws))
    _, theirs = noise(analysis, message, other(FIRST), range(draws))
    assert largest_correlation(ours, theirs) < 5 / draws**0.5


@REGRESSIONS
@DRAWS
@pytest.mark.parametrize("by", [1e-5, 1e-3])
def test_coefficients_beyond_the_grid_are_another_draw(
    analysis: str, by: float, draws: int
) -> None:
    message = evaluations(analysis)[0]
    _, ours = noise(analysis, message, FIRST, range(draws))
    _, theirs = noise(analysis, moved(message, by), FIRST, range(draws))
    assert largest_correlation(ours, theirs) < 5 / draws**0.5
