"""Ours beside the peers on the same rows: seconds in turn, and digits of the answers."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import numpy as np
import pandas as pd

from bench import long_digits
from bench.benchmark_cases import Case
from bench.peers import PYTHON, STRATIFIED, Measured, missing, with_r
from bench.site_processes import Sites
from helpers.policies import EXACT
from v6_clinical.numerics.arrays import Array
from v6_clinical.platforms import local


def compare(case: Case) -> dict[str, Any]:
    """Measure a case with its peers."""
    frames = case.frames()
    whole = pd.concat([frame.assign(site=k) for k, frame in enumerate(frames)], ignore_index=True)
    left_out = {peer: why for peer in case.peers if (why := missing(peer)) is not None}
    peers = [peer for peer in case.peers if peer not in left_out]
    found = {"ours": Measured()} | {peer: Measured() for peer in peers}
    few = [frame.head(1000) for frame in frames]  # imports are not what is measured
    local.run(case.analysis, few, case.arguments, minimum_sites=min(case.sites, 2), policy=EXACT)
    with closing(Sites(case, frames)) as sites:
        for peer in (peer for peer in peers if peer in PYTHON):
            PYTHON[peer](whole.head(1000), case.columns)
        for _ in range(case.repeats):
            found["ours"].run(lambda: answers(sites.run()), sites.seconds)
            for peer in (peer for peer in peers if peer in PYTHON):
                found[peer].run(lambda peer=peer: PYTHON[peer](whole, case.columns))
    for peer in (peer for peer in peers if peer not in PYTHON):
        found[peer] = with_r(whole, peer, case.repeats)
    return {
        "analysis": case.analysis,
        "rows": case.rows,
        "predictors": case.predictors,
        "sites": case.sites,
        "left_out": left_out,
        "tools": _lines(case, whole, found),
    }


def answers(found: dict[str, Any]) -> tuple[Array, Array]:
    """Return estimates and standard errors of a result, means and deviations of a summary."""
    if found["status"] != "completed":
        raise RuntimeError(found["error"])
    summary = found["analysis"] == "summary"
    rows = found["numeric"] if summary else found["coefficients"]
    names = ("mean", "sd") if summary else ("estimate", "std_error")
    first, second = (np.array([row[name] for row in rows]) for name in names)
    return first, second


def truth(case: Case, whole: pd.DataFrame, start: Array, *, strata: bool) -> tuple[Array, Array]:
    """Return the reference; ``strata`` for a Cox regression with a baseline at each site."""
    columns = whole[case.columns].to_numpy()
    if case.analysis == "summary":
        return long_digits.moments(columns)
    if case.analysis == "logistic":
        design = np.column_stack([np.ones(len(whole)), columns])
        return long_digits.logistic(design, whole["y"].to_numpy(), start)
    site = whole["site"].to_numpy() if strata else None
    return long_digits.cox(columns, whole["t"].to_numpy(), whole["e"].to_numpy(), site, start)


def _lines(case: Case, whole: pd.DataFrame, found: dict[str, Measured]) -> list[dict[str, Any]]:
    start = found["ours"].estimates
    if start is None:
        raise RuntimeError("ours did not run")
    kinds = {peer in STRATIFIED for peer in found} if case.analysis == "cox" else {True}
    true = {strata: truth(case, whole, start, strata=strata) for strata in kinds}
    lines = []
    for peer, measured in found.items():
        estimates, errors = true[peer in STRATIFIED if case.analysis == "cox" else True]
        near = None if measured.errors is None else long_digits.digits(measured.errors, errors)
        lines.append(
            {
                "tool": peer,
                "seconds": measured.seconds,
                "cpu": measured.cpu,
                "digits": long_digits.digits(measured.estimates, estimates),
                "digits_errors": near,
            }
        )
    return lines
