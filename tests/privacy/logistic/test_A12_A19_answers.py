"""What refusals and strange questions tell: codes, and names of the request."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.attacker import refusal
from helpers.logistic_attacker import (
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
from helpers.policies import ExactPolicy
from v6_clinical.disclosure import Policy
from v6_clinical.errors import RefusalError


class Largest(ExactPolicy):
    """R9 as it once was: by the largest linear predictor, not by its spread."""

    def check_coefficients(self, predictor: Any, weights: Any) -> None:
        """Refuse where one patient's predictor is far from the others' mean."""
        if np.abs(predictor - predictor.mean()).max() > WIDEST:
            raise RefusalError("COEFFICIENT_RANGE")

    def check_residuals(self, *_: Any, **__: Any) -> None:
        """Let everything pass."""


WIDEST = 20.0


def around_one_patient(count: int) -> Iterator[dict[str, Any]]:
    """Yield random requests with the ages: columns, powers, splines, scales, merged ages."""
    rng = np.random.default_rng(3)
    for _ in range(count):
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
        yield asked


def codes(frame: pd.DataFrame, count: int, policy: Policy | None = None) -> list[tuple[Any, str]]:
    """Return the requests and the codes with which a site answers."""
    found = []
    for asked in around_one_patient(count):
        step = "evaluate" if "slopes" in asked else "start"
        found.append((asked, ask(frame, step, asked, policy).get("code", "ok")))
    return found


def oldest(found: list[tuple[Any, str]], mean: float) -> tuple[float, float]:
    """Return between what the largest age lies, if it decides which slopes of age are refused."""
    plain = [
        (abs(asked["slopes"][0]), code)
        for asked, code in found
        if "slopes" in asked and asked["model"]["terms"] == [column("age")]
    ]
    accepted = max(slope for slope, code in plain if code == "ok")
    refused = min(slope for slope, code in plain if code != "ok")
    return mean + WIDEST / refused, mean + WIDEST / accepted


def test_A12_refusals_tell_nothing_that_counts_do_not() -> None:
    """1,000 random requests around a patient's age: two sites that differ in it refuse alike.

    Where R9 looked at the largest predictor, the same requests place the oldest patient's age.
    """
    frame = patients().round({"age": 0, "bmi": 1})
    frame.loc[VICTIM, "age"] = 97.0
    other = frame.copy()
    other.loc[VICTIM, "age"] += 1.0
    one, two = codes(frame, 500), codes(other, 500)
    assert {"ok", "COEFFICIENT_RANGE", "BAD_REQUEST"} <= {code for _, code in one}
    # a limit on sums of many rows moves by chance, not by one patient
    assert sum(a != b for (_, a), (_, b) in zip(one, two, strict=True)) <= 5
    mean = frame["age"].mean()
    low, high = oldest(one, mean)
    assert not low <= 97.0 <= high
    low, high = oldest(codes(frame, 500, Largest()), mean)
    assert high - 8 < low <= 97.0 <= high  # the attack, unguarded


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
    wanted = {"meat": True, "grid": {"level": 0, "first": 0, "last": 9}}
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
