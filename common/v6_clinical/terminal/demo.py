"""The demo: a real trial over three hospitals, each installed analysis beside the pooled rows."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from importlib.util import find_spec
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from v6_clinical.analyst.federation import with_names
from v6_clinical.analyst.local import PLATFORM
from v6_clinical.disclosure import Policy
from v6_clinical.face import Face
from v6_clinical.face.demo import Beside
from v6_clinical.platforms import local
from v6_clinical.protocol.registry import methods
from v6_clinical.terminal.render.result import show
from v6_clinical.terminal.render.text import Screen

if TYPE_CHECKING:
    import pandas as pd

SHARES = (0.6, 0.85)  # hospitals of 60 %, 25 % and 15 % of the patients
NAMES = ("Oslo", "Leiden", "Porto")
EXACT = {"V6C_BLUR": "0", "V6C_BLUR_ROWS": "0"}  # without the sites' noise, to compare all digits


def hospitals() -> list[pd.DataFrame]:
    """Return the German Breast Cancer Study Group's patients, split unevenly over three sites."""
    from lifelines.datasets import load_gbsg2

    pooled = load_gbsg2()
    order = np.random.default_rng(2026).permutation(len(pooled))
    cuts = [0, *(round(share * len(pooled)) for share in SHARES), len(pooled)]
    return [pooled.iloc[order[a:b]].reset_index(drop=True) for a, b in pairwise(cuts)]


def run_demo(folder: Path) -> bool:
    """Run each analysis on its own example, beside the pooled rows; tell whether all agree.

    Each one's report is written into ``folder``.
    """
    sites, page = hospitals(), Screen()
    sizes = ", ".join(f"{name} {len(site)}" for name, site in zip(NAMES, sites, strict=True))
    page.line("German Breast Cancer Study Group: a trial of hormone therapy (horTh), with time to")
    page.line(f"relapse or death (time, cens). Patients by hospital: {sizes}.")
    page.line("Shipped limits, without noise on sites' sums: so all digits can be compared.\n")
    told: dict[str, Verdict] = {}
    first_table_one = sorted(
        methods().values(), key=lambda face: (face.result != "TableOneResult", face.short)
    )
    for face in first_table_one:
        if face.example:
            page.line(f"=== {face.title} ===\n", style="bold")
            told[face.short] = _one(face, sites, folder, page)
    for name, verdict in told.items():
        page.line(f"{verdict.text}.")
        page.line(f"  Its report: {folder / name}.html")
    agrees = bool(told) and all(verdict.agrees for verdict in told.values())
    bad = [name for name, verdict in told.items() if not verdict.agrees]
    good = f"all {len(told)} federated results agree with the pooled rows"
    text = good if agrees else f"no agreement with the pooled rows in {', '.join(bad) or 'nothing'}"
    page.line(f"Verdict: {text}.", style="bold")
    return agrees


class Verdict:
    """What came out for one analysis: whether all agrees, and a line that says so."""

    def __init__(self, agrees: bool, text: str) -> None:
        self.agrees = agrees
        self.text = text


def _one(face: Face, sites: list[pd.DataFrame], folder: Path, page: Screen) -> Verdict:
    """Run one analysis in three ways, print it, and write its report."""
    from v6_clinical.analyst.report import html

    arguments = dict(face.example)
    result = local.run(face.short, sites, arguments, policy=Policy.from_environment(EXACT))
    named = with_names(result, dict(enumerate(NAMES, 1))) | {"provenance": {"platform": PLATFORM}}
    show(named)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{face.short}.html"
    file.write_text(html(named), encoding="utf-8")
    if result["status"] != "completed":
        return Verdict(False, f"{face.title}: {result['status']}")
    same = _largest(_through_vantage6(face, sites, arguments), result)
    alike = "the same digits" if same == 0 else f"the same to {same:.0e}"
    found = _beside(face, result, sites)
    agrees = same < 1e-12
    text = f"{face.title}: through vantage6's mock client {alike}"
    if found is not None:
        columns = ["number", "federated", f"{found.program}, pooled", f"difference ({found.unit})"]
        rows = [[name, f"{a:.10g}", f"{b:.10g}", f"{gap:.1e}"] for name, a, b, gap in found.rows]
        page.table("Federated beside pooled", columns, rows)
        agrees = agrees and found.largest < found.most
        text += f", as {found.program} on the pooled rows to {found.largest:.0e} ({found.unit})"
    noise = local.run(face.short, sites, arguments).get("precision")
    if noise:
        text += f"; as shipped noise has an sd of at most {noise:.2g} standard errors"
    return Verdict(agrees, text)


def _through_vantage6(
    face: Face, sites: list[pd.DataFrame], arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """Run the same through vantage6's own mock client and the entry module."""
    from vantage6.algorithm.tools.mock_client import MockAlgorithmClient

    module = f"{face.package}.v4"
    client = MockAlgorithmClient(
        datasets=[[{"database": site, "db_type": "csv"}] for site in sites],
        module=module,
        organization_ids=[1, 2, 3],
    )
    central = getattr(import_module(module), face.method)
    with _environment(EXACT), redirect_stdout(StringIO()):  # the nodes' log
        found: dict[str, Any] = central(mock_client=client, **arguments)
    return found


@contextmanager
def _environment(settings: Mapping[str, str]) -> Iterator[None]:
    """Set variables, as a node does for its container; put back what was there."""
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def _largest(found: Any, expected: Any) -> float:
    """Return the largest relative difference of two results; infinite if not alike."""
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        same = set(found) == set(expected)
        parts = [(found[name], expected[name]) for name in expected] if same else []
    elif isinstance(expected, list) and isinstance(found, list):
        same = len(found) == len(expected)
        parts = list(zip(found, expected, strict=True)) if same else []
    elif type(found) is float and type(expected) is float:
        return abs(found - expected) / max(abs(expected), 1.0)
    else:
        same, parts = found == expected, []
    return max((_largest(a, b) for a, b in parts), default=0.0) if same else float("inf")


def _beside(face: Face, result: Mapping[str, Any], sites: list[pd.DataFrame]) -> Beside | None:
    """Return the numbers of another program, if the analysis's ``demo.py`` has some."""
    import pandas as pd

    if find_spec(f"{face.package}.demo") is None:
        return None
    pooled = pd.concat([frame.assign(hospital=i) for i, frame in enumerate(sites)])
    found: Beside = import_module(f"{face.package}.demo").beside(
        result, pooled.reset_index(drop=True)
    )
    return found
