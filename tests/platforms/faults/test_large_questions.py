"""Whoever may create a task sends a site a megabyte: it costs the site little."""

from __future__ import annotations

import copy
import json
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from platforms.bad_inputs.three_sites import REQUESTS, good
from platforms.faults.analyses import ANALYSES
from v6_clinical.disclosure import Policy
from v6_clinical.protocol.registry import face_of, load_central, load_site
from v6_clinical.protocol.site import answer
from v6_clinical.version import __version__

MEGABYTE = 2**20
SECONDS, MEBIBYTES = 1.0, 100.0
FRAME = pd.concat([good(k) for k in range(10)], ignore_index=True)


def cost(analysis: str, step: str, arguments: Any) -> tuple[dict[str, Any], float, float]:
    """Return a site's answer, its seconds of CPU and the MiB that it took."""
    message = {"version": __version__, "step": step, "arguments": arguments}
    text = json.dumps(message | {"index": 0, "count": 2}, separators=(",", ":"))
    assert len(text) <= 1.05 * MEGABYTE
    question, site = json.loads(text), load_site(face_of(analysis).package)
    begun = time.process_time()
    found = answer(site, question, Policy, lambda _: FRAME)
    seconds = time.process_time() - begun
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
    cheap(analysis, step, question | {f"f{k}": 1 for k in range(60_000)})
