"""How the central side puts a question to its sites: in clear, or so that they check it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from v6_clinical.errors import AnalysisError
from v6_clinical.protocol.answers import Answer, Message, in_words, read_answer
from v6_clinical.protocol.stepper import OpenRound, Stepper
from v6_clinical.protocol.sums import Sums

if TYPE_CHECKING:
    from v6_clinical.disclosure import Policy
    from v6_clinical.secure.centre import Run


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


class Channel:
    """Puts questions to all sites, in clear unless all of them want to check what they are asked.

    Sites that want it answer a question in clear with an opening instead of sums. Where others
    answered it, they are asked once more to answer in clear: those that never do refuse.

    Parameters
    ----------
    policy
        The settings where the central side runs. Where it has keys, the sites are taken to have
        them too: the first question is not put to them in clear before.
    """

    def __init__(self, transport: Transport, policy: Policy | None) -> None:
        self._transport = transport
        self._policy = policy
        self._run: Run | None = None
        self._in_clear: frozenset[int] = frozenset()
        self._begun = False

    def put(self, stepper: Stepper, opened: OpenRound) -> dict[int, Answer]:
        """Put the open question to all sites, and return their answers.

        Raises
        ------
        AnalysisError
            If an answer is missing or cannot be read, or the sites' lists of keys do not allow it.
        """
        if not self._begun:
            self._begun = True
            if self._policy is not None and self._policy.secure != "off":
                refused = self._open(stepper, opened.organizations)
                if refused is not None:
                    return refused
        if self._run is not None:
            return self._run.put(stepper, opened, self._transport)
        raw = self._transport.ask(self._messages(opened, opened.organizations))
        opening = [site for site in opened.organizations if _is_opening(raw.get(site))]
        if not opening:
            return read(raw, opened.organizations)
        if len(opening) == len(opened.organizations) and opened.number == 1:
            return self._open(stepper, opened.organizations) or self.put(stepper, opened)
        self._in_clear |= frozenset(opening)
        raw |= self._transport.ask(self._messages(opened, opening))
        return read(raw, opened.organizations)

    def _messages(self, opened: OpenRound, sites: Sequence[int]) -> dict[int, Message]:
        """Return the question in clear for these sites."""
        clear: Message = {"secure": {"clear": True}}
        return {
            site: message | (clear if site in self._in_clear else {})
            for site, message in opened.messages().items()
            if site in sites
        }

    def _open(self, stepper: Stepper, sites: Sequence[int]) -> dict[int, Answer] | None:
        """Open a run whose questions the sites check.

        Returns
        -------
        dict or None
            What they answered if any refuses to; None if all have opened, or some answer in clear
            only.
        """
        from v6_clinical.secure.centre import Run, check_refusals, refuses_opening

        run = Run(stepper.config, self._policy)
        raw = self._transport.ask({site: run.opening() for site in sites})
        opened = frozenset(site for site in sites if _is_opening(raw.get(site)))
        plain = frozenset(site for site in sites if refuses_opening(raw.get(site)))
        if opened == frozenset(sites):
            run.begin(stepper, raw)
            self._run = run
        elif opened | plain == frozenset(sites):
            self._in_clear = opened
        else:
            check_refusals(raw)
            rest = read(raw, sites, but=opened | plain)
            return {site: rest.get(site, Answer("ok", None, Sums())) for site in sites}
        return None


def read(
    raw: Mapping[int, Any], sites: Sequence[int], but: frozenset[int] = frozenset()
) -> dict[int, Answer]:
    """Return the sites' answers, but for those of some.

    Raises
    ------
    AnalysisError
        ``PEERS`` where a site that answered in clear wants to check questions, ``BAD_ANSWER``.
    """
    changed = [site for site in sites if site not in but and _is_opening(raw.get(site))]
    if changed:
        records = [{"organization_id": site, "code": "PEERS"} for site in changed]
        message = f"Organisation(s) {in_words(changed)} want to check questions, others do not."
        raise AnalysisError("PEERS", message, sites=records)
    return {site: read_answer(raw, site) for site in sites if site not in but}


def _is_opening(raw: object) -> bool:
    return isinstance(raw, dict) and raw.get("status") == "opening"
