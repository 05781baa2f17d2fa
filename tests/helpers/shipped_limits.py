"""What the shipped limits make of each analysis's reference cases: a generated table in its folder.

``make table`` writes them all; a test fails when one is stale.
The cases of an analysis are those of ``reference/<short name>.json``, the analyses those that the
registry finds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from helpers import reference_cases, summary_cases
from helpers.folders import REFERENCE, ROOT
from helpers.policies import SHIPPED
from v6_clinical.platforms import local
from v6_clinical.protocol.registry import face_of, methods

HEAD = """# What the shipped limits make of the reference cases

Made by `make table`; a test fails when it is stale by more than another draw of the noise.
Each case of `tests/reference/{0}.json`, split as its tests split it, unevenly on purpose.
A refusal names every site that refuses, its code and what it is about; `on_refusal="exclude"` would
go on without these sites if two remain. "Null" counts what is withheld or undefined in each table,
"shown" the bounds and points that are there.

| case | split (rows) | result | rounds | null | shown | warnings |
|---|---|---|---|---|---|---|
"""
NUMBER = re.compile(r"\d+(?:\.\d+)?")
FROM_MANY = 3  # records of a table before its nulls are worth a share


@dataclass(frozen=True)
class Run:
    """A reference case over the sites of one split."""

    case: str
    split: str
    frames: list[pd.DataFrame]
    request: dict[str, Any]


def runs(short: str) -> Iterator[Run]:
    """Yield the reference cases of an analysis on all their splits."""
    text = (REFERENCE / f"{short}.json").read_text(encoding="utf-8")
    if "splits" not in json.loads(text)["cases"][0]:
        for name in summary_cases.CASES:
            for kind in summary_cases.SPLITS:
                frames = summary_cases.split(summary_cases.dataset(name), kind, name)
                yield Run(name, kind, frames, summary_cases.request(name))
        return
    for case in reference_cases.load(short):
        request = dict(case.request)
        if curves := case.expected.get("exact", {}).get("baseline_hazard"):
            request["time_horizon"] = max(curves[0]["time"])  # as far as R's curve
        for split in case.splits:
            yield Run(case.id, split, reference_cases.sites(case.data, split), request)


def line(short: str, run: Run) -> str:
    """Return one row of the table."""
    found = local.run(short, run.frames, run.request, minimum_sites=1, policy=SHIPPED)
    rows = ", ".join(str(len(frame)) for frame in run.frames)
    codes = ", ".join(sorted({warning["code"] for warning in found["warnings"]}))
    told = (nulls(short, found), shown(found)) if found["status"] == "completed" else ("", "")
    cells = [run.case, f"{run.split} ({rows})", outcome(found), str(len(found["ledger"])), *told]
    return f"| {' | '.join([*cells, codes])} |".replace("  ", " ")


def outcome(found: dict[str, Any]) -> str:
    """Say whether a result is there, or who refused and why."""
    if found["status"] == "completed":
        return "accepted"
    refused = [site for site in found["error"]["sites"] if site.get("status") == "refused"]
    reason = "; ".join(
        f"site {site['organization_id']}: {site['code']}"
        + (f" ({', '.join(site['where'])})" if site.get("where") else "")
        for site in refused
    )
    return f"{found['status']}: {reason or found['error']['code']}"


def nulls(short: str, found: dict[str, Any]) -> str:
    """Count the null numbers of each table of many records, in columns that have numbers too."""
    parts = []
    for name in face_of(short).tables:
        records = found.get(name)
        if not isinstance(records, list) or len(records) < FROM_MANY:
            continue
        columns = [[record[key] for record in records] for key in records[0]]
        told = [c for c in columns if any(isinstance(v, int | float) for v in c)]
        empty = sum(value is None for column in told for value in column)
        if empty:
            parts.append(f"{name} {empty} of {sum(map(len, told))}")
    return ", ".join(parts)


def shown(found: dict[str, Any]) -> str:
    """Return the certain bounds in a fit, and the points of each curve."""
    parts = []
    for record in found.get("fit", []):
        for low in [name for name in record if name.endswith("_low") and record[name] is not None]:
            name = low.removesuffix("_low")
            parts.append(f"{name} {record[low]:.2f} to {record[f'{name}_high']:.2f}")
    points = [len(curve["time"]) for curve in found.get("baseline_hazard", [])]
    return ", ".join([*parts, *(["points " + " ".join(map(str, points))] if points else [])])


def path(short: str) -> Path:
    """Return the file of an analysis's table."""
    return ROOT / "algorithms" / face_of(short).package / "LIMITS.md"


def table(short: str) -> str:
    """Return the whole file."""
    return HEAD.format(short) + "\n".join(line(short, run) for run in runs(short)) + "\n"


# How models without finite estimates end; which of these it is depends on the noise.
NO_ESTIMATE = ("SEPARATION", "SINGULAR", "COEFFICIENT_RANGE", "NOT_CONVERGED")
# Cases near such an end: whether they are accepted depends on the noise, too.
ON_THE_EDGE = ("birthwt_log", "monotone", "separated", "quasi_separated", "birthwt_splines")
COARSE = "AUC_COARSE"  # depends on bounds
MORE_ROUNDS, WIDER, MORE_NULLS = 8, 0.1, 0.1  # of another draw: at most


def stale(ours: str, now: str) -> list[str]:
    """Return the lines of a table as it is now that the one at hand has not, but for noise."""
    lines = ours.splitlines(), now.splitlines()
    if len(lines[0]) != len(lines[1]):
        return lines[1]
    return [new for old, new in zip(*lines, strict=True) if not _alike(old, new)]


def _alike(old: str, new: str) -> bool:
    if old == new or old.count("|") != 8 or new.count("|") != 8:
        return old == new
    ours, theirs = ([cell.strip() for cell in line.split("|")[1:-1]] for line in (old, new))
    if ours[:2] != theirs[:2]:
        return False
    ends = [any(code in cells[2] for code in NO_ESTIMATE) for cells in (ours, theirs)]
    if all(ends) or (any(ends) and ours[0] in ON_THE_EDGE):
        return True
    warned = [set(cells[6].split(", ")) - {COARSE, ""} for cells in (ours, theirs)]
    return (
        ours[2] == theirs[2]
        and warned[0] == warned[1]
        and abs(int(ours[3]) - int(theirs[3])) <= MORE_ROUNDS
        and _near(ours[4], theirs[4], 5, MORE_NULLS)
        and _near(ours[5], theirs[5], WIDER, 0.0)
    )


def _near(old: str, new: str, least: float, share: float) -> bool:
    """Say whether two texts are the same but for numbers that differ little."""
    texts = [NUMBER.sub("", text) for text in (old, new)]
    numbers = [[float(one) for one in NUMBER.findall(text)] for text in (old, new)]
    return texts[0] == texts[1] and all(
        abs(one - other) <= least + share * other for one, other in zip(*numbers, strict=True)
    )


def analyses() -> list[str]:
    """Return the analyses that have reference cases, by their short names."""
    names = [face.short for face in methods().values()]
    return [name for name in names if (REFERENCE / f"{name}.json").exists()]


if __name__ == "__main__":
    for analysis in analyses():
        path(analysis).write_text(table(analysis))
        print(path(analysis))
