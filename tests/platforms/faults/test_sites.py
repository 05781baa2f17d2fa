"""Sites that crash, fall silent, lie, refuse or change: never two sites' sum for three sites'."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.failing_server import NEVER, Fault
from helpers.fault_runs import ANALYSES, REQUESTS, completed, ended, frames, run
from helpers.policies import exact
from helpers.three_sites import digits
from helpers.three_sites import pooled as pooled_rows
from v6_clinical.platforms import local
from v6_clinical.version import SCHEMA

ALL = pytest.mark.parametrize("analysis", ANALYSES)
# The last round that each fit below has: the summary refines once.
LAST = {"summary": 3, "logistic": 4, "cox": 4, "glm": 4}


def at(site: int, fault: Fault, number: int | None = None) -> Any:
    """Let one site fail, in every round or in one."""
    return lambda s, n, message: fault if s == site and number in (None, n) else None


def pooled(analysis: str, sites: list[pd.DataFrame], **more: Any) -> dict[str, Any]:
    """Return the answer to the request of these tests on all rows in one place."""
    return pooled_rows(analysis, sites, **(REQUESTS[analysis] | more))


def refusal(code: str, *where: str) -> Any:
    found = {"schema": SCHEMA, "status": "refused", "code": code, "where": list(where)}
    return lambda honest: found


@ALL
@pytest.mark.parametrize("status", ["failed", "crashed", "no docker image", "not allowed"])
@pytest.mark.parametrize("polls", [0, 5])
def test_a_site_crashes_before_or_after_the_others_F01(
    analysis: str, status: str, polls: int
) -> None:
    ended(run(analysis, at(20, Fault(status, polls=polls))), "SITE_FAILED", [20])


@ALL
def test_exclude_goes_on_without_sites_that_refuse_F02(analysis: str) -> None:
    """The rounds so far hold the site's rows: it begins again, and equals the others pooled."""
    for number in (1, 2, LAST[analysis]):
        fault = Fault(change=refusal("FEW_INCOMPLETE", "age"))
        found = run(analysis, at(20, fault, number), on_refusal="exclude")
        expected = digits(pooled(analysis, [frames()[0], frames()[2]]))
        assert completed(found, [10, 30]) == pytest.approx(expected, rel=1e-7)
        left_out = found.result["sites"][-1]
        assert (left_out["organization_id"], left_out["code"]) == (20, "FEW_INCOMPLETE")
        assert "SITE_EXCLUDED" in [w["code"] for w in found.result["warnings"]]


@ALL
def test_exclude_is_no_cure_for_a_site_that_fails_F02(analysis: str) -> None:
    """A crash is no refusal: whoever set the analysis up must know."""
    ended(run(analysis, at(20, Fault("crashed")), on_refusal="exclude"), "SITE_FAILED", [20])


@ALL
def test_a_silent_site_is_named_at_the_deadline_F03(analysis: str) -> None:
    for number in (1, 2):
        done = run(analysis, at(30, Fault(polls=NEVER), number), round_seconds=0.3)
        ended(done, "SITE_TIMEOUT", [30])


@ALL
def test_a_failure_and_a_silence_are_both_named_F01_F03(analysis: str) -> None:
    faults = {10: Fault(polls=NEVER), 30: Fault("crashed")}
    done = run(analysis, lambda site, n, message: faults.get(site), round_seconds=0.3)
    ended(done, "SITE_FAILED", [30, 10])
    assert "organisation 10" in done.result["error"]["message"]


def put(value: Any, *path: str) -> Any:
    """Replace a part of an answer."""

    def change(found: Any) -> Any:
        target = found
        for part in path[:-1]:
            target = target[part]
        target[path[-1]] = value
        return found

    return change


def each(part: str, spoil: Any) -> Any:
    """Spoil every array, tally or form of an answer."""

    def change(found: Any) -> Any:
        for entry in found["sums"][part].values():
            spoil(entry)
        return found

    return change


def shorten(entry: Any) -> None:
    entry["data"].append(1)
    entry["shape"] = [len(entry["data"])]


