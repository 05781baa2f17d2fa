"""A site sends what was not asked, or cannot be: it is named, at small cost, and nothing is added.

Each guard has its control: the same answer with the guard lifted.
"""

from __future__ import annotations

import contextlib
import copy
import json
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from helpers.failing_server import Fault
from helpers.fault_runs import ANALYSES, REQUESTS, ended, frames, run
from platforms.faults.test_sites import at, put
from v6_clinical.disclosure import Policy
from v6_clinical.errors import AnalysisError
from v6_clinical.protocol import answers, sums
from v6_clinical.protocol.answers import read_answer
from v6_clinical.protocol.registry import face_of, load_central, load_site
from v6_clinical.protocol.site import answer
from v6_clinical.protocol.stepper import Stepper
from v6_clinical.protocol.sums import Form
from v6_clinical.protocol.transcript import Config
from v6_clinical.version import SCHEMA

ALL = pytest.mark.parametrize("analysis", ANALYSES)
MEGABYTE = 2**20


def first(kind: str, change: Callable[[str, Any], Any]) -> Callable[[Any], Any]:
    """Change the first array, tally or form of an answer that has any."""

    def changed(found: Any) -> Any:
        held = found["sums"][kind]
        for name in list(held)[:1]:
            held.update(change(name, held[name]))
        return found

    return changed


def array(*numbers: float) -> dict[str, Any]:
    return {"shape": [len(numbers)], "data": list(numbers)}


FALSE: dict[str, Callable[[Any], Any]] = {
    "an array that was not asked for": put(array(1.0), "sums", "arrays", "more"),
    "a tally that was not asked for": put({"a": 1}, "sums", "tallies", "more"),
    "a form that was not asked for": put({"labels": ["a"], "half": [1]}, "sums", "forms", "more"),
    "another site's results": put(array(1.0), "sums", "arrays", "site/0/curves"),
    "a number no sum can bear": first("arrays", lambda name, _: {name: array(1e300)}),
    "rows that no file has": put(10**300, "n"),
    "a dropped row less than none": put(-1, "dropped"),
}
NEGATIVE = {"summary": "kinds"}  # of the others: rows


@ALL
@pytest.mark.parametrize("kind", FALSE)
def test_what_was_not_asked_or_cannot_be_is_not_added_F15(analysis: str, kind: str) -> None:
    ended(run(analysis, at(20, Fault(change=FALSE[kind]), 1)), "BAD_ANSWER", [20])


# the sums of rows of generalized linear models hold the outcome's, which may be below zero
@pytest.mark.parametrize("analysis", [name for name in ANALYSES if name != "glm"])
def test_counts_below_zero_are_not_added_F15(analysis: str) -> None:
    def negative(found: Any) -> Any:
        data = found["sums"]["arrays"][NEGATIVE.get(analysis, "rows")]["data"]
        data[:2] = [-1, data[1] + data[0] + 1]
        return found

    ended(run(analysis, at(20, Fault(change=negative), 1)), "BAD_ANSWER", [20])


REGRESSIONS = pytest.mark.parametrize("analysis", [a for a in ANALYSES if a != "summary"])


@REGRESSIONS
@pytest.mark.parametrize("number", [1, 2])
def test_a_diagonal_below_zero_is_not_added_F15(analysis: str, number: int) -> None:
    def negative(found: Any) -> Any:
        form = next(iter(found["sums"]["forms"].values()))
        form["half"][0] = -form["half"][0]
        return found

    ended(run(analysis, at(20, Fault(change=negative), number)), "BAD_ANSWER", [20])


@REGRESSIONS
@pytest.mark.parametrize("kind", ["tallies", "forms"])
def test_labels_of_no_column_are_not_added_F15(analysis: str, kind: str) -> None:
    """Once the columns are agreed on nobody brings more of them."""

    def label(found: Any) -> Any:
        if kind == "tallies":
            found["sums"]["tallies"]["score"]["more"] = 1.0
        else:
            form = found["sums"]["forms"]["information"]
            form["labels"].append("more")
            size = len(form["labels"])
            form["half"] = [float(k == j) for k in range(size) for j in range(k, size)]
        return found

    ended(run(analysis, at(20, Fault(change=label), 2)), "BAD_ANSWER", [20])


