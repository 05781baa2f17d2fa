"""What refusals and strange questions tell: codes, and names of the request."""

import json
from typing import Any

import numpy as np
import pytest

from privacy.attacker import refusal
from privacy.logistic.questions import (
    OUTCOME,
    VICTIM,
    N,
    ask,
    at,
    column,
    factor,
    opening,
    patients,
    spline,
    start,
)


def test_A12_refusals_tell_nothing_that_counts_do_not() -> None:
    """Random requests beside a patient's age: two sites that differ in it alone refuse alike."""
    rng = np.random.default_rng(3)
    frame = patients().round({"age": 0, "bmi": 1})
    other = frame.copy()
    other.loc[VICTIM, "age"] += 1.0
    codes: list[tuple[str, str]] = []
    apart = 0
    for _ in range(1000):
        knots = np.sort(rng.choice(np.arange(8, 24), 4, replace=False)) * 4.0
        term: Any = [
            column("age"),
            factor("power", "age", exponent=int(rng.integers(2, 4))),
            factor("scale", "age", mean=float(rng.normal(60, 9)), sd=float(rng.uniform(1, 20))),
            factor("function", "age", function=str(rng.choice(["log", "sqrt"]))),
            spline(4.0, *knots) if (np.diff(knots) >= 12).all() else column("age"),
        ][int(rng.integers(5))]
        width = 3 if term["factors"][0]["kind"] == "spline" else 1
        scale = 10.0 ** rng.uniform(-3, 1)
        slopes = (rng.normal(size=width) * scale).tolist()
        asked = at(float(rng.normal() * 20 * scale), slopes, term)
        if rng.random() < 0.3:
            asked = opening(term, collapse={"age": {"x": [str(int(rng.integers(20, 90)))]}})
        step = "evaluate" if "slopes" in asked else "start"
        one, two = (ask(f, step, asked).get("code", "ok") for f in (frame, other))
        codes.append((one, two))
        apart += one != two
    assert {"ok", "COEFFICIENT_RANGE", "BAD_REQUEST"} <= {one for one, _ in codes}
    assert apart <= 10  # a limit on sums of many rows moves by chance, not by one patient


def test_A12_r17_refusals_echo_only_names_of_the_request() -> None:
    frame = patients().assign(secret=["canary"] * N)
    for name in ("nothing", "__class__", "x" * 150, "'; drop", "ägé"):
        for found in (
            start(frame, name),
            start(frame, "age", weights=name),
            start(frame, "age", outcome=OUTCOME | {"column": name}),
        ):
            assert refusal(found) == ("COLUMN_MISSING", [name])


ODD: list[Any] = [None, [], {}, "x", 3, True, 1e308, {"model": "age"}, {"model": [["age"]]}]


@pytest.mark.parametrize("step", ["describe", "start", "evaluate", "nothing", None, 3, ["x"]])
@pytest.mark.parametrize("arguments", ODD, ids=range(len(ODD)))
def test_A19_odd_questions_are_refused_without_numbers(step: Any, arguments: Any) -> None:
    assert ask(patients(), step, arguments)["code"] in ("BAD_REQUEST", "BAD_STEP")


def test_A19_every_field_of_a_question_is_read_strictly() -> None:
    """Each field replaced by values of other types, at any depth: a code, and no number."""
    wanted = {"meat": True, "own_estimates": True, "grid": {"level": 0, "first": 0, "last": 9}}
    asked = at(0.0, [0.0], "age", report=wanted)
    swapped = 0
    for path in _paths(asked):
        for value in (None, "x", -1, 1.5, [], {}, True, [1], {"a": 1}, 1e308, 2**70, "\ud800"):
            message = json.loads(json.dumps(asked))
            target: Any = message
            for part in path[:-1]:
                target = target[part]
            target[path[-1]] = value
            found = ask(patients(), "evaluate", message)
            swapped += found["status"] == "refused"
    assert swapped > 100


def _paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, inner in items:
        found.append((*here, key))
        if isinstance(inner, dict | list):
            found += _paths(inner, (*here, key))
    return found


def test_A19_unresolved_terms_are_a_bad_request() -> None:
    for term in (factor("scale", "age"), factor("spline", "age", basis="ns", df=2)):
        assert start(patients(), term)["code"] == "BAD_REQUEST"
        assert ask(patients(), "evaluate", at(0.0, [0.0], term))["code"] == "BAD_REQUEST"
