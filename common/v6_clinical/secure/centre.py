"""The central side of a run whose questions the sites check: openings, and what they ask to see.

The central side can do nothing here that sites do not see: it hands on what they signed. Where it
has the list of keys it verifies signatures as they do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from v6_clinical.errors import AnalysisError, RefusalError
from v6_clinical.protocol.answers import Answer, Message, in_words
from v6_clinical.protocol.channel import Transport, read
from v6_clinical.protocol.layout import Layout
from v6_clinical.protocol.masked import union_of
from v6_clinical.protocol.stepper import OpenRound, Stepper
from v6_clinical.protocol.transcript import Config
from v6_clinical.secure.checked import SIGNATURE, Signed
from v6_clinical.secure.opening import OPENING, check_config, check_openings, wrong_request
from v6_clinical.secure.peers import Peers, digest, fingerprint
from v6_clinical.version import __version__

if TYPE_CHECKING:
    from v6_clinical.disclosure import Policy

REPLAYED: Final = "replayed"


class Run:
    """A run whose questions the sites check.

    Parameters
    ----------
    policy
        The settings where the central side runs, if any.
    """

    def __init__(self, config: Config, policy: Policy | None) -> None:
        self._config = config
        self._peers: Peers | None = None if policy is None else policy.peers
        self._openings: dict[str, Any] = {}
        self._rounds: list[dict[str, Any]] = []
        self._digests: list[str] = []
        self._last: dict[str, Any] | None = None

    def opening(self) -> Message:
        """Return the message that opens the run, the same for all sites."""
        return {
            "version": __version__,
            "step": OPENING,
            "arguments": {},
            "secure": {"config": self._config.to_json()},
        }

    def begin(self, stepper: Stepper, openings: dict[int, Any]) -> None:
        """Take the sites' openings.

        Raises
        ------
        AnalysisError
            ``PEERS`` where their lists differ or are not of all that take part, ``BAD_REQUEST``
            naming the argument that leaves organisations out.
        """
        self._openings = {str(site): openings[site] for site in sorted(openings)}
        lists = {site: said.get("peers") for site, said in openings.items()}
        if len(set(map(str, lists.values()))) > 1:
            message = "The sites' lists of keys are not the same: "
            message += ", ".join(f"organisation {s}: {fingerprint(k)}" for s, k in lists.items())
            records = [{"organization_id": site, "code": "PEERS"} for site in lists]
            raise AnalysisError("PEERS", f"{message}.", sites=records)
        try:
            if self._peers is not None:
                check_config(self._config, stepper.request, self._peers)
                check_openings(self._openings, self._config, self._peers)
        except RefusalError as refusal:
            raise wrong_request(refusal) from None
        modes = sorted({str(said.get("mode")) for said in openings.values()})
        peers = fingerprint(next(iter(lists.values())))
        stepper.note({"mode": modes[0], "questions": REPLAYED, "peers": peers})

    def put(self, stepper: Stepper, opened: OpenRound, transport: Transport) -> dict[int, Answer]:
        """Put the open question to all sites, and return their answers.

        Raises
        ------
        AnalysisError
            ``PEERS`` naming a site whose answer is not signed, ``BAD_ANSWER``.
        """
        found, raw = self._ask(stepper, opened, transport)
        layout = union_of(found)
        if layout is not None:
            found, raw = self._ask(stepper, opened, transport, layout, raw)
        told = None if layout is None else layout.to_json()
        plain = opened.plain()
        self._last = {
            "step": plain["step"],
            "arguments": plain["arguments"],
            "answers": raw,
            "layout": told,
        }
        return found

    def _ask(
        self,
        stepper: Stepper,
        opened: OpenRound,
        transport: Transport,
        layout: Layout | None = None,
        again: dict[str, Any] | None = None,
    ) -> tuple[dict[int, Answer], dict[str, Any]]:
        """Put the open question to all sites, and return their answers, read and as they are.

        Parameters
        ----------
        layout, again
            In which all are to answer, and the answers from which that follows.
        """
        new = [one.with_point() for one in stepper.transcript.rounds[len(self._rounds) :]]
        self._rounds, self._digests = self._rounds + new, self._digests + [digest(r) for r in new]
        plain = opened.plain()
        told = self._rounds[:-1]
        run = {"config": self._config.to_json(), "openings": self._openings, "rounds": told}
        message = plain | {"secure": run | {"last": self._last, "again": again}}
        raw = transport.ask(dict.fromkeys(opened.organizations, message))
        found = read(raw, opened.organizations)
        question = plain["step"], plain["arguments"], layout
        signed = Signed.of(self._config, self._openings, self._digests, *question)
        # a refusal that ends the run needs no signature: a site may not have got so far
        going_on = [s for s, a in found.items() if not a.code or a.code in opened.ask.tolerates]
        unsigned = [site for site in going_on if not self._is_signed(site, raw[site], signed)]
        if unsigned:
            records = [{"organization_id": site, "code": "PEERS"} for site in unsigned]
            message_text = f"Organisation(s) {in_words(unsigned)} did not sign their answers."
            raise AnalysisError("PEERS", message_text, sites=records)
        return found, {str(site): raw[site] for site in opened.organizations}

    def _is_signed(self, site: int, answer: Any, signed: Signed) -> bool:
        if self._peers is None:
            return isinstance(answer.get(SIGNATURE), str)
        try:
            signed.verify(self._peers, site, answer)
        except RefusalError:
            return False
        return True


def check_refusals(openings: dict[int, Any]) -> None:
    """Complain of arguments with which no site opens a run.

    Raises
    ------
    AnalysisError
        ``BAD_REQUEST`` naming the argument that leaves organisations out.
    """
    for raw in openings.values():
        where = raw.get("where") if isinstance(raw, dict) else None
        for name in ("on_refusal", "organizations_to_include"):
            if isinstance(where, list) and name in where:
                raise wrong_request(RefusalError("BAD_REQUEST", [name]))


def refuses_opening(raw: object) -> bool:
    """Tell whether a site does not know of openings: it answers in clear only."""
    if not isinstance(raw, dict) or raw.get("code") != "BAD_REQUEST":
        return False
    where = raw.get("where")
    return isinstance(where, list) and "secure" in where