@ALL
def test_the_site_with_another_shape_is_named_F15(analysis: str) -> None:
    longer = first("arrays", lambda name, e: {name: array(*e["data"], 1.0)})
    ended(run(analysis, at(20, Fault(change=longer), 2)), "BAD_ANSWER", [20])


@ALL
@pytest.mark.parametrize("kind", ["an array that was not asked for", "another site's results"])
def test_control_without_the_guard_it_is_added_F15(
    analysis: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "is_plausible", lambda *given: True)
    found = run(analysis, at(20, Fault(change=FALSE[kind]), 1)).result
    assert found["status"] == "completed"
    name = "more" if "array" in kind else "site"
    assert f"{name}: 1" in found["ledger"][0]["what"]


def cost(message: Any) -> tuple[str, float, float]:
    """Return how an answer is read, its CPU seconds and its MiB beside the message."""
    tracemalloc.start()
    begun = time.process_time()
    try:
        read_answer({1: message}, 1)
        code = "read"
    except AnalysisError as error:
        code = error.code
    seconds, (_, peak) = time.process_time() - begun, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return code, seconds, peak / MEGABYTE


def message(**parts: Any) -> dict[str, Any]:
    found = {"arrays": {}, "tallies": {}, "forms": {}} | parts
    return {"schema": SCHEMA, "status": "ok", "n": 100, "dropped": 0, "sums": found}


def one_number(labels: int) -> dict[str, Any]:
    """Return a form of many labels and a single number."""
    return message(forms={"information": {"labels": list(map(str, range(labels))), "half": [1]}})


