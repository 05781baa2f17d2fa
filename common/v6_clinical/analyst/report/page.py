"""A result as one HTML page that needs nothing else: no script, no network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from v6_clinical.analyst.report import explain
from v6_clinical.analyst.report.findings import findings
from v6_clinical.analyst.report.methods import methods
from v6_clinical.analyst.report.pictures import pictures
from v6_clinical.analyst.report.svg import variables
from v6_clinical.analyst.report.tables import all_tables
from v6_clinical.face import Face
from v6_clinical.face.words import of_checks, of_noise
from v6_clinical.protocol.registry import face_of
from v6_clinical.version import SCHEMA, __version__

Record = Mapping[str, Any]

# What the analyst's layer adds to a result about where it comes from.
MADE_BY: Final = {"platform": "Platform", "image": "Image", "task_id": "Task", "started": "Started"}


def html(result: Record) -> str:
    """Return a self-contained page of a result: completed, refused or failed.

    Parameters
    ----------
    result
        A result envelope of this version's schema.

    Raises
    ------
    ValueError
        If it is no result of this schema, or of an analysis that is not installed.
    """
    if result.get("schema") != SCHEMA:
        raise ValueError(f"this is no result of schema {SCHEMA}: see what made it")
    face = face_of(str(result.get("analysis")))
    completed = result["status"] == "completed"
    paragraph, references = methods(result) if completed else ("", [])
    environment = Environment(
        loader=PackageLoader("v6_clinical.analyst.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2").render(
        title=face.title,
        subtitle=face.model(result["request"]) if result["request"] else "",
        completed=completed,
        status=result["status"],
        error=result["error"],
        facts=_facts(result, face) if completed else [],
        exactness=_exactness(result) if completed else "",
        findings=findings(result) if completed else None,
        warnings=explain.warnings(result),
        pictures=pictures(result) if completed else [],
        tables=all_tables(result) if completed else [],
        methods=paragraph,
        references=references,
        refusals=explain.refusals(result),
        sites=explain.sites(result),
        ledger=explain.ledger(result),
        limits=explain.limits(result),
        request=explain.request(result),
        versions=_versions(result),
        light=variables("light"),
        dark=variables("dark"),
    )


def _facts(result: Record, face: Face) -> list[tuple[str, str]]:
    """Return what stands in large under the title."""
    took_part = [site for site in result["sites"] if site["status"] == "ok"]
    rounds = ("rounds", str(len(result["ledger"])))
    return [("sites", str(len(took_part))), *face.facts(result), rounds]


def _exactness(result: Record) -> str:
    """Return how exact the result is and who checked its questions, in words."""
    exact = "The sites' sums are exact." if result.get("precision") == 0 else ""
    return " ".join(filter(None, (of_noise(result) or exact, of_checks(result))))


def _versions(result: Record) -> list[tuple[str, str]]:
    origin = result.get("provenance", {})
    made_by = [(title, str(origin[key])) for key, title in MADE_BY.items() if origin.get(key)]
    return [
        ("Result made by", f"v6-clinical {result['version']}"),
        *(made_by or [("Image", "not told by the result")]),
        ("Schema", result["schema"]),
        ("Report made by", f"v6-clinical {__version__}"),
    ]
