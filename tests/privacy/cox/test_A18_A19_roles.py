"""Attacks with a column's role, and questions that no centre asks."""

from typing import Any

import numpy as np
import pytest

from helpers.attacker import OPEN
from helpers.cox_attacker import ask, evaluate, opening, people, refusal, report
from helpers.policies import exact
from v6_clinical.platforms import local


def test_A18_r8_strata_clusters_and_weights_of_one_patient() -> None:
    frame = people()
    frame["one"] = ["alone"] + ["rest"] * 59
    frame["w"] = [1e6] + [1.0] * 59
    frame["id"] = ["me"] + ["others"] * 59
    assert refusal(frame, opening(strata=["one"])) == "SMALL_STRATUM"
    assert refusal(frame, opening(weights="w")) == "BAD_WEIGHT"
    assert refusal(frame, opening(cluster="id")) == "SMALL_CLUSTER"
    for question in ({"strata": ["one"]}, {"weights": "w"}, {"cluster": "id"}):
        assert ask(frame, "start", opening(**question), OPEN)["status"] == "ok"  # unguarded
    frame["s"] = np.where(frame.index < 9, "u", "v")  # nine rows, six with an event
    frame.loc[frame.index[:9], "e"] = [1] * 6 + [0] * 3
    assert refusal(frame, opening(strata=["s"])) == "SMALL_STRATUM"
    frame["s"] = np.where(frame.index < 20, "u", "v")
    frame.loc[frame.index[:20], "e"] = [1] * 4 + [0] * 16
    assert refusal(frame, opening(strata=["s"])) == "SMALL_STRATUM"


@pytest.mark.parametrize(
    ("step", "exact"),
    [("describe", False), ("start", False), ("start", True), ("evaluate", False)],
)
def test_r12_denied_columns_are_never_touched(step: str, exact: bool) -> None:
    question: Any = opening(strata=["s"], exact=exact)
    if step == "evaluate":
        question = evaluate([0.0], question=question)
    for name in ("t", "e", "s", "x"):
        denied = {"denied_columns": frozenset({name}), "allow_event_times": True}
        assert refusal(people(), question, step, **denied) == "COLUMN_DENIED"


def test_r13_strata_are_no_identifiers() -> None:
    frame = people().assign(id=[f"p{k}" for k in range(60)])
    assert refusal(frame, opening(strata=["id"])) == "TOO_MANY_LEVELS"
    rare = people().assign(z=["a"] * 58 + ["secret"] * 2)
    assert refusal(rare, opening("z")) == "RARE_LEVEL"


def test_r15_a_site_may_keep_its_own_results() -> None:
    grid = {"digit": 2, "exponent": 1, "count": 10}
    question = evaluate([0.1], report(grid=grid))
    names = {
        allowed: set(
            ask(people(), "evaluate", question, exact(allow_per_site=allowed))["sums"]["arrays"]
        )
        | set(ask(people(), "evaluate", question, exact(allow_per_site=allowed))["sums"]["tallies"])
        for allowed in (True, False)
    }
    assert {n for n in names[True] if n.startswith(("site", "own"))}
    assert not {n for n in names[False] if n.startswith(("site", "own"))}
    start = ask(people(), "start", opening(), exact(allow_per_site=False))["sums"]
    assert start["forms"]["information"] == start["forms"]["null_information"]
    frames = [people(200, seed=k) for k in (1, 2)]
    arguments = {"time": "t", "event": "e", "predictors": ["x"], "time_horizon": 200}
    found = local.run("cox", frames, arguments, policy=exact(allow_per_site=False))
    assert found["baseline_hazard"] == found["heterogeneity"] == []
    assert "CURVES_WITHHELD" in [warning["code"] for warning in found["warnings"]]


BAD: list[Any] = [None, [], {}, "x", 3, {"model": 1}, opening() | {"V6C_MIN_ROWS": 1}]


@pytest.mark.parametrize("step", ["describe", "start", "evaluate", "times", None])
@pytest.mark.parametrize("arguments", BAD, ids=range(len(BAD)))
def test_A15_A19_odd_questions_are_refused_without_numbers(step: Any, arguments: Any) -> None:
    assert refusal(people(), arguments, step) in ("BAD_REQUEST", "BAD_STEP", "EVENT_TIMES")


@pytest.mark.parametrize(
    "change",
    [
        {"intercept": False},
        {"absorbs_intercept": False},
        {"weights": "t"},
        {"offset": "e"},
        {"cluster": "t"},
    ],
)
def test_one_role_a_column_and_one_kind_of_model(change: dict[str, Any]) -> None:
    question = opening()
    question["model"] |= change
    assert refusal(people(), question) == "BAD_REQUEST"
