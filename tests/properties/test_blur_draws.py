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
from helpers.policies import EXACT
from helpers.three_sites import good
from v6_clinical.disclosure import Policy
from v6_clinical.numerics.arrays import Array

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


UNITS = {"negative": (-1.0, 0.0), "unit": (2.54, 0.0), "zero": (1.0, 273.15), "all": (-0.4, 32.0)}
REGRESSIONS = pytest.mark.parametrize("analysis", [name for name in REQUESTS if name != "summary"])


@pytest.mark.parametrize("spelt", UNITS)
def test_unit_sign_and_zero_draw_nothing_new_in_a_summary(spelt: str) -> None:
    """The noise of every mean is that of the column as it was, to a twentieth of it, six draws."""
    unit, zero = UNITS[spelt]
    turned = lambda frame: frame.assign(age=unit * frame["age"] + zero)  # noqa: E731

    def means(limits: Policy, change: Any = None) -> Array:
        rows = fit("summary", limits, change)["numeric"]
        found = {row["variable"]: row["mean"] for row in rows}
        if change is not None:
            found["age"] = (found["age"] - zero) / unit
        return np.array([found[name] for name in sorted(found)])

    exact = means(EXACT)
    ours = np.array([means(policy(secret)) for secret in range(6)])
    theirs = np.array([means(policy(secret), turned) for secret in range(6)])
    size = np.linalg.norm(ours - exact, axis=0)
    assert (size > 0).all()
    assert (np.linalg.norm(theirs - ours, axis=0) < 0.05 * size).all()


@REGRESSIONS
@pytest.mark.parametrize("spelt", UNITS)
def test_unit_sign_and_zero_draw_nothing_new_in_a_regression(analysis: str, spelt: str) -> None:
    """Score and information are those of the column as it was, mapped; to a fiftieth of the noise.

    They are told to a thousandth of their noise, in the units of the columns as they are spelt.
    """
    unit, zero = UNITS[spelt]
    turned, changes = FIRST.assign(age=unit * FIRST["age"] + zero), []
    for message in questions(analysis):
        arguments, spelling = message["arguments"], (unit, zero)
        if arguments.get("slopes") is not None:
            slopes, shift = list(arguments["slopes"]), list(arguments["shift"])
            slopes[0], shift[0] = slopes[0] / unit, unit * shift[0] + zero
            arguments, spelling = arguments | {"slopes": slopes, "shift": shift}, (unit, 0.0)
        ours = reply(analysis, message, FIRST, policy(1))["sums"]
        theirs = reply(analysis, message | {"arguments": arguments}, turned, policy(1))["sums"]
        exact = reply(analysis, message, FIRST, EXACT)["sums"]
        for name, (d, e) in ours.get("noise", {}).items():
            if name in ours["forms"]:
                assert theirs["noise"][name] == [d, e]
                changes.append(mapped(name, ours, theirs, exact, spelling))
    assert max(changes) > 0.1


def mapped(name: str, ours: Any, theirs: Any, exact: Any, spelling: tuple[float, float]) -> float:
    """Compare a block before and after age was spelt otherwise, in units of its noise.

    Return the largest noise of its matrix.
    """
    labels, (unit, zero) = ours["forms"][name]["labels"], spelling
    change = np.diag([unit if label.split(" by ")[0] == "age" else 1.0 for label in labels])
    if "Intercept" in labels:
        change[labels.index("Intercept"), labels.index("age")] = zero
    one, other, plain = (matrix(sums["forms"][name]) for sums in (ours, theirs, exact))
    d, e = ours["noise"][name]
    length = np.sqrt(np.diag(other))
    sd = e * np.outer(length, length)
    assert (np.abs(change.T @ one @ change - other) / sd).max() < 0.05
    beside = [score for score in ("score", "right_hand_side") if score in ours["tallies"]]
    for score in beside if name == "information" else []:
        a, b = (np.array([s["tallies"][score][x] for x in labels]) for s in (ours, theirs))
        assert (np.abs(change.T @ a - b) / (d * length)).max() < 0.05
    return float((np.abs(change.T @ (one - plain) @ change) / sd).max())


def matrix(entry: Any) -> Array:
    """Return a form of an answer as a matrix."""
    found = np.zeros((len(entry["labels"]),) * 2)
    found[np.triu_indices(len(found))] = entry["half"]
    return found + np.triu(found, 1).T


def moved(message: Message, by: float) -> Message:
    """Return a question at other coefficients."""
    arguments = message["arguments"]
    return message | {"arguments": arguments | {"slopes": [s + by for s in arguments["slopes"]]}}


def evaluations(analysis: str) -> list[Message]:
    return [m for m in questions(analysis) if m["arguments"].get("slopes") is not None]


@REGRESSIONS
def test_coefficients_within_the_grid_draw_nothing_new(analysis: str) -> None:
    """1e-12 of a column's sd; an edge of the grid may lie between."""
    for message in evaluations(analysis):
        asked = [moved(message, by) for by in np.linspace(-1e-13, 1e-13, 5).tolist()]
        assert len({json.dumps(m) for m in asked}) == 5
        told = {json.dumps(reply(analysis, m, FIRST, policy(1))) for m in asked}
        assert len(told) <= 2


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


OF_ROWS = ("column_", "constants", "outcome", "weight", "null_likelihood", "pairs[1]")


def check_independent(
    analysis: str, draws: int, messages: list[Message], frames: list[pd.DataFrame]
) -> None:
    """Compare the first question on the first rows with each other question and other rows.

    Of 100,000 pairs of numbers no correlation of independent draws is above 6.5 / sqrt(draws).
    """
    secrets = range(draws)
    ours = noise(analysis, messages[0], frames[0], secrets)
    others = [(messages[0], frame) for frame in frames[1:]]
    others += [(message, frames[0]) for message in messages[1:]]
    assert largest_correlation(ours, ours) > 0.999  # what a shared draw looks like
    for message, frame in others:
        theirs = noise(analysis, message, frame, secrets)
        # sums of one column, or of times alone, are drawn once, whatever else is asked of the rows
        equal = [n for n in ours if n in theirs and np.array_equal(ours[n], theirs[n])]
        assert all(name.startswith(OF_ROWS) for name in equal), equal
        other = {name: draw for name, draw in theirs.items() if name not in equal}
        assert largest_correlation(ours, other) < 6.5 / draws**0.5


@ANALYSES
def test_one_row_less_is_another_draw(analysis: str) -> None:
    check_independent(analysis, 60, drawn(analysis)[-1:], [FIRST, without_a_row(FIRST)])


@REGRESSIONS
def test_coefficients_beyond_the_grid_are_another_draw(analysis: str) -> None:
    first = evaluations(analysis)[0]
    check_independent(analysis, 60, [first, moved(first, 1e-5)], [FIRST])


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
