"""Whoever may create a task sends a site a megabyte: it costs the site little."""

from __future__ import annotations

import copy
import json
import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from helpers.fault_runs import ANALYSES
from helpers.policies import EXACT
from helpers.three_sites import REQUESTS, good
from v6_clinical.disclosure import Policy
from v6_clinical.platforms import local
from v6_clinical.protocol.registry import face_of, load_central, load_site
from v6_clinical.protocol.site import answer
from v6_clinical.version import __version__

MEGABYTE = 2**20
SECONDS, MEBIBYTES = 1.0, 100.0
FRAME = pd.concat([good(k) for k in range(10)], ignore_index=True)


def cost(
    analysis: str, step: str, arguments: Any, *, traced: bool = True
) -> tuple[dict[str, Any], float, float]:
    """Return a site's answer, its seconds of CPU and, where that is traced, the MiB it took."""
    message = {"version": __version__, "step": step, "arguments": arguments}
    text = json.dumps(message | {"index": 0, "count": 2}, separators=(",", ":"))
    assert len(text) <= 1.05 * MEGABYTE
    question, site = json.loads(text), load_site(face_of(analysis).package)
    begun = time.process_time()
    found = answer(site, question, Policy, lambda _: FRAME)
    seconds = time.process_time() - begun
    if not traced:
        return found, seconds, 0.0
    tracemalloc.start()
    answer(site, question, Policy, lambda _: FRAME)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found, seconds, peak / MEGABYTE


def cheap(analysis: str, step: str, arguments: Any) -> None:
    """Check that a question costs little, answered or refused."""
    found, seconds, mebibytes = cost(analysis, step, arguments)
    assert found.get("code") != "INTERNAL"
    assert seconds < SECONDS
    assert mebibytes < MEBIBYTES


def opening(analysis: str) -> tuple[str, dict[str, Any]]:
    """Return the first question of an analysis."""
    central = load_central(analysis)
    ask = next(central.analyse(central.request(**REQUESTS[analysis])))
    return ask.step, json.loads(json.dumps(ask.arguments))


def levels(columns: int, labels: int) -> dict[str, list[str]]:
    return {f"c{k}": [f"s{j}" for j in range(labels)] for k in range(columns)}


def _nested(depth: int) -> Any:
    return [_nested(depth - 1)] if depth else 1


def in_model(**parts: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda question: question["model"].update(parts)


COLUMN = {"kind": "column", "column": "age"}
LARGE: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a term very often": in_model(terms=[{"factors": [COLUMN]}] * 15_000),
    "very many columns": in_model(
        terms=[{"factors": [COLUMN | {"column": f"x{k}"}]} for k in range(14_000)]
    ),
    "very many factors": in_model(terms=[{"factors": [COLUMN] * 20_000}]),
    "a codebook": in_model(levels=levels(900, 150)),
    "merged levels": in_model(collapse={"stage": levels(900, 150)}),
    "a codebook twice": lambda question: question["model"].update(
        levels=levels(900, 70), codebook=levels(900, 70)
    ),
    "a codebook of other levels": in_model(levels={}, codebook=levels(900, 150)),
    "brackets": in_model(terms=[_nested(400)] * 1000),
    "a long name": in_model(weights="x" * 1_000_000),
}


@pytest.mark.parametrize("analysis", [name for name in ANALYSES if name != "summary"])
@pytest.mark.parametrize("kind", LARGE)
def test_a_large_model_costs_a_site_little_F16(analysis: str, kind: str) -> None:
    step, question = opening(analysis)
    changed = copy.deepcopy(question)
    LARGE[kind](changed)
    cheap(analysis, step, changed)


@pytest.mark.parametrize("analysis", ANALYSES)
def test_many_unknown_fields_cost_a_site_little_F16(analysis: str) -> None:
    step, question = opening(analysis)
    cheap(analysis, step, question | {f"f{k}": 1 for k in range(20_000)})


def window(level: int, first: int, count: int, **more: Any) -> dict[str, Any]:
    points = {"level": level, "first": first, "last": first + count - 1}
    return {"name": "age", "group": None, "window": points} | more


# Points around the ages of the rows, and so deep that float64 hardly tells them apart.
WINDOWS: dict[str, list[dict[str, Any]]] = {
    "very many points": [window(-8, 10_000, 20_000, group=0)] * 200,
    "as many points as may be": [window(-8, 10_000, 19_900, group=0)] * 15,
    "as many points as may be, of all rows": [window(-8, 10_000, 14_900)] * 5,
    "very many windows": [window(-8, 15_000 + k % 1000, 1, group=k % 3) for k in range(14_000)],
    "as many windows as may be": [window(-8, 15_000 + k, 99, group=k % 3) for k in range(1_000)],
    "deep windows": [window(-45, 60 * 2**45 + k, 99, group=k % 3) for k in range(1_000)],
}
STAGES = {"name": "stage", "levels": ["I", "II", "III"], "collapse": {}}


