"""What the shipped limits make of the reference models of Cox regression: a table in the docs.

``python tests/shipped_limits_cox.py --write`` writes it; a test fails when it is stale.
"""

import sys

from reference.cases import Case, load, sites
from shipped_limits import refusals
from sites import HERE
from v6_clinical.platforms import local

TABLE = HERE.parent / "algorithms" / "v6_cox" / "LIMITS.md"
HEAD = """# What the shipped limits make of the reference models

Made by `make table`; a test fails when it is stale.
Each model of `tests/reference/cox.json`, `baseline="site"`, split as there, unevenly on purpose.
A refusal names every site that refuses, its code and what it is about; `on_refusal="exclude"` would
go on without these sites if two remain. "Points" are those that the sites' curves show of the 12 to
30 times of the grid up to R's last time of the case.

| model | terms | split (rows) | result | rounds | points of each curve |
|---|---|---|---|---|---|
"""


def line(case: Case, split: str) -> str:
    """Return one row of the table."""
    frames = sites(case.data, split)
    request = dict(case.request)
    if curves := case.expected.get("exact", {}).get("baseline_hazard"):
        request["time_horizon"] = max(curves[0]["time"])
    found = local.run("cox", frames, request, minimum_sites=1)
    rows = ", ".join(str(len(frame)) for frame in frames)
    terms = case.expected.get("exact", case.expected)["terms"]
    start = f"| {case.id} | {len(terms)} | {split} ({rows}) |"
    if found["status"] != "completed":
        code = found["error"]["code"]
        reason = refusals(found) if found["status"] == "refused" else code
        return f"{start} {found['status']}: {reason} | {len(found['ledger'])} | |"
    points = ", ".join(str(len(curve["time"])) for curve in found["baseline_hazard"])
    return f"{start} accepted | {found['fit'][0]['rounds']} | {points} |"


def table() -> str:
    """Return the whole file."""
    lines = [line(case, split) for case in load("cox") for split in case.splits]
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    if "--write" in sys.argv:
        TABLE.write_text(table())
    print(table())
