"""The central side of every platform: ask all sites, insist on all answers, add, conclude."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from v6_clinical.errors import CODES, AnalysisError
from v6_clinical.protocol.analysis import Ask, Outcome, Reply, drive
from v6_clinical.protocol.answers import (
    Answer,
    Message,
    in_words,
    ledger_line,
    read_answer,
    require_parts,
)
from v6_clinical.protocol.registry import Central
from v6_clinical.protocol.request import Request, parse_request
from v6_clinical.protocol.sums import Sums
from v6_clinical.version import SCHEMA, __version__

Progress = Callable[[int, str, int], None]


class Transport(Protocol):
    """How a platform reaches its sites."""

    def organizations(self) -> Sequence[int]:
        """Return the organisations of the collaboration."""

    def ask(self, messages: dict[int, Message]) -> dict[int, Any]:
        """Send each organisation its message and return each one's answer.

        Raises
        ------
        AnalysisError
            ``SITE_FAILED`` or ``SITE_TIMEOUT`` naming every organisation without an answer.
        """


class _Refused(Exception):  # noqa: N818 - a signal to begin again, not an error
    def __init__(self, sites: dict[int, Answer], tolerated: Collection[str]) -> None:
        super().__init__()
        self.sites = sites
        self.for_good = {s: answer for s, answer in sites.items() if answer.code not in tolerated}


@dataclass
class _Run:
    """One attempt with a fixed set of organisations."""

    transport: Transport
    organizations: tuple[int, ...]
    progress: Progress
    ledger: list[dict[str, Any]]
    rows: dict[int, int | None] = field(default_factory=dict)
    dropped: dict[int, int | None] = field(default_factory=dict)
    empty: set[int] = field(default_factory=set)
    limits: dict[int, Mapping[str, float]] = field(default_factory=dict)

    def ask(self, ask: Ask) -> Reply:
        """Put one question to every site and return the sum of all the answers."""
        round_number = len(self.ledger) + 1
        self.progress(round_number, ask.step, len(self.organizations))
        messages = {
            organization: {
                "version": __version__,
                "step": ask.step,
                "arguments": dict(ask.arguments),
                "index": index,
                "count": len(self.organizations),
            }
            for index, organization in enumerate(self.organizations)
        }
        raw = self.transport.ask(messages)
        answers = {
            organization: read_answer(raw, organization) for organization in self.organizations
        }
        refusals = {site: answer for site, answer in answers.items() if answer.status == "refused"}
        self.ledger.append(ledger_line(round_number, ask.step, list(answers.values())))
        if any(answer.code not in ask.tolerates for answer in refusals.values()):
            raise _Refused(refusals, ask.tolerates)
        if refusals:
            codes = {site: answer.code for site, answer in refusals.items()}
            return Reply(Sums(), self.organizations, codes)
        require_parts(answers, ask)
        self._note(answers)
        total = sum((answer.sums for answer in answers.values()), Sums())
        return Reply(total, self.organizations)

    def _note(self, answers: dict[int, Answer]) -> None:
        rows = {organization: answer.n for organization, answer in answers.items()}
        changed = [site for site in rows if site in self.rows and self.rows[site] != rows[site]]
        if changed:
            message = (
                f"Rows changed in number during the analysis: organisation(s) {in_words(changed)}."
            )
            sites = [{"organization_id": site, "code": "DATA_CHANGED"} for site in changed]
            raise AnalysisError("DATA_CHANGED", message, sites=sites)
        self.rows = rows
        self.dropped = {organization: answer.dropped for organization, answer in answers.items()}
        self.limits = {site: answer.limits for site, answer in answers.items() if answer.limits}
        self.empty |= {site for site, answer in answers.items() if answer.status == "no_rows"}


def run(
    central: Central,
    arguments: dict[str, Any],
    transport: Transport,
    *,
    minimum_sites: int = 2,
    progress: Progress = lambda number, step, sites: None,
) -> dict[str, Any]:
    """Run an analysis over a transport and return the result envelope (strict JSON).

    Expected problems come back as ``status`` "refused" or "failed" with an ``error``. With
    ``on_refusal="exclude"`` the analysis begins again without the sites that refused, since the
    earlier rounds' sums contain their rows.
    """
    envelope = empty_envelope(central.name)
    ledger: list[dict[str, Any]] = []
    try:
        request = parse_request(central.request, arguments)
        envelope["request"] = request.model_dump(mode="json")
        return envelope | _attempts(central, request, transport, minimum_sites, progress, ledger)
    except AnalysisError as error:
        code, message, remedy, sites = error.code, error.message, error.remedy, error.sites
        status = "refused" if any(s.get("status") == "refused" for s in sites) else "failed"
        problem = {"code": code, "message": message, "remedy": remedy, "sites": sites}
        return envelope | {"status": status, "error": problem, "ledger": ledger}


def empty_envelope(analysis: str) -> dict[str, Any]:
    """Return a result without tables: what every result has, whatever became of it."""
    return {
        "schema": SCHEMA,
        "analysis": analysis,
        "version": __version__,
        "status": "completed",
        "error": None,
        "request": {},
        "warnings": [],
        "sites": [],
        "ledger": [],
    }


def _attempts(
    central: Central,
    request: Request,
    transport: Transport,
    minimum: int,
    progress: Progress,
    ledger: list[dict[str, Any]],
) -> dict[str, Any]:
    """Run the analysis, again without the sites that refuse; ``ledger`` keeps every round."""
    organizations = _included(request, transport, minimum)
    left_out: dict[int, Answer] = {}
    while True:
        attempt = _Run(transport, organizations, progress, ledger)
        try:
            outcome = drive(central.analyse(request), attempt.ask)
        except _Refused as signal:
            if request.on_refusal == "fail":
                raise _refusal_error(signal.sites) from None
            left_out |= signal.for_good
            organizations = tuple(site for site in organizations if site not in left_out)
            if len(organizations) < minimum:
                raise _refusal_error(left_out, "TOO_FEW_SITES") from None
            continue
        _require_rows(attempt, minimum)
        return _conclude(outcome, attempt, left_out)


def _included(request: Request, transport: Transport, minimum: int) -> tuple[int, ...]:
    known = sorted(transport.organizations())
    chosen = request.organizations_to_include
    unknown = [] if chosen is None else [site for site in chosen if site not in known]
    if unknown:
        raise AnalysisError(
            "BAD_REQUEST",
            f"Argument 'organizations_to_include': not in the collaboration: {in_words(unknown)}.",
        )
    # In a fixed order: the same sites give the same digits whatever order they are named in.
    organizations = tuple(known if chosen is None else sorted(chosen))
    if len(organizations) < minimum:
        raise AnalysisError(
            "TOO_FEW_SITES", f"{len(organizations)} organisation(s) take part, {minimum} must."
        )
    return organizations


def _require_rows(attempt: _Run, minimum: int) -> None:
    with_rows = [site for site in attempt.organizations if site not in attempt.empty]
    if len(with_rows) < minimum:
        raise AnalysisError(
            "TOO_FEW_SITES",
            f"Only {len(with_rows)} organisation(s) have rows: no pooled result is made of one.",
            sites=[{"organization_id": site, "status": "no_rows"} for site in attempt.empty],
        )


def _refusal_error(sites: dict[int, Answer], code: str | None = None) -> AnalysisError:
    """Name every site and its code at once."""
    records = [
        {"organization_id": s, "status": "refused", "code": a.code, "where": list(a.where)}
        for s, a in sorted(sites.items())
    ]
    lines = [
        f"organisation {s}: {a.code}" + (f" ({', '.join(a.where)})" if a.where else "")
        for s, a in sorted(sites.items())
    ]
    codes = sorted({answer.code for answer in sites.values()})
    return AnalysisError(
        code or codes[0],
        f"{len(sites)} site(s) refused: {'; '.join(lines)}.",
        remedy=" ".join(f"{c}: {CODES[c]}" for c in codes),
        sites=records,
    )


def _conclude(outcome: Outcome, attempt: _Run, left_out: dict[int, Answer]) -> dict[str, Any]:
    sites: list[dict[str, Any]] = []
    warnings = list(outcome.warnings)
    for site in attempt.organizations:
        status = "no_rows" if site in attempt.empty else "ok"
        record = {"organization_id": site, "status": status, "n": attempt.rows.get(site)}
        dropped, limits = attempt.dropped.get(site), attempt.limits.get(site)
        more = {"dropped": dropped, "limits": limits and dict(limits)}
        sites.append(record | {name: value for name, value in more.items() if value is not None})
        if status == "no_rows":
            message = f"Organisation {site} has no row that can be used."
            warnings.append({"code": "NO_ROWS", "message": message})
    for site, answer in sorted(left_out.items()):
        sites.append({"organization_id": site, "status": "refused", "n": None, "code": answer.code})
        message = f"Organisation {site} is left out: it refused with {answer.code}."
        warnings.append({"code": "SITE_EXCLUDED", "message": message})
    return {**outcome.tables, "warnings": warnings, "sites": sites, "ledger": attempt.ledger}
