"""The central side of every platform: ask all sites, insist on all answers, add, conclude."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from v6_clinical.errors import AnalysisError
from v6_clinical.protocol.answers import Message
from v6_clinical.protocol.channel import Channel, Transport
from v6_clinical.protocol.envelope import Envelope, empty_envelope, failed
from v6_clinical.protocol.registry import Central
from v6_clinical.protocol.request import parse_request
from v6_clinical.protocol.stepper import Stepper, replay
from v6_clinical.protocol.transcript import Config, Transcript

if TYPE_CHECKING:
    from v6_clinical.disclosure import Policy

__all__ = ["Message", "Progress", "Transport", "empty_envelope", "resume", "run"]

Progress = Callable[[int, str, int], None]
Keep = Callable[[Transcript], None]


def _silent(number: int, step: str, sites: int) -> None:
    """Tell nobody."""


def run(
    central: Central,
    arguments: dict[str, Any],
    transport: Transport,
    *,
    minimum_sites: int = 2,
    progress: Progress = _silent,
    keep: Keep = lambda transcript: None,
    policy: Policy | None = None,
) -> Envelope:
    """Run an analysis over a transport and return the result envelope (strict JSON).

    Expected problems come back as ``status`` "refused" or "failed" with an ``error``. With
    ``on_refusal="exclude"`` the analysis begins again without the sites that refused, since the
    earlier rounds' sums contain their rows.

    Parameters
    ----------
    progress
        Called at the start of each round with its number, step and number of sites.
    keep
        Called with the transcript after each round: ``resume`` takes the run up from there.
    policy
        The settings where the central side runs: whether sites are likely to check what they are
        asked, and the list of keys by which the central side checks their signatures too.
    """
    try:
        parse_request(central.request, arguments)  # complain of it before the server is asked
        participants = tuple(transport.organizations())
    except AnalysisError as error:
        return failed(empty_envelope(central.name), error, [])
    config = Config(central.name, arguments, participants, minimum_sites)
    return _drive(Stepper(central, config), transport, progress, keep, policy)


def resume(
    central: Central,
    transcript: Transcript,
    transport: Transport,
    *,
    progress: Progress = _silent,
    keep: Keep = lambda transcript: None,
    policy: Policy | None = None,
) -> Envelope:
    """Take a run up again from its transcript: the finished rounds are not asked once more.

    Raises
    ------
    AnalysisError
        ``BAD_REQUEST`` if the transcript cannot be used.
    """
    return _drive(replay(central, transcript), transport, progress, keep, policy)


def _drive(
    stepper: Stepper,
    transport: Transport,
    progress: Progress,
    keep: Keep,
    policy: Policy | None,
) -> Envelope:
    channel = Channel(transport, policy)
    while stepper.open is not None:
        progress(stepper.open.number, stepper.open.ask.step, len(stepper.open.organizations))
        try:
            stepper.finish(channel.put(stepper, stepper.open))
        except AnalysisError as error:
            stepper.fail(error)
        else:
            keep(stepper.transcript)
    if stepper.result is None:
        raise TypeError("a run without an open question has a result")
    return stepper.result