BAD_ANSWERS = {
    "empty": lambda found: "",
    "null": lambda found: None,
    "no object": lambda found: [],
    "text": lambda found: "done",
    "an empty object": lambda found: {},
    "truncated": lambda found: str(found).replace("'", '"')[:200],
    "another schema": put("v6-clinical/0", "schema"),
    "no schema": lambda found: {k: v for k, v in found.items() if k != "schema"},
    "another status": put("fine", "status"),
    "text for n": put("90", "n"),
    "negative n": put(-1, "n"),
    "true for n": put(True, "n"),
    "no sums": put({}, "sums"),
    "null for sums": put(None, "sums"),
    "null for arrays": put(None, "sums", "arrays"),
    "a fourth kind of sums": lambda f: f | {"sums": f["sums"] | {"more": {}}},
    "too few numbers": put({"shape": [5], "data": [1]}, "sums", "arrays", "rows"),
    "a negative shape": put({"shape": [-1], "data": [1]}, "sums", "arrays", "rows"),
    "NaN": put({"shape": [1], "data": [float("nan")]}, "sums", "arrays", "rows"),
    "infinity": put({"shape": [1], "data": [float("inf")]}, "sums", "arrays", "rows"),
    "text for a number": put({"a": "1"}, "sums", "tallies", "x"),
    "true for a number": put({"a": True}, "sums", "tallies", "x"),
    "a label twice": put({"labels": ["a", "a"], "half": [1, 1, 1]}, "sums", "forms", "x"),
    "half a form": put({"labels": ["a", "b"], "half": [1, 1]}, "sums", "forms", "x"),
    "an unknown refusal": lambda f: {"status": "refused", "code": "NO_SUCH_CODE"},
    "arrays of another shape": each("arrays", shorten),
    "nothing in it": put({"arrays": {}, "tallies": {}, "forms": {}}, "sums"),
}


@ALL
@pytest.mark.parametrize("number", [pytest.param(1, marks=pytest.mark.repeats), 2])
@pytest.mark.parametrize("kind", BAD_ANSWERS)
def test_bad_answers_are_never_summed_F04(analysis: str, number: int, kind: str) -> None:
    ended(run(analysis, at(20, Fault(change=BAD_ANSWERS[kind]), number)), "BAD_ANSWER")


@pytest.mark.skipif("summary" not in ANALYSES, reason="the summary is not in this image")
@pytest.mark.parametrize("cell", ["", "1", "low high", "1,5 2", "2 1", "nan 1"])
def test_cells_that_are_no_two_bounds_F04(cell: str) -> None:
    fault = Fault(change=put({cell: 9.0}, "sums", "tallies", "cells/0"))
    ended(run("summary", at(20, fault, 1)), "BAD_ANSWER")


@ALL
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_part_left_out_is_not_taken_for_zero_F04(analysis: str, number: int) -> None:
    """Each array, tally and form of an answer in turn: an error, or the same digits."""
    plain = run(analysis)
    names: list[tuple[str, str]] = []

    def note(found: Any) -> Any:
        names.extend((kind, name) for kind in found["sums"] for name in found["sums"][kind])
        return found

    run(analysis, at(20, Fault(change=note), number))
    for kind, name in names:

        def drop(found: Any, kind: str = kind, name: str = name) -> Any:
            del found["sums"][kind][name]
            return found

        done = run(analysis, at(20, Fault(change=drop), number))
        if done.result["status"] == "completed":
            # whole tables may be missing: no number is made of two sites
            assert completed(done) == pytest.approx(completed(plain), rel=1e-6), name
        else:
            assert done.result["error"]["code"] in ("BAD_ANSWER", "DATA_CHANGED", "NOT_CONVERGED")


@ALL
def test_the_order_of_answers_is_of_no_account_F05(analysis: str) -> None:
    plain = run(analysis).result
    slow = {10: 9, 20: 1, 30: 4}
    other = run(analysis, lambda site, number, m: Fault(polls=slow[site] * (1 + number % 2)))
    assert other.result == plain


@ALL
def test_an_answer_that_is_listed_twice_counts_once_F05(analysis: str) -> None:
    plain = run(analysis).result
    assert run(analysis, at(20, Fault(copies=2))).result == plain


@ALL
def test_another_version_at_a_site_is_refused_F04(analysis: str) -> None:
    done = run(analysis, at(20, Fault(change=refusal("VERSION"))))
    ended(done, "VERSION", [20])
    assert done.result["status"] == "refused"


def changing(number: int, change: Any) -> tuple[list[pd.DataFrame], Any]:
    """Return frames, and faults that change the second site's data before round ``number``."""
    sites = frames()

    def faults(site: int, n: int, message: Any) -> None:
        if site == 10 and n == number:
            sites[1] = change(sites[1].copy())

    return sites, faults


