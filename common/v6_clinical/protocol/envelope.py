"""The result envelope: what every result of every analysis has, whatever became of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from v6_clinical.errors import AnalysisError
from v6_clinical.protocol.analysis import Outcome
from v6_clinical.protocol.refusals import in_short
from v6_clinical.protocol.transcript import Line
from v6_clinical.version import SCHEMA, __version__

Envelope = dict[str, Any]

DIGITS = 10  # of a result's numbers where the sites' sums bear noise


def empty_envelope(analysis: str) -> Envelope:
    """Return a result without tables.

    ``summation`` says how the sites' sums were added: "clear", the central side saw each of them,
    or "masked", it saw their sum only. ``precision`` says how exact a completed result is, see
    ``Outcome``.
    """
    return {
        "schema": SCHEMA,
        "analysis": analysis,
        "version": __version__,
        "status": "completed",
        "error": None,
        "summation": "clear",
        "precision": None,
        "request": {},
        "warnings": [],
        "sites": [],
        "ledger": [],
    }


def rounded(value: Any) -> Any:
    """Return tables with numbers of ``DIGITS`` significant digits.

    All of them would tell the exact sums behind numbers that are a function of few.
    """
    if isinstance(value, float):
        return float(f"{value:.{DIGITS - 1}e}")
    if isinstance(value, Mapping):
        return {name: rounded(part) for name, part in value.items()}
    return [rounded(part) for part in value] if isinstance(value, list | tuple) else value


def failed(
    envelope: Envelope, error: AnalysisError, ledger: Sequence[Mapping[str, Any]]
) -> Envelope:
    """Return a result that says what went wrong, "refused" where a site did not want to answer."""
    status = "refused" if any(s.get("status") == "refused" for s in error.sites) else "failed"
    problem = {
        "code": error.code,
        "message": error.message,
        "remedy": error.remedy,
        "sites": error.sites,
    }
    return envelope | {"status": status, "error": problem, "ledger": list(ledger)}


def completed(
    envelope: Envelope,
    outcome: Outcome,
    lines: Collection[Line],
    empty: Collection[int],
    left_out: Mapping[int, Line],
    ledger: Sequence[Mapping[str, Any]],
) -> Envelope:
    """Return a result with its tables, a record of each site, and what to be warned of.

    Parameters
    ----------
    lines
        Of each site that took part, what it said in the last round that it answered.
    empty
        The organisations without a row that can be used.
    left_out
        The refusals of those that were left out.
    """
    sites: list[dict[str, Any]] = []
    warnings = list(outcome.warnings)
    for line in lines:
        status = "no_rows" if line.organization in empty else "ok"
        record = {"organization_id": line.organization, "status": status, "n": line.n}
        more = {"dropped": line.dropped, "limits": dict(line.limits) or None}
        sites.append(record | {name: value for name, value in more.items() if value is not None})
        if status == "no_rows":
            message = f"Organisation {line.organization} has no row that can be used."
            warnings.append({"code": "NO_ROWS", "message": message})
    if drawn := [line.organization for line in lines if line.redraws]:
        message = f"Organisation(s) {', '.join(map(str, drawn))} set no V6C_SECRET: their noise is "
        message += "drawn anew at every run."
        warnings.append({"code": "NO_SECRET", "message": message})
    for site, line in sorted(left_out.items()):
        sites.append({"organization_id": site, "status": "refused", "n": None, "code": line.code})
        message = f"Organisation {site} is left out: it refused with {in_short(line, ())}."
        warnings.append({"code": "SITE_EXCLUDED", "message": message})
    return {
        **envelope,
        "precision": float(rounded(outcome.precision)),
        **(rounded(outcome.tables) if outcome.precision > 0 else outcome.tables),
        "warnings": warnings,
        "sites": sites,
        "ledger": list(ledger),
    }
