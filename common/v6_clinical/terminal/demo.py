"""The demo: a real trial over three hospitals, federated beside the pooled answer."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from v6_clinical.platforms import local
from v6_clinical.terminal.render.cox import cox
from v6_clinical.terminal.render.logistic import logistic
from v6_clinical.terminal.render.summary import summary
from v6_clinical.terminal.render.text import table

if TYPE_CHECKING:
    import pandas as pd

ARGUMENTS: dict[str, Any] = {
    "columns": ["age", "tsize", "pnodes", "menostat", "tgrade"],
    "group_by": "horTh",
}
MODEL: dict[str, Any] = {
    "outcome": "cens",
    "predictors": ["age", "tsize", "pnodes", "horTh"],
}
SHARES = (0.6, 0.85)  # hospitals of 60 %, 25 % and 15 % of the patients


def hospitals() -> list[pd.DataFrame]:
    """Return the German Breast Cancer Study Group's patients, split unevenly over three sites."""
    from lifelines.datasets import load_gbsg2

    pooled = load_gbsg2()
    order = np.random.default_rng(2026).permutation(len(pooled))
    cuts = [0, *(round(share * len(pooled)) for share in SHARES), len(pooled)]
    return [pooled.iloc[order[a:b]].reset_index(drop=True) for a, b in pairwise(cuts)]


def run_demo() -> bool:
    """Print the federated and the pooled table and their largest difference; tell if they agree."""
    import pandas as pd

    sites = hospitals()
    print("German Breast Cancer Study Group, hormone therapy yes/no; hospitals of", end=" ")  # noqa: T201
    print(", ".join(str(len(site)) for site in sites), "patients. Shipped limits.\n")  # noqa: T201
    result = local.run("summary", sites, ARGUMENTS, progress=_progress)
    summary(result)
    mock = _through_vantage6(sites)
    pooled = pd.concat(sites, ignore_index=True)
    compared = list(_beside(result, mock, pooled))
    columns = ["number", "local platform", "vantage6 mock", "pandas/scipy, pooled", "difference"]
    rows = [[name, *(f"{v:.10g}" for v in (a, b, c)), f"{d:.1e}"] for name, a, b, c, d in compared]
    table("Federated beside pooled", columns, rows)
    largest = max(row[4] for row in compared)
    print(f"largest relative difference: {largest:.1e} over {len(compared)} numbers")  # noqa: T201
    same = result["status"] == mock["status"] == "completed" and largest < 1e-10
    return bool(same) and _logistic(sites, pooled) and _cox(sites)


def _logistic(sites: list[pd.DataFrame], pooled: pd.DataFrame) -> bool:
    """Print the odds ratios of a relapse or death beside those of statsmodels; tell if equal."""
    import statsmodels.api as sm

    print("\nRelapse or death within the follow-up.\n")  # noqa: T201
    result = local.run("logistic", sites, MODEL, progress=_progress)
    logistic(result)
    if result["status"] != "completed":
        return False
    design = pooled[["age", "tsize", "pnodes"]].assign(horTh=pooled["horTh"] == "yes")
    theirs = sm.Logit(pooled["cens"], sm.add_constant(design.astype(float))).fit(disp=0, tol=1e-12)
    return _coefficients_beside(result, list(theirs.params), "statsmodels, pooled", 1e-7)


def _cox(sites: list[pd.DataFrame]) -> bool:
    """Print the hazard ratios beside those of lifelines; tell if equal."""
    import pandas as pd
    from lifelines import CoxPHFitter

    print("\nTime to relapse or death, a baseline hazard for each hospital.\n")  # noqa: T201
    request = {"time": "time", "event": "cens", "predictors": MODEL["predictors"]}
    result = local.run("cox", sites, request, progress=_progress)
    cox(result)
    if result["status"] != "completed":
        return False
    pooled = pd.concat([frame.assign(site=i) for i, frame in enumerate(sites)])
    design = pooled[["age", "tsize", "pnodes", "time", "cens", "site"]]
    design = design.assign(horTh=(pooled["horTh"] == "yes").astype(float))
    fitter = CoxPHFitter().fit(design, "time", "cens", strata=["site"])
    theirs = [float(fitter.params_[name]) for name in ("age", "tsize", "pnodes", "horTh")]
    # lifelines stops its own iteration at about 1e-6 standard errors
    return _coefficients_beside(result, theirs, "lifelines, pooled", 1e-5)


