"""What the shipped limits make of the reference models: a table, generated, in the docs.

``python tests/shipped_limits_logistic.py --write`` writes it; a test fails when it is stale.
"""

import sys

from reference.cases import Case, load, sites
from shipped_limits import refusals
from sites import HERE
from v6_clinical.platforms import local

TABLE = HERE.parent / "algorithms" / "v6_logistic" / "LIMITS.md"
HEAD = """# What the shipped limits make of the reference models

Made by `make table`; a test fails when it is stale.
Each model of `tests/reference/logistic.json`, split as there: unevenly on purpose, down to 15 rows.
A refusal names every site that refuses, its code and what it is about; `on_refusal="exclude"` would
go on without these sites if two remain.

| model | terms | split (rows) | result | rounds | AUC |
|---|---|---|---|---|---|
"""


def line(case: Case, split: str) -> str:
    """Return one row of the table."""
    frames = sites(case.data, split)
    found = local.run("logistic", frames, case.request, minimum_sites=1)
    rows = ", ".join(str(len(frame)) for frame in frames)
    start = f"| {case.id} | {len(case.expected['terms'])} | {split} ({rows}) |"
    if found["status"] != "completed":
        code = found["error"]["code"]
        reason = refusals(found) if found["status"] == "refused" else code
        return f"{start} {found['status']}: {reason} | {len(found['ledger'])} | |"
    fit = found["fit"][0]
    low, high = fit["auc_low"], fit["auc_high"]
    bounds = "" if low is None else f"{low:.2f} to {high:.2f}, within sites {fit['auc_within']:.3f}"
    return f"{start} accepted | {fit['rounds']} | {bounds} |"


def table() -> str:
    """Return the whole file."""
    lines = [line(case, split) for case in load("logistic") for split in case.splits]
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    if "--write" in sys.argv:
        TABLE.write_text(table())
    print(table())
