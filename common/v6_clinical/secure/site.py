"""One message at a site that checks questions: an opening, a checked question, or one in clear."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from v6_clinical.errors import AnalysisError, RefusalError
from v6_clinical.protocol.analysis import Place, SiteAnswer
from v6_clinical.protocol.masked import cover
from v6_clinical.protocol.registry import Site
from v6_clinical.protocol.site import check_fields
from v6_clinical.secure.checked import Question, check_question, read_run
from v6_clinical.secure.keys import Identity
from v6_clinical.secure.opening import OPENING, hello, nonce_of, opening

if TYPE_CHECKING:
    import pandas as pd

    from v6_clinical.disclosure import Policy

FIELDS: Final = ("version", "step", "arguments", "secure")
CLEAR: Final = {"clear": True}
Cover = Callable[[SiteAnswer], dict[str, Any]]
Step = Callable[[str, Mapping[str, Any], Place, "pd.DataFrame", Cover], dict[str, Any]]


def answer_checked(
    site: Site,
    message: Mapping[str, Any],
    policy: Policy,
    read_frame: Callable[[Policy], pd.DataFrame],
    in_clear: Callable[[Mapping[str, Any]], dict[str, Any]],
    step: Step,
) -> dict[str, Any]:
    """Answer at a site whose ``V6C_SECURE`` is ``on`` or ``required``.

    Parameters
    ----------
    in_clear
        Answers a message that is not checked.
    step
        Answers a question that was checked, refusals included, with what masks its sums.

    Raises
    ------
    RefusalError
        ``PEERS``, ``TRANSCRIPT``, ``DATA_CHANGED`` and what other messages are refused with.
    """
    identity = policy.identity
    told = message.get("secure")
    if told is None:
        return hello(policy, identity)
    if told == CLEAR and told["clear"] is True:
        if policy.secure != "on":
            raise RefusalError("PEERS", ["V6C_SECURE"])
        return in_clear({name: part for name, part in message.items() if name != "secure"})
    check_fields(message, FIELDS)
    wrong = [name for name in ("arguments", "secure") if not isinstance(message[name], dict)]
    if wrong:
        raise RefusalError("BAD_REQUEST", wrong)
    if message["step"] == OPENING:
        return _open(site, told, policy, identity, read_frame)
    question = check_question(site, message, policy, identity)
    frame = read_frame(policy)
    _check_rows(question, policy, identity, frame)
    place = Place(identity.index, len(identity.peers.ids))

    def covered(found: SiteAnswer) -> dict[str, Any]:
        if not found.has_rows:
            raise RefusalError("NO_ROWS")  # the sum would be that of the others alone
        salt = question.signed.salt()
        return cover(found.sums, identity, salt, question.counts, question.layout)

    found = step(question.step, question.arguments, place, frame, covered)
    return question.signed.sign(identity.key, found)


def _open(
    site: Site,
    told: Mapping[str, Any],
    policy: Policy,
    identity: Identity,
    read_frame: Callable[[Policy], pd.DataFrame],
) -> dict[str, Any]:
    if set(told) != {"config"}:
        raise RefusalError("BAD_REQUEST", ["secure"])
    try:
        _, run = read_run(site, told["config"], [], identity.peers)
    except AnalysisError:
        raise RefusalError("TRANSCRIPT") from None
    return opening(run.config, policy, identity, read_frame(policy))


def _check_rows(
    question: Question, policy: Policy, identity: Identity, frame: pd.DataFrame
) -> None:
    """Insist that rows and settings are those of the opening.

    Raises
    ------
    RefusalError
        ``DATA_CHANGED``.
    """
    if nonce_of(question.config, policy, identity, frame) != question.opening["nonce"]:
        raise RefusalError("DATA_CHANGED")