@pytest.mark.skipif("summary" not in ANALYSES, reason="an image of another analysis")
@pytest.mark.parametrize("kind", WINDOWS)
@pytest.mark.parametrize("step", ["tabulate", "refine"])
def test_windows_cost_a_site_little_F16(kind: str, step: str) -> None:
    """All points of one question are capped together, and so are its curves."""
    found, seconds, mebibytes = cost(
        "summary", step, asking_for(step, WINDOWS[kind]), traced="points" in kind
    )
    assert found["status"] == ("refused" if kind.startswith("very") else "ok")
    assert found.get("code") in (None, "BAD_REQUEST")
    assert seconds < SECONDS
    assert mebibytes < MEBIBYTES


def asking_for(step: str, windows: list[dict[str, Any]]) -> dict[str, Any]:
    if step == "refine":
        return {"names": ["age", "stage"], "windows": windows, "group": STAGES}
    numeric = [{"name": "age", "shift": 60.0, "window": window(-1, 100, 60)["window"]}]
    asked = {"numeric": numeric, "categorical": [], "group": STAGES, "finer": windows}
    return asked | {"correlation": False, "per_site": False}


@pytest.mark.skipif("summary" not in ANALYSES, reason="an image of another analysis")
@pytest.mark.parametrize("part", ["levels", "collapse"])
@pytest.mark.parametrize("step", ["describe", "tabulate", "refine"])
def test_a_large_opening_costs_a_site_little_F16(step: str, part: str) -> None:
    """What a later question says of the first: compared by names, not by pairs of them."""
    codebook = levels(900, 150) if part == "levels" else {"stage": levels(900, 150)}
    opening = {"names": ["age", "stage"], "group_by": "stage", "levels": {}, "collapse": {}}
    opening[part] = codebook
    asked = asking_for(step, [window(0, 50, 9)]) | {"opening": opening}
    cheap("summary", step, opening if step == "describe" else asked)


LISTED = Policy(allowed_requests=frozenset({"0" * 64}))


@pytest.mark.parametrize("analysis", [name for name in ANALYSES if name != "summary"])
def test_a_large_model_costs_little_where_requests_are_listed_F16(analysis: str) -> None:
    """The question is then read once more, and written for its digest."""
    step, question = opening(analysis)
    LARGE["a codebook twice"](question)
    LARGE["very many columns"](question)
    question["model"]["terms"] = question["model"]["terms"][:200]
    message = {"version": __version__, "step": step, "arguments": question, "index": 0, "count": 2}
    begun = time.process_time()
    found = answer(load_site(face_of(analysis).package), message, lambda: LISTED, lambda _: FRAME)
    assert time.process_time() - begun < SECONDS
    assert found["code"] == "REQUEST_NOT_ALLOWED"


@pytest.mark.skipif("summary" not in ANALYSES, reason="an image of another analysis")
def test_grids_of_very_many_groups_are_not_made_F16() -> None:
    """A thousand groups of a grid of 20,000 points would be 40 million numbers."""
    grid = {"name": "age", "shift": 60.0, "window": window(-8, 10_000, 20_000)["window"]}
    groups = STAGES | {"levels": ["I", "II", "III", *(f"s{k}" for k in range(997))]}
    asked = asking_for("tabulate", []) | {"numeric": [grid], "group": groups}
    found, seconds, mebibytes = cost("summary", "tabulate", asked)
    assert found["code"] == "BAD_REQUEST"
    assert seconds < 0.1
    assert mebibytes < 10


@pytest.mark.skipif("summary" not in ANALYSES, reason="an image of another analysis")
def test_control_windows_without_a_cap_cost_much_F16(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of what a megabyte could ask for."""
    monkeypatch.setattr("v6_summary.questions.MOST_TOGETHER", 10**9)
    asked = asking_for("refine", [window(-8, 10_000, 20_000, group=0)] * 100)
    found, _, _ = cost("summary", "refine", asked, traced=False)
    numbers = sum(len(array["data"]) for array in found["sums"]["arrays"].values())
    assert numbers * (sys.getsizeof(1) + 8) > MEBIBYTES * MEGABYTE  # Python's, in a list


@pytest.mark.skipif("summary" not in ANALYSES, reason="an image of another analysis")
def test_a_large_summary_stays_within_the_cap_F16(monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not go into one question goes into the next: nothing is refused."""
    request = REQUESTS["summary"] | {"columns": ["age", "bmi", "o"], "group_by": "stage"}
    frames = [good(k) for k in (1, 2, 3)]
    plain = local.run("summary", frames, request, policy=EXACT)
    monkeypatch.setattr("v6_summary.questions.MOST_CURVES", 12)
    monkeypatch.setattr("v6_summary.questions.MOST_TOGETHER", 8_000)
    found = local.run("summary", frames, request, policy=EXACT)
    assert found["status"] == "completed"
    for ours, whole in zip(found["numeric"], plain["numeric"], strict=True):
        assert ours["median_low"] <= whole["median_low"] <= whole["median_high"]
        assert whole["median_high"] <= ours["median_high"]
