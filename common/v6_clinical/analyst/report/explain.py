"""What the reader of a report must be told: warnings, refusals, limits, and what left the sites."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from itertools import groupby
from typing import Any, Final

from v6_clinical.analyst.report.cells import number, word
from v6_clinical.analyst.report.tables import Table
from v6_clinical.disclosure import Policy
from v6_clinical.errors import CODES
from v6_clinical.face.words import site_name
from v6_clinical.protocol.registry import face_of, load_site
from v6_clinical.settings import MEANINGS, PREFIX, SETTINGS

Record = Mapping[str, Any]

WARNINGS: Final = {
    "AUC_COARSE": "Sites show risks only in cells of enough rows. Quote the AUC within sites, or "
    "the bounds.",
    "CELLS_SUPPRESSED": "Merge rare levels with collapse=... to see their counts. Percentages and "
    "tests that would give a hidden count away are left out too.",
    "CLUSTERS_WITHIN_SITES": "If a cluster (a family, a practice) spans two sites, standard errors "
    "come out too small.",
    "COLUMN_WITHHELD": "The other columns are complete: nothing of this one is in the result.",
    "CURVES_WITHHELD": "Too few patients leave or die between two points of the grid.",
    "EVENT_TIMES_SENT": "Say so in the paper and to the ethics board; baseline='site' sends none.",
    "FEW_EXPECTED": "Quote Fisher's exact test where it stands beside; else merge rare levels.",
    "GROUP_MISSING": "Say how many patients have no group; the groups do not add up to all.",
    "GROUPS_WITHHELD": "Group means and tests describe the other sites only; compare n.",
    "HIGH_ORDERS_WITHHELD": "Third and fourth power sums of few rows could give values away.",
    "MANY_MISSING": "Rows without a value may differ from the others; or a file has a label, such "
    "as None, that the software which read it took for missing.",
    "NO_HAZARDS_TEST": "The assumption was not tested; look at the curves.",
    "NO_HETEROGENEITY": "Nothing is known here about differences between sites.",
    "NO_SECRET": "A site that is asked often then tells more: its operator sets V6C_SECRET. Run "  # nosec B105
    "again, the analysis gives somewhat other numbers.",
    "NO_RATIO_TEST": "Test the predictors by their z statistics, or leave site_effect out.",
    "NO_SPREAD": "There is nothing to test: the rank test beside it compares the values' order.",
    "NO_ROWS": "The site counts as having taken part with no patient.",
    "PAIRS_WITHHELD": "Correlations describe the sites that answered; compare n.",
    "SMD_INFINITE": "The groups do not overlap: describe the difference itself.",
    "SITE_NOT_COMPARED": "The pooled estimates hold its rows, the comparison of sites not.",
    "SITE_EXCLUDED": "The result describes the other sites only: report the site as not analysed.",
}


def warnings(result: Record) -> list[dict[str, Any]]:
    """Return each code with its messages, and once what it means for the reader."""
    found: dict[str, list[str]] = {}
    for warning in result["warnings"]:
        found.setdefault(warning["code"], []).append(warning["message"])
    return [
        {"code": code, "messages": messages, "meaning": WARNINGS.get(code, "")}
        for code, messages in found.items()
    ]


def refusals(result: Record) -> Table | None:
    """Return the sites that refused, each with its code and the remedy; None if none did."""
    named = (result["error"] or {}).get("sites", [])
    sites = named or [site for site in result["sites"] if site["status"] == "refused"]
    rows = [
        [
            site_name(result, site["organization_id"]),
            site.get("code", word(site.get("status"))),
            ", ".join(site.get("where", [])),
            CODES.get(site.get("code", ""), ""),
        ]
        for site in sites
    ]
    heads = ["Site", "Code", "Where", "What helps"]
    return Table("Sites that did not answer", heads, rows, left=4) if rows else None


def sites(result: Record) -> Table | None:
    """Return what each site brought."""
    if not result["sites"]:
        return None
    words = {"ok": "took part", "no_rows": "no usable row", "refused": "refused"}
    rows = [
        [
            site_name(result, site["organization_id"]),
            words.get(site["status"], site["status"]),
            number(site.get("n")),
            number(site.get("dropped")),
        ]
        for site in result["sites"]
    ]
    return Table("Sites", ["Site", "", "Rows used", "Incomplete rows"], rows, left=2)


def ledger(result: Record) -> Table | None:
    """Return, round by round, what left a site: counted from the messages, explained by name."""
    if not result["ledger"]:
        return None
    leaves = load_site(face_of(result["analysis"]).package).leaves
    rows = []
    for (step, what), group in groupby(result["ledger"], lambda one: (one["step"], one["what"])):
        lines = list(group)
        first, last = lines[0]["round"], lines[-1]["round"]
        sent = max(line["numbers_per_site"] for line in lines)
        alike = f"{first}" if first == last else f"{first}\u2060–\u2060{last}"
        total = ("in all" if first == last else "in each") if sent else "nothing"
        rows.append([f"{alike}:\u00a0{step}", total, number(sent)])
        meanings = leaves.get(step, {})
        rows += [["", meanings.get(name, name), number(n)] for name, n in _parts(what).items()]
    return Table("What left each site", ["Round", "What", "Numbers"], rows, left=2)


def _parts(what: str) -> dict[str, int]:
    """Return the counts of a line of the ledger by the first part of each name.

    Results of earlier versions name each site's own sums, ``site/0/curves``: no site sends those
    of another, so that the most of one site counts.
    """
    found: dict[str, int] = {}
    own: Counter[str] = Counter()
    for name, count in re.findall(r"(.+?): (\d+)(?:, |$)", what):
        key, _, rest = name.partition("/")
        if key == "site":
            own[rest.partition("/")[0]] += int(count)
            found[key] = max(own.values())
        else:
            found[key] = found.get(key, 0) + int(count)
    return found


def limits(result: Record) -> Table:
    """Return the limits as they are shipped, and those of the sites whose operators set others."""
    shipped = {PREFIX + name.upper(): value for name, value in vars(Policy()).items()}
    own = {site["organization_id"]: site["limits"] for site in result["sites"] if "limits" in site}
    rows = []
    for name, value in shipped.items():
        if name in SETTINGS and not SETTINGS[name].hidden:
            here = [_limit(theirs.get(name, value)) for theirs in own.values()]
            rows.append([name, MEANINGS[name], _limit(value), *here])
    heads = ["Setting", "What it limits", "Shipped", *(site_name(result, site) for site in own)]
    return Table("Limits", heads, rows, left=2)


def _limit(value: Any) -> str:
    if isinstance(value, frozenset):
        return ", ".join(sorted(value)) or "none"
    return "all" if value is None else word(value)


def request(result: Record) -> Table | None:
    """Return the arguments as they were understood; those left at nothing are not listed."""
    rows = [
        [name, _argument(value)]
        for name, value in result["request"].items()
        if value not in (None, [], {})
    ]
    return Table("The request as understood", ["Argument", "Value"], rows, left=2) if rows else None


def _argument(value: Any) -> str:
    if isinstance(value, dict):
        apart = "; " if any(isinstance(part, dict | list) for part in value.values()) else ", "
        return apart.join(f"{name}: {_argument(part)}" for name, part in value.items())
    if isinstance(value, list):
        apart = "; " if any(isinstance(part, dict) for part in value) else ", "
        return apart.join(_argument(part) for part in value)
    return f"{value:g}" if isinstance(value, float) else word(value)