LARGE: dict[str, Any] = {
    "a form of one number": one_number(100_000),
    "a form": message(
        forms={"f": {"labels": list(map(str, range(900))), "half": [1] * (900 * 901 // 2)}}
    ),
    "an array of a shape without numbers": message(
        arrays={"a": {"shape": [10**9, 10**9], "data": [1]}}
    ),
    "an array of no numbers": message(arrays={"a": {"shape": [0, 10**9], "data": []}}),
    "an array of many dimensions": message(arrays={"a": {"shape": [1] * 300_000, "data": [1]}}),
    "an array": message(arrays={"a": {"shape": [400_000], "data": [1] * 400_000}}),
    "a tally": message(tallies={"t": {str(k): 1 for k in range(80_000)}}),
    "many names": message(arrays={str(k): {"shape": [0], "data": []} for k in range(30_000)}),
    "a refusal": {
        "schema": SCHEMA,
        "status": "refused",
        "code": "MIN_ROWS",
        "where": ["x" * 1000] * 1000,
    },
}


@pytest.mark.parametrize("kind", LARGE)
def test_a_message_of_a_megabyte_costs_little_F15(kind: str) -> None:
    assert len(json.dumps(LARGE[kind], separators=(",", ":"))) <= 1.2 * MEGABYTE
    code, seconds, mebibytes = cost(LARGE[kind])
    assert code in ("read", "BAD_ANSWER")
    assert seconds < 1
    assert mebibytes < 100


def test_control_a_number_spread_over_a_matrix_costs_much_F15(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As it was read before: assigning one number to q x q / 2 places fills them all."""

    def spread(entry: Any) -> Form:
        labels = tuple(entry["labels"])
        values = np.zeros((len(labels), len(labels)))
        values[np.triu_indices(len(labels))] = np.array(entry["half"])
        return Form(labels, values + np.triu(values, 1).T)

    monkeypatch.setattr(sums, "read_form", spread)
    code, _, mebibytes = cost(one_number(2_500))
    assert code == "read"
    assert mebibytes > 100


def test_many_declared_noises_cost_little_F15() -> None:
    """Of names that the answer does not hold: it cannot be read."""
    told = message()
    told["sums"]["noise"] = {f"x{k}": [0.1, 0.1] for k in range(60_000)}
    assert len(json.dumps(told, separators=(",", ":"))) > 0.95 * MEGABYTE
    code, seconds, mebibytes = cost(told)
    assert code == "BAD_ANSWER"
    assert seconds < 1
    assert mebibytes < 100


NOISE: dict[str, Any] = {
    "of nothing": {"other": [0.1, 0.1]},
    "negative": {"rows": [-0.1, 0.1]},
    "no number": {"rows": ["0.1", 0.1]},
    "beyond any": {"rows": [0.1, 1e300]},
    "not finite": {"rows": [0.1, float("inf")]},
    "of three parts": {"rows": [0.1, 0.1, 0.1]},
    "of flags": {"rows": [True, False]},
    "a list": [0.1, 0.1],
    "of a name without text": {"": [0.1, 0.1]},
}


@pytest.mark.parametrize("kind", NOISE)
def test_noise_that_cannot_be_is_no_answer_F15(kind: str) -> None:
    told = message(arrays={"rows": array(1.0)})
    told["sums"]["noise"] = NOISE[kind]
    assert cost(told)[0] == "BAD_ANSWER"
    told["sums"]["noise"] = {"rows": [0.1, 0.0]}
    assert cost(told)[0] == "read"


KINDS: dict[str, tuple[Any, Any]] = {
    "arrays": (array(1.0), {"shape": [480_000], "data": [1] * 480_000}),
    "tallies": ({"a": 1}, {f"s{k}": 1 for k in range(80_000)}),
    "forms": (
        {"labels": ["a"], "half": [1]},
        {"labels": [f"s{k}" for k in range(990)], "half": [1] * (990 * 991 // 2)},
    ),
}


def large_answers(found: Any) -> list[Any]:
    """Return a site's answer with a megabyte of what a round may bring, noise beside it."""
    changed = []
    for kind, (small, large) in KINDS.items():
        for name in list(found["sums"][kind])[:1]:
            many = [f"{name.split('/')[0]}/x{k}" for k in range(5_900)]
            for more in (dict.fromkeys(many, small), {name: large}):
                told = copy.deepcopy(found)
                told["sums"][kind].update(more)
                told["sums"]["noise"] = {each: [0.1, 0.1] for each in more}
                assert len(json.dumps(told, separators=(",", ":"))) < 1.2 * MEGABYTE
                changed.append(told)
    return changed


@ALL
@pytest.mark.parametrize("rounds", [1, 2])
def test_a_round_with_a_large_answer_costs_the_centre_little_F15(
    analysis: str, rounds: int
) -> None:
    """All that the centre does with it: read it, look at it, add it, and ask the next question."""
    central, site = load_central(analysis), load_site(face_of(analysis).package)
    finished: list[dict[int, Any]] = []

    def at_last() -> Stepper:
        stepper = Stepper(central, Config(central.name, REQUESTS[analysis], (10, 20, 30)))
        for raw in finished:
            stepper.finish({number: read_answer(raw, number) for number in raw})
        return stepper

    for _ in range(rounds):
        opened = at_last().open
        assert opened is not None
        sites = zip(opened.messages().items(), frames(), strict=True)
        raw = {
            number: json.loads(json.dumps(answer(site, asked, Policy, lambda _, rows=rows: rows)))
            for (number, asked), rows in sites
        }
        finished.append(raw)
    honest = finished.pop()

    def finish(stepper: Stepper, raw: dict[int, Any]) -> float:
        begun = time.process_time()
        with contextlib.suppress(AnalysisError):
            stepper.finish({number: read_answer(raw, number) for number in raw})
        return time.process_time() - begun

    for told in large_answers(honest[20]):
        assert finish(at_last(), honest | {20: told}) < 1
        if told["sums"]["noise"].keys() & told["sums"]["forms"].keys():  # take most
            stepper = at_last()
            tracemalloc.start()
            finish(stepper, honest | {20: told})
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert peak / MEGABYTE < 100


@ALL
def test_more_levels_than_a_column_can_have_F15(analysis: str) -> None:
    """Their order and spelling would be looked at for seconds."""
    name = {"summary": "levels/1"}.get(analysis, "level/stage")

    def many(found: Any) -> Any:
        found["sums"]["tallies"][name].update({f"s{k}": 1 for k in range(10_001)})
        return found

    ended(run(analysis, at(20, Fault(change=many), 1)), "BAD_ANSWER", [20])