@ALL
@pytest.mark.parametrize("number", [2, 3])
def test_fewer_rows_in_a_later_round_F08(analysis: str, number: int) -> None:
    sites, faults = changing(number, lambda frame: frame.iloc[:-1])
    ended(run(analysis, faults, sites), "DATA_CHANGED", [20])


@pytest.mark.parametrize("analysis", [name for name in ANALYSES if name != "glm"])
def test_another_value_in_a_later_round_F08(analysis: str) -> None:
    """With the same number of rows: noticed by counts that were sent before."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        frame.loc[3, "age"] += 5
        frame.loc[3, "y"] = 1 - frame.loc[3, "y"]
        return frame

    sites, faults = changing(2, change)
    ended(run(analysis, faults, sites), "DATA_CHANGED")


@ALL
@pytest.mark.parametrize("what", ["crash", "refusal", "silence"])
def test_failure_in_the_last_round_only_F09(analysis: str, what: str) -> None:
    """Round 4 of the fits, round 3 of the summary, which has no more."""
    fault, code = {
        "crash": (Fault("crashed"), "SITE_FAILED"),
        "refusal": (Fault(change=refusal("MIN_ROWS")), "MIN_ROWS"),
        "silence": (Fault(polls=NEVER), "SITE_TIMEOUT"),
    }[what]
    number = LAST[analysis]
    done = run(analysis, at(20, fault, number), round_seconds=0.5 if what == "silence" else 20)
    ended(done, code, [20])
    assert len(done.result["ledger"]) == number - (what != "refusal")


@ALL
@pytest.mark.parametrize("on_refusal", ["fail", "exclude"])
def test_all_refuse_F10(analysis: str, on_refusal: str) -> None:
    fault = Fault(change=refusal("COLUMN_DENIED", "age"))
    done = run(analysis, lambda site, n, message: fault, on_refusal=on_refusal)
    code = "COLUMN_DENIED" if on_refusal == "fail" else "TOO_FEW_SITES"
    ended(done, code, [10, 20, 30])
    assert len(done.result["ledger"]) == 1


@ALL
def test_all_but_one_refuse_F10(analysis: str) -> None:
    """One site's numbers are no pooled result."""
    fault = Fault(change=refusal("MIN_ROWS"))
    done = run(
        analysis, lambda site, n, message: fault if site > 10 else None, on_refusal="exclude"
    )
    ended(done, "TOO_FEW_SITES", [20, 30])


def wide(k: int, rows: int, columns: int) -> pd.DataFrame:
    rng = np.random.default_rng(100 + k)
    values = rng.normal(size=(rows, columns))
    lean = values[:, :5].sum(axis=1) * 0.2
    table = pd.DataFrame(values, columns=[f"x{j}" for j in range(columns)])
    event = (rng.random(rows) < 1 / (1 + np.exp(-lean))).astype(int)
    return table.assign(y=event, t=rng.exponential(10, rows) * np.exp(-lean), stage="I")


@pytest.mark.parametrize(
    "analysis",
    # fifty sites of logistic regression are in the test below, too, and glm is of the same code
    [pytest.param(a, marks=[pytest.mark.repeats] * (a in ("glm", "logistic"))) for a in ANALYSES],
)
def test_fifty_sites_and_fifty_columns_F11(analysis: str) -> None:
    """The digits of the pooled rows, with as few rows as the loosest limit on parameters takes."""
    sites = [wide(k, 160, 50) for k in range(50)]
    names = [f"x{j}" for j in range(50)]
    more = {"columns": names} if analysis == "summary" else {"predictors": names}
    policy = exact(max_parameters_per_row=0.33)
    found = local.run(analysis, sites, REQUESTS[analysis] | more, policy=policy)
    expected = digits(pooled(analysis, sites, **more))
    assert digits(found) == pytest.approx(expected, rel=1e-7, abs=1e-9)
    assert [site["organization_id"] for site in found["sites"]] == list(range(1, 51))


@pytest.mark.skipif("logistic" not in ANALYSES, reason="an image of another analysis")
def test_fifty_sites_over_the_server_F11() -> None:
    sites = [wide(k, 60, 2) for k in range(50)]
    done = run("logistic", sites=sites, predictors=["x0", "x1"])
    expected = digits(pooled("logistic", sites, predictors=["x0", "x1"]))
    assert completed(done, range(10, 510, 10)) == pytest.approx(expected, rel=1e-7)
    assert len(done.server.tasks) == 50 * len(done.result["ledger"])
