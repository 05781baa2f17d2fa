"""Attacks with many questions: knots that move, draws made anew, rows that differ by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.attacker import array, form, numbers_in, tally
from helpers.blur_models import natural, secret
from helpers.blur_naming import named
from helpers.blur_questions import (
    BLURRED,
    EXACT,
    FLOOR,
    TAU,
    by_lattice,
    by_search,
    expected,
    wards,
)
from helpers.logistic_attacker import ask, at, factor
from v6_clinical.disclosure import Policy
from v6_clinical.numerics.arrays import Array

STEP = 0.5  # of knots, of a column whose sd is about 8


def visits(seed: int, n: int = 80) -> pd.DataFrame:
    """Return patients of 12 ages, smokers and not, and the outcome."""
    rng = np.random.default_rng(seed)
    age = np.clip(np.rint(rng.normal(40, 8, n) / 3) * 3, 24, 57).astype(int)
    smoke = (rng.random(n) < 0.4).astype(int)
    return pd.DataFrame({"age": age, "smoke": smoke, "y": (rng.random(n) < 0.4).astype(int)})


def moved(calls: int) -> Iterator[tuple[Any, Any, Any]]:
    """Yield questions about natural splines, an inner knot half a year further each time."""
    for call in range(calls):
        inner = [35.0 + STEP * (call % 8), 43.0 + STEP * (call // 8 % 8)]
        knots = [28.0, *inner, 52.0 + STEP * (call // 64)]
        term = factor(
            "spline", "age", basis="ns", knots=inner, lower=28.0, upper=knots[-1], step=STEP
        )
        term["factors"][0]["placed"] = knots

        def columns(cells: dict[str, Array], knots: list[float] = knots) -> list[Array]:
            return [*natural(cells["age"], knots), cells["smoke"]]

        yield [term, "smoke"], columns, [(-0.4, [0.5, -0.3, 0.4, 0.6])]


def spline_rows(calls: int, seed: int = 2) -> tuple[int, int, float, float]:
    """Return lone rows named rightly and wrongly, share of rows placed, and that by guessing.

    The chains begin at the truth: no search does better.
    """
    frame, rng = visits(seed), np.random.default_rng(seed)
    table, tables, _ = by_search(
        frame, ["age", "smoke"], list(moved(calls)), rng, steps=10000, at_truth=8
    )
    found = named(table, tables)
    return found.right, found.wrong, found.placed, expected(table, rng)


def exact_splines(calls: int, seed: int = 2) -> float:
    """Return the share of rows that a lattice of exact answers places."""
    return by_lattice(visits(seed), ["age", "smoke"], list(moved(calls)), EXACT)


def test_A23_eight_calls_with_moved_knots() -> None:
    """Exact: every row by age, smoking and outcome. Blurred: none is named."""
    assert exact_splines(8) == 1.0
    right, wrong, placed, guess = spline_rows(8)
    assert (right, wrong) == (0, 0)
    assert placed < guess + 0.25


@pytest.mark.repeats
@pytest.mark.parametrize("calls", [70, 500])
def test_A23_many_calls_with_moved_knots(calls: int) -> None:
    """They stand in the table as they are: no noise that leaves a fit of use stops a thousand."""
    right, wrong, placed, guess = spline_rows(calls)
    print(
        f"A23: {calls} calls place {placed:.2f} of 80 rows ({guess:.2f} by guessing), "
        f"{right} lone rows named rightly, {wrong} wrongly"
    )
    assert guess <= placed <= 1


def score_of(frame: pd.DataFrame, policy: Policy, moved_by: float = 0.0) -> Array:
    """Return the score of the wards' model at about coefficients of .2."""
    asked = at(-1.0 + moved_by, [0.2 + moved_by, 0.1, 0.1], "stage", "smoke", "diabetes")
    return np.array(list(tally(ask(frame, "evaluate", asked, policy), "score").values()))


