"""A site that checks what it is asked: it follows the analysis, and answers its next question.

An analysis is a function of its request and of the sums of each round. A checked question comes
with the request, the openings, the totals of all finished rounds but the last, and the last round's
answers, signed. The site verifies these, adds them up itself, and goes through the analysis again
from the start. What it then would ask must be what it was asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from v6_clinical.errors import AnalysisError, RefusalError
from v6_clinical.protocol.answers import Answer, read_answer
from v6_clinical.protocol.layout import Layout
from v6_clinical.protocol.masked import union_of
from v6_clinical.protocol.near import is_same
from v6_clinical.protocol.registry import Central, Site, faces, load_method
from v6_clinical.protocol.request import parse_request
from v6_clinical.protocol.stepper import Stepper, replay
from v6_clinical.protocol.transcript import Config, Transcript
from v6_clinical.secure.keys import Identity, KeyPair
from v6_clinical.secure.opening import check_config, check_openings, config_digest
from v6_clinical.secure.peers import Peers, digest
from v6_clinical.secure.signing import joined, sign, verify
from v6_clinical.version import SCHEMA, __version__

if TYPE_CHECKING:
    from v6_clinical.disclosure import Policy

LABEL: Final = b"answer"
ASKED: Final = frozenset({"config", "openings", "rounds", "last", "again"})
LAST: Final = frozenset({"step", "arguments", "answers", "layout"})
SIGNATURE: Final = "signature"


@dataclass(frozen=True)
class Signed:
    """What a signature of an answer covers beside the answer: all that the answer rests on."""

    config: str
    openings: str
    rounds: str
    question: str

    @classmethod
    def of(
        cls,
        config: Config,
        openings: Mapping[str, Any],
        rounds: Sequence[str],
        step: str,
        arguments: Mapping[str, Any],
        layout: Layout | None = None,
    ) -> Signed:
        """Return the digests of a run so far, and of a question in the layout that is asked for.

        ``rounds`` are those of the finished rounds.
        """
        question = digest([step, arguments, None if layout is None else layout.to_json()])
        return cls(config_digest(config), digest(openings), digest(list(rounds)), question)

    def parts(self, answer: Mapping[str, Any]) -> tuple[bytes, ...]:
        """Return what is signed of an answer."""
        unsigned = {name: value for name, value in answer.items() if name != SIGNATURE}
        return LABEL, *self._words(), digest(unsigned).encode()

    def salt(self) -> bytes:
        """Return what makes the masks of an answer: the same at all sites, for this question."""
        return sha256(joined(b"masks", *self._words())).digest()

    def _words(self) -> tuple[bytes, ...]:
        words = (self.config, self.openings, self.rounds, self.question)
        return tuple(word.encode() for word in words)

    def sign(self, key: KeyPair, answer: dict[str, Any]) -> dict[str, Any]:
        """Return an answer with its signature."""
        return answer | {SIGNATURE: sign(key, *self.parts(answer))}

    def verify(self, peers: Peers, organization: int, answer: Any) -> None:
        """Insist that an organisation has signed this answer.

        Raises
        ------
        RefusalError
            ``PEERS`` naming it.
        """
        if not isinstance(answer, dict):
            raise RefusalError("PEERS", [str(organization)])
        verify(peers, organization, answer.get(SIGNATURE), *self.parts(answer))


@dataclass(frozen=True)
class Question:
    """A question that is the analysis's own next one, and what an answer to it rests on.

    ``counts`` are the first parts of names whose numbers count something, ``layout`` is the one
    that all sites are to answer in, where theirs differ.
    """

    step: str
    arguments: Mapping[str, Any]
    config: Config
    opening: Mapping[str, Any]
    signed: Signed
    counts: frozenset[str]
    layout: Layout | None = None


def check_question(
    site: Site, message: Mapping[str, Any], policy: Policy, identity: Identity
) -> Question:
    """Return a question that the site itself would ask next.

    Raises
    ------
    RefusalError
        ``TRANSCRIPT`` where it is another one or cannot be followed, ``PEERS`` where somebody else
        takes part or has signed, ``BAD_REQUEST`` naming arguments that leave organisations out.
    """
    step, arguments, told = message["step"], message["arguments"], message["secure"]
    try:
        if set(told) != ASKED:
            raise RefusalError("TRANSCRIPT")
        central, transcript = read_run(site, told["config"], told["rounds"], identity.peers)
        check_openings(told["openings"], transcript.config, identity.peers)
        stepper = replay(central, transcript)
        rounds = [digest(one) for one in told["rounds"]]
        rounds += _take_last(stepper, told["openings"], rounds, told["last"], identity.peers)
        if not _is_open(stepper, step, arguments, identity.peers):
            raise RefusalError("TRANSCRIPT")
        run = transcript.config, told["openings"], rounds, step, arguments
        signed, layout = Signed.of(*run), None
        if told["again"] is not None:
            layout = _asked_layout(told["again"], signed, identity.peers)
            signed = Signed.of(*run, layout)
    except (AnalysisError, TypeError, ValueError, KeyError, AttributeError):
        raise RefusalError("TRANSCRIPT") from None
    own = told["openings"][str(identity.organization)]
    counts = central.leaves.counts
    return Question(step, arguments, transcript.config, own, signed, counts, layout)


def read_run(site: Site, config: Any, rounds: Any, peers: Peers) -> tuple[Central, Transcript]:
    """Return the analysis that a run is of, and the run as far as it is told.

    Raises
    ------
    RefusalError
        ``PEERS`` or ``BAD_REQUEST``, see ``check_config``; ``BAD_REQUEST`` too where the request is
        none of this analysis.
    AnalysisError
        If it cannot be read.
    """
    told = {"schema": SCHEMA, "version": __version__, "config": config, "rounds": rounds}
    transcript = Transcript.from_json(told)
    face = next((f for f in faces(site.package) if f.method == transcript.config.method), None)
    if face is None:
        raise RefusalError("BAD_REQUEST", ["method"])
    central = load_method(face)
    try:
        request = parse_request(central.request, dict(transcript.config.arguments))
    except AnalysisError:
        raise RefusalError("BAD_REQUEST", ["arguments"]) from None
    check_config(transcript.config, request, peers)
    return central, transcript


def _take_last(
    stepper: Stepper, openings: Mapping[str, Any], rounds: Sequence[str], last: Any, peers: Peers
) -> list[str]:
    """Verify the last round's answers, and add them up; return the digest of the round, if any.

    Raises
    ------
    RefusalError
        ``PEERS`` naming the organisation that has not signed what is said to be its answer,
        ``TRANSCRIPT`` if the answers are to another question.
    """
    if last is None:
        if stepper.transcript.rounds:
            raise RefusalError("TRANSCRIPT")
        return []
    if set(last) != LAST:
        raise RefusalError("TRANSCRIPT")
    step, arguments = last["step"], last["arguments"]
    layout = None if last["layout"] is None else Layout.from_json(last["layout"])
    signed = Signed.of(stepper.config, openings, rounds, step, arguments, layout)
    answers = _signed_answers(last["answers"], signed, peers)
    if not _is_open(stepper, step, arguments, peers):
        raise RefusalError("TRANSCRIPT")
    stepper.finish(answers, arguments)
    return [digest(one.with_point()) for one in stepper.transcript.rounds[len(rounds) :]]


def _signed_answers(told: Any, signed: Signed, peers: Peers) -> dict[int, Answer]:
    """Return the answers of all organisations, each signed by it.

    Raises
    ------
    RefusalError
        ``PEERS`` naming the organisation that has not signed, ``TRANSCRIPT``.
    """
    if set(told) != set(map(str, peers.ids)):
        raise RefusalError("TRANSCRIPT")
    for one in peers.ids:
        signed.verify(peers, one, told[str(one)])
    raw = {one: told[str(one)] for one in peers.ids}
    return {one: read_answer(raw, one) for one in peers.ids}


def _asked_layout(told: Any, signed: Signed, peers: Peers) -> Layout:
    """Return the layout that holds those of all sites' answers, each signed, where they differ.

    Raises
    ------
    RefusalError
        ``PEERS``, ``TRANSCRIPT``.
    """
    layout = union_of(_signed_answers(told, signed, peers))
    if layout is None:
        raise RefusalError("TRANSCRIPT")
    return layout


def _is_open(stepper: Stepper, step: str, arguments: Mapping[str, Any], peers: Peers) -> bool:
    """Tell whether the run's next question is this one, to all organisations."""
    opened = stepper.open
    if opened is None or opened.organizations != peers.ids or opened.ask.step != step:
        return False
    return is_same(arguments, opened.ask.arguments, opened.ask.near)