def _coefficients_beside(
    result: dict[str, Any], theirs: list[float], name: str, most: float
) -> bool:
    """Print coefficients beside those of another program; tell if they agree."""
    rows = list(zip(result["coefficients"], theirs, strict=True))
    gaps = [abs(row["estimate"] - b) / row["std_error"] for row, b in rows]
    columns = ["term", "federated", name, "difference in standard errors"]
    lines = [
        [row["term"], f"{row['estimate']:.10g}", f"{b:.10g}", f"{gap:.1e}"]
        for (row, b), gap in zip(rows, gaps, strict=True)
    ]
    table("Federated beside pooled", columns, lines)
    return bool(max(gaps) < most)


def _through_vantage6(sites: list[pd.DataFrame]) -> dict[str, Any]:
    """Run the same through vantage6's own mock client and our entry module."""
    from importlib import import_module

    from vantage6.algorithm.tools.mock_client import MockAlgorithmClient

    client = MockAlgorithmClient(
        datasets=[[{"database": site, "db_type": "csv"}] for site in sites],
        module="v6_summary.v4",
        organization_ids=[1, 2, 3],
    )
    found: dict[str, Any] = import_module("v6_summary.v4").summary(mock_client=client, **ARGUMENTS)
    return found


def _beside(
    local_result: dict[str, Any], mock: dict[str, Any], pooled: pd.DataFrame
) -> list[tuple[str, float, float, float, float]]:
    """Pair the numbers of both platforms with those of pandas and scipy."""
    rows = []
    for ours, theirs in zip(
        local_result["numeric"] + local_result["comparison"],
        mock["numeric"] + mock["comparison"],
        strict=True,
    ):
        for name, value in _pooled_numbers(ours, pooled).items():
            if ours.get(name) is None:
                continue  # withheld under the shipped limits
            label = f"{ours['variable']} {ours.get('group', ours.get('test'))} {name}"
            a, b = float(ours[name]), float(theirs[name])
            gap = max(abs(a - value), abs(b - value)) / max(abs(value), math.ulp(1.0))
            rows.append((label, a, b, value, gap))
    return rows


def _pooled_numbers(record: dict[str, Any], pooled: pd.DataFrame) -> dict[str, float]:
    """Return the pooled numbers that a record of ``numeric`` or ``comparison`` should hold."""
    from scipy import stats

    variable = record["variable"]
    if "group" in record:
        rows = pooled if record["group"] == "all" else pooled[pooled["horTh"] == record["group"]]
        x = rows[variable]
        return {"n": float(len(x)), "mean": float(x.mean()), "sd": float(x.std())}
    if record["test"] == "welch_t":
        groups = [group for _, group in pooled.groupby("horTh")[variable]]
        t = stats.ttest_ind(*groups, equal_var=False)
        return {"statistic": float(t.statistic), "p_value": float(t.pvalue)}
    if record["test"] != "chi_square":
        return {}  # of ranks the cells tell bounds
    counts = pooled.groupby([variable, "horTh"]).size().unstack(fill_value=0)
    chi = stats.chi2_contingency(counts.to_numpy(), correction=False)
    return {"statistic": float(chi.statistic), "p_value": float(chi.pvalue)}


def _progress(number: int, step: str, sites: int) -> None:
    print(f"round {number}: {step}, {sites} sites")  # noqa: T201
