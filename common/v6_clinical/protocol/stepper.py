"""The central run as a stepper, without I/O: the next question follows from request and rounds.

A platform asks what is open, puts it to the sites and hands the answers in; then the next question
is open, or the result is there. The same rounds give the same questions and the same bytes of the
result, so a run that was interrupted is taken up again from its transcript (``replay``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from v6_clinical.errors import AnalysisError
from v6_clinical.protocol.analysis import Analysis, Ask, Reply
from v6_clinical.protocol.answers import Answer, Message, in_words, line_of, total_of
from v6_clinical.protocol.envelope import (
    Envelope,
    completed,
    empty_envelope,
    failed,
)
from v6_clinical.protocol.near import Coefficients, coefficients
from v6_clinical.protocol.refusals import refusal_error
from v6_clinical.protocol.registry import Central
from v6_clinical.protocol.request import Request, parse_request
from v6_clinical.protocol.sums import Sums
from v6_clinical.protocol.transcript import Config, Line, Round, Transcript, unreadable
from v6_clinical.version import __version__


@dataclass(frozen=True)
class OpenRound:
    """A question that waits for the answers of all these organisations."""

    number: int
    ask: Ask
    organizations: tuple[int, ...]

    def messages(self) -> dict[int, Message]:
        """Return what each organisation is sent."""
        return {
            organization: self.plain() | {"index": index, "count": len(self.organizations)}
            for index, organization in enumerate(self.organizations)
        }

    def plain(self) -> Message:
        """Return what all organisations are sent alike."""
        arguments = dict(self.ask.arguments)
        return {"version": __version__, "step": self.ask.step, "arguments": arguments}


@dataclass
class _Attempt:
    """The analysis with a fixed set of organisations, and what these said of their rows."""

    organizations: tuple[int, ...]
    analysis: Analysis
    lines: dict[int, Line] = field(default_factory=dict)
    empty: set[int] = field(default_factory=set)

    def note(self, lines: Iterable[Line]) -> None:
        """Keep the row counts of a round.

        Raises
        ------
        AnalysisError
            ``DATA_CHANGED`` where they are not those of the rounds before.
        """
        now = {line.organization: line for line in lines}
        changed = [s for s, line in now.items() if s in self.lines and self.lines[s].n != line.n]
        if changed:
            text = "Rows changed in number during the analysis"
            sites = [{"organization_id": site, "code": "DATA_CHANGED"} for site in changed]
            message = f"{text}: organisation(s) {in_words(changed)}."
            raise AnalysisError("DATA_CHANGED", message, sites=sites)
        self.lines = now
        self.empty |= {site for site, line in now.items() if line.status == "no_rows"}


class Stepper:
    """A central run that stands still wherever sites must answer.

    Attributes
    ----------
    open
        The question that waits for answers; None when there is a result.
    result
        The result envelope (strict JSON); None while a question is open. Expected problems end in
        one too, with ``status`` "refused" or "failed" and an ``error``.
    """

    def __init__(self, central: Central, config: Config) -> None:
        self.config = config
        self.open: OpenRound | None = None
        self.result: Envelope | None = None
        self._central = central
        self._envelope = empty_envelope(central.name)
        self._rounds: list[Round] = []
        self._ledger: list[dict[str, Any]] = []
        self._left_out: dict[int, Line] = {}
        self._checked: dict[str, str] = {}
        try:
            self._request: Request = parse_request(central.request, dict(config.arguments))
            self._envelope["request"] = self._request.model_dump(mode="json")
            self._begin(_included(self._request, config))
        except AnalysisError as error:
            self.fail(error)

    @property
    def transcript(self) -> Transcript:
        """All that the run stands on so far."""
        return Transcript(self.config, tuple(self._rounds))

    def finish(
        self, answers: Mapping[int, Answer], arguments: Mapping[str, Any] | None = None
    ) -> None:
        """Take the answers of all organisations to the open question, and go on.

        ``arguments`` are those that were asked, where another machine did.
        """
        if self.open is None:
            raise ValueError("no question is open")
        ask = self.open.ask
        answers = {site: answers[site] for site in self.open.organizations}
        lines = tuple(line_of(site, answer) for site, answer in answers.items())
        whole = all(answer.status != "refused" for answer in answers.values())
        try:
            total = total_of(answers, ask, self._central.leaves) if whole else Sums()
        except AnalysisError as error:
            line = Round(ask.step, Sums(), lines).ledger_line(self.open.number)
            self._ledger.append(line | self._checked)
            self.fail(error)
        else:
            asked = ask.arguments if arguments is None else arguments
            self.take(Round(ask.step, total, lines, coefficients(asked)))

    def take(self, finished: Round) -> None:
        """Take a finished round, and go on: the next question is open, or the result is there.

        Raises
        ------
        AnalysisError
            ``BAD_REQUEST`` if it does not answer the open question.
        """
        organizations = tuple(line.organization for line in finished.lines)
        if self.open is None or self.open.organizations != organizations:
            raise unreadable("its rounds do not belong to its request")
        ask = self.open.ask
        if ask.step != finished.step or not _is_of(ask, finished.point):
            raise unreadable("its rounds do not belong to its request")
        self._rounds.append(finished)
        self._ledger.append(finished.ledger_line(self.open.number) | self._checked)
        try:
            self._go_on(ask, finished)
        except AnalysisError as error:
            self.fail(error)

    @property
    def request(self) -> Request:
        """What the run is of, as it was read."""
        return self._request

    def note(self, checked: Mapping[str, str]) -> None:
        """Let the result say how the sites checked questions, by which list, and that they mask."""
        self._envelope = self._envelope | {"secure": dict(checked), "summation": "masked"}
        self._checked = {"checked": checked["questions"]}

    def fail(self, error: AnalysisError) -> None:
        """End the run without a result, be it for a reason that the platform found."""
        self.open, self.result = None, failed(self._envelope, error, self._ledger)

    def _begin(self, organizations: tuple[int, ...]) -> None:
        self._attempt = _Attempt(organizations, self._central.analyse(self._request))
        self._advance(None)

    def _go_on(self, ask: Ask, finished: Round) -> None:
        refusals, organizations = finished.refusals(), self._attempt.organizations
        if any(line.code not in ask.tolerates for line in refusals.values()):
            self._begin_without(refusals, ask)
        elif refusals:
            codes = {site: line.code for site, line in refusals.items()}
            self._advance(Reply(Sums(), organizations, codes, finished.point))
        else:
            self._attempt.note(finished.lines)
            self._advance(Reply(finished.total, organizations, point=finished.point))

    def _begin_without(self, refusals: Mapping[int, Line], ask: Ask) -> None:
        """Begin again without the sites that refused: the earlier sums contain their rows."""
        if self._request.on_refusal == "fail":
            raise refusal_error(refusals.values(), self._central, self._request)
        self._left_out |= {
            s: line for s, line in refusals.items() if line.code not in ask.tolerates
        }
        rest = tuple(site for site in self._attempt.organizations if site not in self._left_out)
        if len(rest) < self.config.minimum_sites:
            raise refusal_error(
                self._left_out.values(), self._central, self._request, "TOO_FEW_SITES"
            )
        self._begin(rest)

    def _advance(self, reply: Reply | None) -> None:
        attempt = self._attempt
        try:
            ask = next(attempt.analysis) if reply is None else attempt.analysis.send(reply)
        except StopIteration as end:
            _require_rows(attempt, self.config.minimum_sites)
            self.open = None
            lines = [attempt.lines.get(s, Line(s, "ok")) for s in attempt.organizations]
            self.result = completed(
                self._envelope, end.value, lines, attempt.empty, self._left_out, self._ledger
            )
        else:
            self.open = OpenRound(len(self._rounds) + 1, ask, attempt.organizations)


def replay(central: Central, transcript: Transcript) -> Stepper:
    """Return the run of a transcript, standing at its open question or at its result.

    Raises
    ------
    AnalysisError
        ``BAD_REQUEST`` if the transcript is of another method, or its rounds are not those that its
        request leads to.
    """
    if transcript.config.method != central.name:
        raise unreadable("it is of another method")
    stepper = Stepper(central, transcript.config)
    for finished in transcript.rounds:
        stepper.take(finished)
    return stepper


def _is_of(ask: Ask, point: Coefficients | None) -> bool:
    """Tell whether coefficients that were asked about, if kept, are those of one's own question."""
    if point is None or point == coefficients(ask.arguments):
        return True
    return ask.near is not None and ask.near.is_point(point)


def _included(request: Request, config: Config) -> tuple[int, ...]:
    known = sorted(config.participants)
    chosen = request.organizations_to_include
    unknown = [] if chosen is None else [site for site in chosen if site not in known]
    if unknown:
        raise AnalysisError(
            "BAD_REQUEST",
            f"Argument 'organizations_to_include': not in the collaboration: {in_words(unknown)}.",
        )
    # In a fixed order: tables that list sites do so in the same order, however they are named.
    organizations = tuple(known if chosen is None else sorted(chosen))
    minimum = config.minimum_sites
    if len(organizations) < minimum:
        raise AnalysisError(
            "TOO_FEW_SITES", f"{len(organizations)} organisation(s) take part, {minimum} must."
        )
    return organizations


def _require_rows(attempt: _Attempt, minimum: int) -> None:
    with_rows = [site for site in attempt.organizations if site not in attempt.empty]
    if len(with_rows) < minimum:
        raise AnalysisError(
            "TOO_FEW_SITES",
            f"Only {len(with_rows)} organisation(s) have rows: no pooled result is made of one.",
            sites=[
                {"organization_id": site, "status": "no_rows"} for site in sorted(attempt.empty)
            ],
        )
