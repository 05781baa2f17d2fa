"""What the shipped limits make of each data set and split: a table, generated, in the docs.

``python tests/shipped_limits.py --write`` writes it; a test fails when it is stale.
"""

import sys
from pathlib import Path
from typing import Any

from sites import CASES, HERE, SPLITS, dataset, request, split
from v6_clinical.platforms import local

TABLE = HERE.parent / "algorithms" / "v6_summary" / "LIMITS.md"
HEAD = """# What the shipped limits make of three data sets

Made by `make table`; a test fails when it is stale.
The request is that of the reference tests: all columns, by group, with correlations and a codebook.
"Withheld" counts suppressed levels, missing counts, skewness and quantile estimates that are null.

| data | split (rows) | result | withheld | warnings |
|---|---|---|---|---|
"""


def withheld(found: dict[str, Any]) -> str:
    """Count the nulls of a completed result."""
    levels = sum(row["suppressed"] for row in found["categorical"])
    missing = sum(row["missing"] is None for row in found["numeric"])
    high = sum(row["skewness"] is None for row in found["numeric"])
    quantiles = sum(row[q] is None for row in found["numeric"] for q in ("q1", "median", "q3"))
    of = len(found["numeric"])
    return (
        f"{levels} of {len(found['categorical'])} counts, {missing} of {of} missing, "
        f"{high} of {of} skewness, {quantiles} of {3 * of} quartiles"
    )


def line(name: str, kind: str) -> str:
    """Return one row of the table."""
    sites = split(dataset(name), kind, name)
    found = local.run("summary", sites, request(name), minimum_sites=1)
    rows = ", ".join(str(len(site)) for site in sites)
    if found["status"] == "completed":
        codes = ", ".join(sorted({warning["code"] for warning in found["warnings"]})) or "none"
        return f"| {name} | {kind} ({rows}) | accepted | {withheld(found)} | {codes} |"
    return f"| {name} | {kind} ({rows}) | {found['status']}: {refusals(found)} | | |"


def refusals(found: dict[str, Any]) -> str:
    """Name the sites that refused, their codes and what they are about."""
    return "; ".join(
        f"site {site['organization_id']}: {site['code']}"
        + (f" ({', '.join(site['where'])})" if site.get("where") else "")
        for site in found["error"]["sites"]
    )


def table() -> str:
    """Return the whole file."""
    return HEAD + "\n".join(line(name, kind) for name in CASES for kind in SPLITS) + "\n"


if __name__ == "__main__":
    if "--write" in sys.argv:
        Path(TABLE).write_text(table())
    print(table())
