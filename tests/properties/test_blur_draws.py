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
    FLOOR,
    REQUESTS,
    TAU,
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
from v6_clinical.disclosure import Policy

ANALYSES = pytest.mark.parametrize("analysis", REQUESTS)
FIRST = good(1)
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


def drawn(analysis: str) -> list[Message]:
    """Return the questions whose answers hold more than counts: another secret, another answer."""
    return [
        message
        for message in questions(analysis)
        if reply(analysis, message, FIRST, policy(1)) != reply(analysis, message, FIRST, policy(2))
    ]


@ANALYSES
def test_another_secret_is_another_draw(analysis: str) -> None:
    """Of every answer but those that hold counts alone."""
    counts = [message["step"] for message in questions(analysis) if message not in drawn(analysis)]
    assert set(counts) <= {"describe", "refine"}
    assert drawn(analysis)


@ANALYSES
def test_without_a_secret_each_answer_is_another_draw_and_says_so(analysis: str) -> None:
    last, unkeyed = drawn(analysis)[-1], Policy(blur=TAU, blur_rows=FLOOR)
    ours, theirs = (reply(analysis, last, FIRST, unkeyed) for _ in range(2))
    assert ours != theirs
    assert ours["redraws"] is theirs["redraws"] is True
    assert "redraws" not in reply(analysis, last, FIRST, policy(1))


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


def other_outcome(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with one patient's outcome, and time, of another kind."""
    y, t = frame["y"].copy(), frame["t"].copy()
    y[60], t[60] = 1 - y[60], t[60] + 1
    return frame.assign(y=y, t=t)


def other_value(frame: pd.DataFrame) -> pd.DataFrame:
    age = frame["age"].copy()
    age[60] += 0.5
    return frame.assign(age=age)


def without_a_row(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(index=60)


def other_model(message: Message) -> Message:
    """Return the same question with another column in the place of one."""
    found: Message = json.loads(json.dumps(message).replace('"bmi"', '"w"'))
    return found


def check_independent(
    analysis: str, draws: int, messages: list[Message], frames: list[pd.DataFrame]
) -> None:
    """Compare the first question on the first rows with each other question and other rows.

    Over 900 pairs of numbers a correlation of independent draws stays below 5 / sqrt(draws).
    """
    secrets = range(draws)
    ours = noise(analysis, messages[0], frames[0], secrets)
    others = [(messages[0], frame) for frame in frames[1:]]
    others += [(message, frames[0]) for message in messages[1:]]
    assert largest_correlation(ours, ours) > 0.999  # what a shared draw looks like
    for message, frame in others:
        theirs = noise(analysis, message, frame, secrets)
        # a column's own moments are drawn once, whatever else is asked of these rows
        equal = [n for n in ours if n in theirs and np.array_equal(ours[n], theirs[n])]
        assert not equal or (frame is frames[0] and message["step"] == "start")
        other = {name: draw for name, draw in theirs.items() if name not in equal}
        assert largest_correlation(ours, other) < 5 / draws**0.5


@ANALYSES
def test_one_row_less_is_another_draw(analysis: str) -> None:
    check_independent(analysis, 40, drawn(analysis)[-1:], [FIRST, without_a_row(FIRST)])


@REGRESSIONS
def test_coefficients_beyond_the_grid_are_another_draw(analysis: str) -> None:
    first = evaluations(analysis)[0]
    check_independent(analysis, 40, [first, moved(first, 1e-5)], [FIRST])


@pytest.mark.repeats
@ANALYSES
@pytest.mark.parametrize("place", [0, -1], ids=["first", "last"])
def test_any_other_rows_or_columns_are_another_draw(analysis: str, place: int) -> None:
    """What is told first, and what is told last with all that a report holds."""
    message = drawn(analysis)[place]
    frames = [FIRST, other_value(FIRST), without_a_row(FIRST)]
    if analysis == "summary":  # has no outcome, and tells of each column by itself
        check_independent(analysis, 100, [message], frames)
    else:
        frames.append(other_outcome(FIRST))
        check_independent(analysis, 200, [message, other_model(message)], frames)


@pytest.mark.repeats
@REGRESSIONS
def test_any_other_coefficients_are_another_draw(analysis: str) -> None:
    first, *_, last = evaluations(analysis)
    asked = [first, last, *(moved(first, by) for by in (3e-6, 1e-4, 1e-2))]
    check_independent(analysis, 200, asked, [FIRST])
