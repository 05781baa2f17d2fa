"""Attacks by difference: two row sets, both allowed, that differ in few patients."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from helpers.attacker import OPEN, form, refusal, tally
from helpers.logistic_attacker import (
    NO_OWN,
    OUTCOME,
    RNG,
    VICTIM,
    N,
    ask,
    at,
    opening,
    patients,
    start,
)
from helpers.policies import EXACT, exact
from v6_clinical.disclosure import Policy


def test_r1_few_rows() -> None:
    for step in ("describe", "start"):
        model = opening()
        assert ask(patients(9), step, model)["code"] == "MIN_ROWS"
        assert ask(patients(10), step, model)["code"] == "TOO_MANY_PARAMETERS"
        few = exact(max_parameters_per_row=0.33)
        assert ask(patients(10), step, model, few)["status"] == "ok"
        assert ask(patients(9), step, model, OPEN)["status"] == "ok"
    assert ask(patients(9), "evaluate", at(0.0, []))["code"] == "MIN_ROWS"
    sparse = patients()
    sparse.loc[9:, "age"] = np.nan  # 9 complete cases of 100 rows
    assert start(sparse, "age")["code"] == "MIN_ROWS"
    empty = start(patients().iloc[:0], "age")
    assert (empty["status"], empty["n"]) == ("no_rows", 0)
    assert set(empty["sums"]["arrays"]) == {"rows"}


def test_A07_r4_rows_that_one_column_drops() -> None:
    """Attack: the same model with and without a column that one patient lacks."""
    frame = patients()
    frame.loc[VICTIM, "bmi"] = np.nan

    def without_less_with(policy: Policy) -> Any:
        both = [start(frame, *terms, policy=policy) for terms in (("age",), ("age", "bmi"))]
        return both if both[1]["status"] == "refused" else _sum(both[0]) - _sum(both[1])

    def _sum(found: Any) -> float:
        return float(tally(found, "column_sum")["age"])

    assert refusal(without_less_with(EXACT)[1]) == ("FEW_INCOMPLETE", ["bmi"])
    lifted = without_less_with(exact(allow_small_missing=True))
    assert lifted == pytest.approx(frame["age"][VICTIM], rel=1e-9)  # the attack, unguarded
    frame.loc[VICTIM + 1 : VICTIM + 4, "bmi"] = np.nan
    assert start(frame, "age", "bmi")["status"] == "ok"  # five rows tell of nobody


@pytest.mark.parametrize("role", ["predictor", "weights", "offset", "cluster", "outcome"])
def test_A07_r4_one_patient_who_misses_two_columns(role: str) -> None:
    """Neither column alone drops the row, the pair does, whatever its role in the model."""
    frame = patients().assign(second=RNG.uniform(1, 2, N), y2=lambda f: f["y"])
    frame["second"] = np.arange(N) % 20 if role == "cluster" else frame["second"]
    frame = frame.astype({"second": float, "y2": float})
    other = "y2" if role == "outcome" else "second"
    frame.loc[VICTIM, ["bmi", other]] = np.nan
    more: dict[str, Any] = {}
    if role == "outcome":
        more["outcome"] = OUTCOME | {"column": "y2"}
    elif role != "predictor":
        more[role] = "second"
    terms = ("age", "bmi", "second") if role == "predictor" else ("age", "bmi")
    found = start(frame, *terms, **more)
    assert refusal(found) == ("FEW_INCOMPLETE", ["bmi", other])
    lifted = replace(EXACT, allow_small_missing=True)
    assert start(frame, *terms, policy=lifted, **more)["status"] == "ok"


def test_A07_known_limit_models_whose_missing_rows_overlap() -> None:
    """Known limit: each model passes R4, and the two differ in one patient. No site can see it."""
    frame = patients().assign(lab=RNG.normal(size=N))
    frame.loc[:4, "bmi"] = np.nan
    frame.loc[:5, "lab"] = np.nan
    first, second = start(frame, "age", "bmi"), start(frame, "age", "lab")
    gap = tally(first, "column_sum")["age"] - tally(second, "column_sum")["age"]
    assert gap == pytest.approx(frame["age"][5], rel=1e-9)
    assert start(frame, "age", "bmi", "lab")["code"] == "FEW_INCOMPLETE"  # but not in one request


def test_r6_few_events() -> None:
    for events in (0, 1, 4, 5, N - 4, N):
        frame = patients().assign(y=(np.arange(N) < events).astype(int))
        expected = {1: "FEW_EVENTS", 4: "FEW_EVENTS", N - 4: "FEW_WITHOUT_EVENT"}.get(events, "ok")
        found = start(frame, "age")
        assert found.get("code", "ok") == expected, events
        if expected != "ok":
            assert found["where"] == ["y"]
            lifted = start(frame, policy=replace(EXACT, min_cell=1, min_spread=0))
            assert lifted["sums"]["arrays"]["rows"]["data"][2] == events


@pytest.mark.parametrize("role", ["weights", "offset"])
@pytest.mark.parametrize("others", ["equal", "unequal"])
def test_A07_r8_a_weight_or_offset_that_one_patient_has(role: str, others: str) -> None:
    """Attack: a fit with and one without a column that is the same for all others."""
    usual = 1.0 if role == "weights" else 0.0
    values = np.full(N, usual) if others == "equal" else usual + RNG.normal(0, 1e-9, N)
    values[VICTIM] += 1.0
    frame = patients().assign(odd=values)
    asked = at(0.0, [0.0], "age", **{role: "odd"})
    code = "RARE_VALUE" if others == "equal" else "DOMINANT_ROW"
    assert refusal(ask(frame, "evaluate", asked)) == (code, ["odd"])
    assert refusal(start(frame, "age", **{role: "odd"})) == (code, ["odd"])
    plain = tally(ask(frame, "evaluate", at(0.0, [0.0], "age")), "score")
    lifted = tally(ask(frame, "evaluate", asked, replace(OPEN, min_rows=3)), "score")
    gap = {name: lifted[name] - plain[name] for name in plain}
    given = gap["age"] / gap["Intercept"]
    assert given == pytest.approx(frame["age"][VICTIM], rel=1e-4)  # the attack, unguarded


def test_A07_r13_blank_labels_from_collapse_are_refused() -> None:
    """Attack: merge a level into what a site reads as missing, to drop its rows."""
    for blank in ("", " ", "\t", "\x1c", "\u2003"):
        for step in ("start", "evaluate"):
            asked = at(0.0, [0.0], "arm", levels={"arm": ["a", "b"]})
            asked["model"]["collapse"] = {"arm": {blank: ["c"]}}
            if step == "start":
                asked = opening("arm", collapse=asked["model"]["collapse"])
            assert ask(patients(), step, asked)["code"] == "BAD_REQUEST", repr(blank)


def test_A07_known_limit_collapse_moves_a_rare_level() -> None:
    """Known limit: merging is the remedy for a rare level; merged elsewhere, the sums differ by it.

    No site can see the other request. What R13 does: the level is never shown by itself.
    """
    arm = np.resize(["p1", "p2", "p3", "p4"], N).astype(object)
    arm[VICTIM] = "rare"
    frame = patients().assign(arm=arm)
    groups = ({"A": ["p1", "p2", "rare"], "B": ["p3", "p4"]}, {"A": ["p1", "p2"]})
    groups[1]["B"] = ["p3", "p4", "rare"]
    found = [start(frame, "arm", "age", collapse={"arm": g}, policy=NO_OWN) for g in groups]
    first, second = (form(one)("arm[A]", "age") for one in found)
    assert 4 * (first - second) == pytest.approx(frame["age"][VICTIM], rel=1e-9)
    assert start(frame, "arm", "age")["code"] == "RARE_LEVEL"
