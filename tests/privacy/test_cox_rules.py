"""Every rule that touches the Cox regression: an attack that fails, and succeeds without the rule.

Site steps are called as whoever may create tasks can call them: directly, with any argument.
"""

import json
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest

from v6_clinical.disclosure import Policy
from v6_clinical.errors import SITE_CODES
from v6_clinical.platforms import local
from v6_clinical.registry import load_site
from v6_clinical.site import answer
from v6_clinical.version import __version__
from v6_cox.grid import Exits, at_risk, grid_up_to

SITE = load_site("v6_cox")
OPEN = Policy.open()


def people(n: int = 60, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    time, end = rng.exponential(100, n) * np.exp(-0.5 * x), rng.exponential(200, n)
    return pd.DataFrame(
        {
            "x": x,
            "arm": rng.choice(["A", "B"], n),
            "t": np.minimum(time, end) + 0.123456789,
            "e": (time <= end).astype(int),
            "s": rng.choice(["u", "v"], n),
        }
    )


def opening(*predictors: str, **more: Any) -> dict[str, Any]:
    terms = [{"factors": [{"kind": "column", "column": name}]} for name in predictors or ("x",)]
    model: dict[str, Any] = dict.fromkeys(("weights", "offset", "cluster"))
    model |= {"terms": terms, "intercept": True, "baseline": True}
    model |= {name: {} for name in ("levels", "references", "collapse")}
    survival = {"time": "t", "event": "e", "entry": None, "strata": [], "ties": "efron"}
    strata = [{"column": name, "levels": None, "collapse": {}} for name in more.pop("strata", [])]
    survival["strata"] = strata
    exact = more.pop("exact", False)
    survival |= {name: more.pop(name) for name in list(more) if name in survival}
    return {"model": model | more, "survival": survival, "exact": exact}


def evaluate(slopes: list[float], report: Any = None, **more: Any) -> dict[str, Any]:
    question = more.pop("question", None) or opening(**more)
    extra = {"shift": [0.0] * len(slopes), "slopes": slopes, "times": None, "null": False}
    return question | extra | {"report": report}


def ask(frame: pd.DataFrame, step: str, arguments: Any, policy: Policy | None = None) -> Any:
    message = {"version": __version__, "step": step, "arguments": arguments, "index": 0, "count": 2}
    found = answer(SITE, message, lambda: policy or Policy(), lambda _: frame)
    json.dumps(found, allow_nan=False)
    return found


def refusal(frame: pd.DataFrame, arguments: Any, step: str = "start", **policy: Any) -> str:
    found = ask(frame, step, arguments, Policy(**policy))
    assert set(found) == {"schema", "status", "code", "where"}, found  # A19
    assert found["code"] in SITE_CODES
    return str(found["code"])


def report(**more: Any) -> dict[str, Any]:
    return {"meat": False, "transform": "identity", "grid": None} | more


def test_r1_few_rows() -> None:
    assert refusal(people(9), opening()) == "MIN_ROWS"
    assert ask(people(9), "start", opening(), OPEN)["status"] == "ok"
    assert ask(people().iloc[:0], "start", opening())["status"] == "no_rows"


def test_r4_a_column_that_drops_one_row_A07() -> None:
    """Differencing with and without the column would give the one row's covariates."""
    frame = people().assign(z=people(seed=2)["x"])
    frame.loc[7, "z"] = np.nan
    assert refusal(frame, opening("x", "z")) == "SMALL_CELL"
    sums = [ask(frame, "start", opening(*c), OPEN)["sums"]["tallies"] for c in (("x",), ("x", "z"))]
    gap = sums[0]["column_sum"]["x"] - sums[1]["column_sum"]["x"]
    assert gap == pytest.approx(frame["x"][7], rel=1e-9)  # the attack, unguarded


@pytest.mark.parametrize("count", [1, 4])
def test_r5_a_dummy_of_few_patients_A01_A02(count: int) -> None:
    frame = people().assign(z=0.0)
    frame.loc[: count - 1, "z"] = 1.0
    assert refusal(frame, opening("x", "z")) == "SMALL_CELL"
    found = ask(frame, "evaluate", evaluate([0.0, 0.0], question=opening("x", "z")), OPEN)
    assert found["status"] == "ok"  # the attack, unguarded
    spike = people().assign(z=lambda f: 1e-3 * f["x"])
    spike.loc[0, "z"] = 50.0
    assert refusal(spike, opening("x", "z")) == "SMALL_CELL"


@pytest.mark.parametrize("events", [1, 4, 56, 59])
def test_r6_few_events_or_few_others(events: int) -> None:
    frame = people().assign(e=[1] * events + [0] * (60 - events))
    assert refusal(frame, opening()) == "SMALL_CELL"
    assert ask(frame, "start", opening(), OPEN)["status"] == "ok"


def test_r6_a_site_without_events_contributes_zeros() -> None:
    found = ask(people().assign(e=0), "evaluate", evaluate([0.3]))
    assert found["sums"]["arrays"]["likelihood"]["data"] == [0]
    assert found["sums"]["forms"]["information"]["half"] == [0]


def test_r7_parameters_for_the_rows_A05() -> None:
    """The baseline counts twice: a hazard, and sums weighted by time."""
    assert refusal(people(29), opening()) == "TOO_MANY_PARAMETERS"
    assert ask(people(30), "start", opening())["status"] == "ok"
    assert ask(people(29), "start", opening(), Policy(max_parameters_per_row=0.33))["n"] == 29


def test_r8_strata_clusters_and_weights_of_one_patient_A18() -> None:
    frame = people()
    frame["one"] = ["alone"] + ["rest"] * 59
    frame["w"] = [1e6] + [1.0] * 59
    frame["id"] = ["me"] + ["others"] * 59
    assert refusal(frame, opening(strata=["one"])) == "SMALL_CELL"
    assert refusal(frame, opening(weights="w")) == "BAD_WEIGHT"
    assert refusal(frame, opening(cluster="id")) == "SMALL_CELL"
    for question in ({"strata": ["one"]}, {"weights": "w"}, {"cluster": "id"}):
        assert ask(frame, "start", opening(**question), OPEN)["status"] == "ok"  # unguarded
    frame["s"] = np.where(frame.index < 20, "u", "v")
    frame.loc[frame.index[:20], "e"] = [1] * 4 + [0] * 16
    assert refusal(frame, opening(strata=["s"])) == "SMALL_CELL"


def test_r9_coefficients_aimed_at_one_patient_A03() -> None:
    """With a huge coefficient the mean over the risk set is the covariate of one patient."""
    frame = people()
    at = [10.0]
    assert refusal(frame, evaluate(at), "evaluate") == "COEFFICIENT_RANGE"
    assert refusal(frame, evaluate([1e9]), "evaluate") == "COEFFICIENT_RANGE"
    frame = frame.assign(t=100.0, e=[1] * 30 + [0] * 30)
    found = ask(frame, "evaluate", evaluate(at, ties="breslow"), OPEN)
    score = found["sums"]["tallies"]["score"]["x"]
    mean = frame["x"][:30].mean() - score / 30
    assert abs(mean - frame["x"].max()) < 0.1  # the attack, unguarded
    offset = people().assign(o=lambda f: 40 * (f.index == 3))
    assert refusal(offset, opening(offset="o")) == "SMALL_CELL"


@pytest.mark.parametrize("step", ["describe", "start", "evaluate", "times", "residuals"])
def test_r12_denied_columns_are_never_touched(step: str) -> None:
    question: Any = opening(strata=["s"], exact=step in ("times", "residuals"))
    if step == "evaluate":
        question = evaluate([0.0], question=question)
    if step == "residuals":
        none: dict[str, Any] = {key: [] for key in ("hazard", "own", "mean", "flow")}
        question |= {"shift": [0.0], "slopes": [0.0], "times": [], "own_flow": None} | none
    for name in ("t", "e", "s", "x"):
        denied = {"denied_columns": frozenset({name}), "allow_event_times": True}
        assert refusal(people(), question, step, **denied) == "COLUMN_DENIED"


def test_r13_strata_are_no_identifiers() -> None:
    frame = people().assign(id=[f"p{k}" for k in range(60)])
    assert refusal(frame, opening(strata=["id"])) == "TOO_MANY_LEVELS"
    rare = people().assign(z=["a"] * 58 + ["secret"] * 2)
    assert refusal(rare, opening("z")) == "SMALL_CELL"


def test_r14_event_times_leave_only_where_allowed() -> None:
    question = opening(exact=True)
    for step in ("times", "start", "describe"):
        assert refusal(people(), question, step) == "EVENT_TIMES"
    asked = {"stratum": "", "times": sorted(people()["t"].tolist(), reverse=True)}
    exact = evaluate([0.0], question=question) | {"times": [asked]}
    assert refusal(people(), exact, "evaluate") == "EVENT_TIMES"
    found = ask(people(), "times", question, Policy(allow_event_times=True))
    died = people().query("e == 1")["t"]
    assert set(found["sums"]["tallies"]["times/"]) == {repr(t) for t in died}  # what R14 stops
    frames = [people(seed=k) for k in (1, 2)]
    arguments = {"time": "t", "event": "e", "predictors": ["x"], "baseline": "exact"}
    assert local.run("cox", frames, arguments)["error"]["code"] == "EVENT_TIMES"
    found = local.run("cox", frames, arguments, policy=Policy(allow_event_times=True))
    assert "EVENT_TIMES_SENT" in [warning["code"] for warning in found["warnings"]]


def test_r15_a_site_may_keep_its_own_results() -> None:
    grid = {"digit": 2, "exponent": 1, "count": 10}
    question = evaluate([0.1], report(grid=grid))
    names = {
        allowed: set(
            ask(people(), "evaluate", question, Policy(allow_per_site=allowed))["sums"]["arrays"]
        )
        | set(
            ask(people(), "evaluate", question, Policy(allow_per_site=allowed))["sums"]["tallies"]
        )
        for allowed in (True, False)
    }
    assert {n for n in names[True] if n.startswith(("site", "own"))}
    assert not {n for n in names[False] if n.startswith(("site", "own"))}
    start = ask(people(), "start", opening(), Policy(allow_per_site=False))["sums"]
    assert start["forms"]["curvature"] == start["forms"]["null_information"]
    frames = [people(200, seed=k) for k in (1, 2)]
    arguments = {"time": "t", "event": "e", "predictors": ["x"], "time_horizon": 200}
    found = local.run("cox", frames, arguments, policy=Policy(allow_per_site=False))
    assert found["baseline_hazard"] == found["heterogeneity"] == []
    assert "CURVES_WITHHELD" in [warning["code"] for warning in found["warnings"]]


def seen(exits: Exits) -> list[float]:
    """Return every time that any of many horizons shows."""
    times: set[float] = set()
    for horizon in (*np.geomspace(3, 900, 60), 12, 30, 60, 100, 250, 500, 1000):
        grid = grid_up_to(float(horizon))
        times |= set(grid.times()[at_risk(exits, grid)[0]].tolist())
    return sorted(times)


@pytest.mark.parametrize("seed", range(6))
def test_r2_r11_moved_grids_find_no_small_cell_A08(seed: int) -> None:
    """Attack: curves on many horizons; two times apart by few rows give one patient away."""
    rng = np.random.default_rng(seed)
    frame = people(300, seed)
    enter = np.where(rng.random(300) < 0.3, frame["t"] * rng.random(300), -np.inf)
    dead = frame["e"] == 1
    for min_cell in (5, 1):
        columns = (np.sort(frame["t"][dead]), np.sort(frame["t"][~dead]), np.sort(enter))
        exits = Exits(columns, min_cell, show_ends=False)
        gaps = [b - a for a, b in pairwise(exits.up_to(t) for t in seen(exits))]
        smallest = min(int(count) for gap in gaps for count in gap if count > 0)
        assert (smallest >= 5) == (min_cell == 5)  # with cells of 1 the attack succeeds
        assert len(gaps) > 5


def test_r10_the_last_follow_up_is_not_located_A09() -> None:
    frame = people(300)
    dead = frame["e"] == 1
    columns = (np.sort(frame["t"][dead]), np.sort(frame["t"][~dead]), np.full(300, -np.inf))
    last = frame["t"].max()
    assert max(seen(Exits(columns, 5, show_ends=False))) < np.sort(frame["t"])[-4]
    assert max(seen(Exits(columns, 1, show_ends=True))) > last  # unguarded


def numbers_in(found: Any) -> list[float]:
    sums = found["sums"]
    parts = [entry["data"] for entry in sums["arrays"].values()]
    parts += [list(tally.values()) for tally in sums["tallies"].values()]
    parts += [form["half"] for form in sums["forms"].values()]
    return [float(number) for part in parts for number in part]


def test_no_answer_holds_a_raw_time_or_an_array_as_long_as_the_data_A11() -> None:
    grid = {"digit": 1, "exponent": 1, "count": 30}
    full = report(meat=True, grid=grid)
    questions = {"start": opening("x", "arm"), "evaluate": evaluate([0.1], full, strata=["s"])}
    for policy in (Policy(), OPEN):
        sizes = {}
        for n in (300, 900):
            frame = people(n)
            for step, question in questions.items():
                found = ask(frame, step, question, policy)
                text, numbers = json.dumps(found), numbers_in(found)
                sizes[step, n] = len(numbers)
                lengths = [len(a["data"]) for a in found["sums"]["arrays"].values()]
                assert max(lengths) < min(n, frame["e"].sum())
                assert not set(numbers) & set(frame["t"])
                assert not any(repr(time) in text for time in frame["t"])
        # numbers do not depend on the rows
        assert {sizes[s, 300] - sizes[s, 900] for s in questions} == {0}
    exact = ask(people(), "times", opening(exact=True), OPEN)
    assert any(repr(time) in json.dumps(exact) for time in people()["t"])  # the scan finds them


@pytest.mark.parametrize(("n", "p"), [(30, 1), (40, 2), (50, 3)])
def test_an_honest_fit_sends_far_fewer_numbers_than_covariates_A20(n: int, p: int) -> None:
    """Numerical rank of all answers, extras included, with respect to a site's covariates."""
    rng = np.random.default_rng(n)

    def frame(rows: int) -> pd.DataFrame:
        x = rng.normal(size=(rows, p))
        t, c = rng.exponential(size=rows) * np.exp(-0.4 * x.sum(axis=1)), rng.exponential(2, rows)
        made = pd.DataFrame({f"x{k}": x[:, k] for k in range(p)})
        return made.assign(t=np.minimum(t, c), e=(t <= c).astype(int))

    frames, asked = [frame(n), frame(200)], []

    class Spy:
        name, leaves = SITE.name, SITE.leaves

        @staticmethod
        def record(message: Any) -> Any:
            asked.append(message)

    arguments = {"time": "t", "event": "e", "predictors": [f"x{k}" for k in range(p)]}
    arguments |= {"robust": True, "time_horizon": 2.0}
    original = local.answer
    local.answer = lambda site, message, *rest: (
        Spy.record(message),
        original(site, message, *rest),
    )[1]
    try:
        assert local.run("cox", frames, arguments)["status"] == "completed"
    finally:
        local.answer = original
    asked = [message for message in asked if message["index"] == 0]

    def sent(one: pd.DataFrame) -> Any:
        answers = [answer(SITE, m, Policy, lambda _: one) for m in asked]
        return np.array([number for found in answers for number in numbers_in(found)])

    step, columns = 1e-5, []
    for row in range(n):
        for k in range(p):
            values = []
            for move in (2, 1, -1, -2):
                moved = frames[0].copy()
                moved.iloc[row, k] += move * step
                values.append(sent(moved))
            columns.append((-values[0] + 8 * values[1] - 8 * values[2] + values[3]) / (12 * step))
    jacobian = np.array(columns).T
    size = np.linalg.norm(jacobian, axis=1, keepdims=True)
    jacobian = (jacobian / np.where(size > 1e-6, size, 1.0))[size[:, 0] > 1e-6]
    singular = np.linalg.svd(jacobian, compute_uv=False)
    assert (singular > 1e-7 * singular[0]).sum() < 0.6 * n * p


BAD: list[Any] = [None, [], {}, "x", 3, {"model": 1}, opening() | {"V6C_MIN_ROWS": 1}]


@pytest.mark.parametrize(
    "step", ["describe", "times", "start", "evaluate", "residuals", "no", None]
)
@pytest.mark.parametrize("arguments", BAD, ids=range(len(BAD)))
def test_odd_questions_are_refused_without_numbers_A15_A19(step: Any, arguments: Any) -> None:
    assert refusal(people(), arguments, step) in ("BAD_REQUEST", "BAD_STEP", "EVENT_TIMES")


@pytest.mark.parametrize(
    "change",
    [
        {"intercept": False},
        {"baseline": False},
        {"weights": "t"},
        {"offset": "e"},
        {"cluster": "t"},
    ],
)
def test_one_role_a_column_and_one_kind_of_model(change: dict[str, Any]) -> None:
    question = opening()
    question["model"] |= change
    assert refusal(people(), question) == "BAD_REQUEST"
