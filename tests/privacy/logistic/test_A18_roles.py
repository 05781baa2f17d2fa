"""Attacks with a column's role: one patient's weight or cluster, a denied column, own results."""

import json
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
    run,
    start,
    wanted,
)
from helpers.policies import EXACT, exact


def test_A18_r8_a_weight_that_one_patient_carries() -> None:
    """Attack: with one huge weight the weighted sums are that patient's row."""
    frame = patients().assign(w=np.where(np.arange(N) == VICTIM, 1e9, RNG.uniform(1, 2, N)))
    assert refusal(start(frame, "age", weights="w")) == ("BAD_WEIGHT", ["w"])
    found = start(frame, "age", weights="w", policy=replace(OPEN, allow_per_site=False))
    given = form(found)
    mean = given("Intercept", "age") / given("Intercept", "Intercept")
    assert mean == pytest.approx(frame["age"][VICTIM], rel=1e-6)  # the attack, unguarded
    for bad in (0.0, -1.0):
        frame.loc[VICTIM, "w"] = bad
        assert refusal(start(frame, "age", weights="w")) == ("BAD_WEIGHT", ["w"])


def test_A18_r8_few_clusters() -> None:
    """Attack: with two clusters, one of them a patient, the meat is that patient's score row."""
    wanted = {"meat": True, "grid": None}
    few = patients().assign(centre=lambda f: (np.arange(len(f)) == VICTIM).astype(int))
    asked = at(0.0, [0.0], "age", cluster="centre", report=wanted)
    assert refusal(ask(few, "evaluate", asked)) == ("SMALL_CLUSTER", ["centre"])
    lifted = ask(few, "evaluate", asked, replace(EXACT, min_clusters=1, min_cell=1))
    score, meat = tally(lifted, "score"), form(lifted, "meat")
    # u u' + (s - u)(s - u)' = meat: with u = (a, b) and |a| = 1/2 known, b follows
    a = 0.5 if few["y"][VICTIM] else -0.5
    s = np.array([score["Intercept"], score["age"]])
    b = (meat("Intercept", "age") - (s[0] - a) * s[1]) / (2 * a - s[0])
    assert b / a == pytest.approx(few["age"][VICTIM], rel=1e-6)  # the attack, unguarded
    nine = few.assign(centre=np.arange(N) % 9)
    assert ask(nine, "evaluate", asked)["code"] == "SMALL_CLUSTER"
    assert ask(few.assign(centre=np.arange(N) % 10), "evaluate", asked)["status"] == "ok"


ROLES = ["predictor", "outcome", "weights", "offset", "cluster"]


@pytest.mark.parametrize("step", ["describe", "start", "evaluate"])
@pytest.mark.parametrize("role", ROLES)
def test_r12_denied_columns_in_every_role(role: str, step: str) -> None:
    frame = patients().assign(secret=RNG.permutation(np.arange(N) % 2) + 0.0)
    for spelling in ("secret", " secret "):
        more: dict[str, Any] = {role: spelling} if role not in ("predictor", "outcome") else {}
        if role == "outcome":
            more["outcome"] = OUTCOME | {"column": spelling}
        terms = [spelling] if role == "predictor" else ["age"]
        asked = at(0.0, [0.0], *terms, **more) if step == "evaluate" else opening(*terms, **more)
        for policy in (
            exact(denied_columns=frozenset({"secret"})),
            exact(allowed_columns=frozenset({"age", "y"})),
        ):
            found = ask(frame, step, asked, policy)
            assert refusal(found) == ("COLUMN_DENIED", ["secret"])
    empty = exact(allowed_columns=frozenset())
    assert ask(frame, step, asked, empty)["code"] == "COLUMN_DENIED"