def spread(frame: pd.DataFrame, policy: Policy, moves: Array) -> float:
    """Return how far a mean of answers is from the exact one, in units of one draw's noise.

    What the exact answer moves by is far below the noise.
    """
    exact = np.mean([score_of(frame, EXACT, move) for move in moves[:: len(moves) // 5]], axis=0)
    secrets = [Policy(blur=TAU, blur_rows=FLOOR, secret=secret(k + 2)) for k in range(32)]
    zero = score_of(frame, EXACT)
    one = np.array([score_of(frame, keyed) - zero for keyed in secrets])
    draws = np.array([score_of(frame, policy, move) for move in moves])
    left = (draws.mean(axis=0) - exact) / np.sqrt(np.square(one).mean(axis=0))
    return float(np.sqrt(np.square(left).mean()))


def tiny(calls: int) -> Array:
    return np.geomspace(1e-13, 1e-11, calls)


def test_A26_coefficients_moved_by_next_to_nothing_draw_nothing_new() -> None:
    """20 calls are one: their mean has the noise of a draw. Without a secret it wears off.

    Of 100 draws a tenth is left, as sd: the bound is more than seven sd.
    """
    frame = wards(3)
    answers = {tuple(score_of(frame, BLURRED, move)) for move in tiny(20)}
    assert len(answers) <= 2  # a grid's edge may lie between
    unkeyed = Policy(blur=TAU, blur_rows=FLOOR)
    assert len({tuple(score_of(frame, unkeyed, move)) for move in tiny(20)}) == 20
    assert spread(frame, unkeyed, tiny(100)) < 0.75


@pytest.mark.repeats
def test_A26_500_calls_with_coefficients_moved_by_up_to_a_thousandth() -> None:
    """A thousandth is another question: its draws are independent, and wear off (the table)."""
    frame = wards(3)
    assert len({tuple(score_of(frame, BLURRED, move)) for move in tiny(500)}) <= 2
    left = spread(frame, BLURRED, np.linspace(2e-6, 1e-3, 500))
    print(f"A26: 500 questions a thousandth apart leave {left:.3f} of one draw's noise")
    assert left < 0.5


def without(frame: pd.DataFrame, row: int) -> pd.DataFrame:
    return frame.drop(index=row).reset_index(drop=True)


def differenced(frame: pd.DataFrame, row: int, policy: Policy) -> tuple[float, ...]:
    """Return which stage, smoking, diabetes of a patient two answers say, with and without him."""
    asked = at(0.0, [0.0, 0.0, 0.0], "stage", "smoke", "diabetes")
    both = [ask(f, "evaluate", asked, policy) for f in (frame, without(frame, row))]
    names = ("stage", "smoke", "diabetes")
    found = [
        4 * (form(both[0])("Intercept", name) - form(both[1])("Intercept", name)) for name in names
    ]
    return tuple(
        float(np.clip(np.rint(x), low, high))
        for x, (low, high) in zip(found, ((1, 4), (0, 1), (0, 1)), strict=True)
    )


def test_A27_rows_that_differ_by_one_patient() -> None:
    """Exact: his columns. Blurred: about as often as a guess; his outcome is told by the counts."""
    exact = blurred = guessed = 0
    for seed in range(10):
        frame = wards(seed)
        truth = tuple(map(float, frame.loc[seed, ["stage", "smoke", "diabetes"]]))
        exact += differenced(frame, seed, EXACT) == truth
        blurred += differenced(frame, seed, BLURRED) == truth
        commonest = frame[["stage", "smoke", "diabetes"]].value_counts().index[0]
        guessed += tuple(map(float, commonest)) == truth
        with_him, left = (
            array(ask(f, "evaluate", at(0.0, [0.0], "stage"), BLURRED), "rows")
            for f in (frame, without(frame, seed))
        )
        assert (with_him - left)[[0, 2]].tolist() == [1, frame["y"][seed]]  # shown, not barred
    assert exact == 10
    assert blurred <= guessed + 5


def test_A26_a_redrawn_answer_has_no_number_of_the_first() -> None:
    """A question a thousandth off shares no number with the first but counts."""
    frame = wards(4)
    asked = [at(-1.0, [0.2 + move], "stage") for move in (0.0, 1e-3)]
    ours, theirs = (numbers_in(ask(frame, "evaluate", a, BLURRED), ["rows"]) for a in asked)
    assert not np.isin(ours, theirs).any()
