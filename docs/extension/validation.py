"""Our numbers beside R's, fitted while the site is built: nothing here is typed by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from helpers.reference_cases import Case, load, sites
from v6_clinical.disclosure import Policy
from v6_clinical.platforms import local

from .tables import markdown

HEAD = ["model", "R, on the pooled rows", "rounds"]
GAPS = ["estimates / standard errors", "standard errors", "log-likelihood"]


def table(analysis: str) -> str:
    """Return the largest difference from R of each reference case, over all its splits.

    Every fit runs in process under an open policy; numbers of R are those of ``tests/reference``.
    """
    if analysis == "summary":
        return _summary()
    rows = []
    for case in load(analysis):
        if "error" not in case.expected:
            for request, expected in _variants(case):
                rows.append(_fits(analysis, case, request, expected))
    return markdown([*HEAD, *GAPS], rows)


def _variants(case: Case) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Give request, and R's numbers by split; a Cox model is fitted with both baselines."""
    if "site" not in case.expected:
        yield case.request, dict.fromkeys(case.splits, case.expected)
        return
    yield case.request, case.expected["site"]
    exact = dict.fromkeys(case.splits, case.expected["exact"])
    yield case.request | {"baseline": "exact"}, exact


def _fits(
    analysis: str, case: Case, request: dict[str, Any], expected: dict[str, Any]
) -> list[str]:
    gaps, rounds = [], []
    for split in case.splits:
        found = _run(analysis, case, split, request)
        gaps.append(_gaps(found, expected[split]))
        rounds.append(found["fit"][0]["rounds"])
    largest = np.max(gaps, axis=0)
    spread = str(min(rounds)) if len(set(rounds)) == 1 else f"{min(rounds)} to {max(rounds)}"
    call = case.r_call.replace(", control = exact", "")
    if analysis == "cox" and "baseline" not in request:
        call = re.sub(r", (data|subset)", r" + strata(site), \1", call, count=1)
    return [_name(case), f"`{call}`", spread, *(f"{gap:.0e}" for gap in largest)]


def _name(case: Case) -> str:
    """Return the case's name and its splits, with places to break a line."""
    splits = ",\u00a0".join(split.replace("_", " ") for split in case.splits)
    return f"{case.id.replace('_', ' ')} ({splits})"


def _gaps(found: dict[str, Any], expected: dict[str, Any]) -> tuple[float, float, float]:
    """Return the largest differences of estimates (in standard errors), of those, of l."""
    errors = np.array(expected["std_error"])
    estimates = np.array([row["estimate"] for row in found["coefficients"]])
    ours = np.array([row["std_error"] for row in found["coefficients"]])
    likelihood = expected["log_likelihood"]
    return (
        float(np.abs((estimates - expected["estimate"]) / errors).max()),
        float(np.abs(ours / errors - 1).max()),
        abs(found["fit"][0]["log_likelihood"] / likelihood - 1),
    )


def _run(analysis: str, case: Case, split: str, request: dict[str, Any]) -> dict[str, Any]:
    frames = sites(case.data, split)
    found = local.run(analysis, frames, request, policy=Policy.open(), minimum_sites=1)
    if found["status"] != "completed":
        raise RuntimeError(f"{case.id}, split {split}: {found['error']}")
    return found


_TABLES = {
    "numeric": (("variable", "group"), ("mean", "sd", "skewness", "kurtosis")),
    "categorical": (("variable", "level", "group"), ("count",)),
    "comparison": (("variable", "test"), ("statistic", "df")),
    "correlation": (("variable_1", "variable_2"), ("r",)),
}


def _summary() -> str:
    rows = []
    for case in load("table_one"):
        largest = dict.fromkeys(_TABLES, 0.0)
        for split in case.splits:
            found = _run("summary", case, split, case.request)
            for name in _TABLES:
                largest[name] = max(largest[name], _largest(name, found, case.expected))
        rows.append([_name(case), *(f"{gap:.0e}" for gap in largest.values())])
    return markdown(["data", "moments", "counts", "test statistics", "correlations"], rows)


def _largest(table_name: str, found: dict[str, Any], expected: dict[str, Any]) -> float:
    """Return the largest difference of one table: relative, or absolute for numbers below one."""
    keys, numbers = _TABLES[table_name]
    ours = {tuple(row[key] for key in keys): row for row in found[table_name]}
    theirs = {tuple(row[key] for key in keys): row for row in expected[table_name]}
    gaps = (
        abs(ours[key][number] - row[number]) / max(1.0, abs(row[number]))
        for key, row in theirs.items()
        for number in numbers
        if row[number] is not None and ours[key][number] is not None  # of ranks: bounds
    )
    return float(max(gaps))