def test_r13_levels_are_not_enumerated() -> None:
    names = patients().assign(arm=[f"patient {k}" for k in range(N)])
    assert refusal(start(names, "arm")) == ("TOO_MANY_LEVELS", ["arm"])
    codebook = {"arm": [f"patient {k}" for k in range(N)]}
    assert start(names, "arm", levels=codebook)["code"] == "TOO_MANY_LEVELS"
    collapse = {"arm": {"low": codebook["arm"][:50], "high": codebook["arm"][50:]}}
    assert start(names, "arm", collapse=collapse)["code"] == "TOO_MANY_LEVELS"
    rare = patients().assign(arm=["a"] * 96 + ["secret"] * 4)
    found = start(rare, "arm")
    assert refusal(found) == ("RARE_LEVEL", ["arm"])
    found = start(rare, "arm", levels={"arm": ["a", "b"]})
    assert refusal(found) == ("UNKNOWN_LEVEL", ["arm"])
    assert "secret" in json.dumps(start(rare, "arm", policy=OPEN))


def test_r15_nothing_of_a_sites_own_fit_leaves() -> None:
    """Off: sums at coefficients that the caller named, at no estimate of the site's."""
    frame = patients()
    silent = ask(frame, "start", opening("age", "bmi"), NO_OWN)
    information = form(silent)
    assert information("Intercept", "Intercept") == N / 4
    assert information("age", "age") == pytest.approx((frame["age"] ** 2).sum() / 4, rel=1e-12)
    open_start = ask(frame, "start", opening("age", "bmi"))
    assert form(open_start)("age", "age") != pytest.approx(information("age", "age"), rel=1e-6)
    wanted = {"meat": True, "grid": None}
    asked = at(0.0, [0.0, 0.0], "age", "bmi", report=wanted)
    own = {"own_sites", "own_weight", "own_shifted", "own_squares", "own_weight_squares"}
    assert own <= set(ask(frame, "evaluate", asked)["sums"]["tallies"])
    assert set(ask(frame, "evaluate", asked, NO_OWN)["sums"]["tallies"]) == {"score"}
    frames = [patients(), patients()]
    with_own, without = run(frames), run(frames, NO_OWN)
    assert with_own["heterogeneity"]
    assert without["heterogeneity"] == []
    assert "NO_HETEROGENEITY" in [warning["code"] for warning in without["warnings"]]
    for one, two in zip(with_own["coefficients"], without["coefficients"], strict=True):
        assert one["estimate"] == pytest.approx(two["estimate"], rel=1e-7)


def test_A07_A18_a_cluster_column_with_one_pair_of_rows() -> None:
    """Attack: robust errors with and without clusters differ by the two rows that share one.

    With residuals r, s and ages a, b the difference is r s (2, a + b, 2 a b): two equations.
    """
    frame = patients().assign(lab=np.arange(N) * 0.125)
    frame.loc[[VICTIM, 30], "lab"] = 99.0
    report = wanted(meat=True)
    asked = at(0.0, [0.0], "age", cluster="lab", report=report)
    assert refusal(ask(frame, "evaluate", asked)) == ("SMALL_CLUSTER", ["lab"])
    meats = [
        form(ask(frame, "evaluate", at(0.0, [0.0], "age", report=report, **more), policy), "meat")
        for more, policy in (({"cluster": "lab"}, replace(EXACT, min_cell=1)), ({}, None))
    ]
    labels = [("Intercept",) * 2, ("Intercept", "age"), ("age", "age")]
    both, mixed, squares = (meats[0](a, b) - meats[1](a, b) for a, b in labels)
    total, product = 2 * mixed / both, squares / both
    ages = np.sort(np.roots([1, -total, product]).real)
    assert ages == pytest.approx(np.sort(frame["age"][[VICTIM, 30]]), rel=1e-6)  # unguarded
    frame.loc[:9, "lab"] = np.arange(10) // 2 + 200.0  # five pairs of rows tell of nobody
    frame.loc[[VICTIM, 30], "lab"] = [300.0, 301.0]
    frame.loc[10, "lab"] = frame["lab"][6]
    assert ask(frame, "evaluate", asked)["status"] == "ok"
