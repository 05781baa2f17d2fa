"""All sites in one process: for demonstrations, tests and work on methods."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from secrets import token_bytes
from typing import TYPE_CHECKING, Any, Final

from v6_clinical.disclosure import Policy
from v6_clinical.protocol import centre as federation
from v6_clinical.protocol.answers import Message
from v6_clinical.protocol.registry import Site, face_of, load_method, load_site
from v6_clinical.protocol.site import answer
from v6_clinical.settings import SECRET_BYTES, Secret

if TYPE_CHECKING:
    import pandas as pd

    from v6_clinical.secure.peers import Peers

PROCESS: Final = Secret(token_bytes(SECRET_BYTES))


class Sites:
    """A transport that calls the site steps side by side, with the JSON of a real message."""

    def __init__(
        self,
        site: Site,
        frames: Sequence[pd.DataFrame],
        policies: Sequence[Policy],
        answered: Callable[[int], None],
    ):
        self._site = site
        self._sites = list(zip(frames, policies, strict=True))
        self._answered = answered

    def organizations(self) -> Sequence[int]:
        """Return the numbers of the sites, from 1."""
        return range(1, len(self._sites) + 1)

    def ask(self, messages: dict[int, Message]) -> dict[int, Any]:
        """Answer at all sites, in threads."""
        with ThreadPoolExecutor(min(len(messages), os.cpu_count() or 1)) as pool:
            answers = {}
            found = pool.map(self._one, messages, messages.values())
            for organization, answer_of_one in zip(messages, found, strict=True):
                answers[organization] = answer_of_one
                self._answered(organization)
            return answers

    def _one(self, organization: int, message: Message) -> Any:
        frame, policy = self._sites[organization - 1]
        sent = json.loads(json.dumps(message, allow_nan=False))
        found = answer(self._site, sent, lambda: policy, lambda _: frame)
        return json.loads(json.dumps(found, allow_nan=False))


def run(
    analysis: str,
    frames: Sequence[pd.DataFrame],
    arguments: dict[str, Any],
    *,
    policy: Policy | Sequence[Policy] | None = None,
    minimum_sites: int = 2,
    progress: federation.Progress = lambda number, step, sites: None,
    answered: Callable[[int], None] = lambda organization: None,
) -> dict[str, Any]:
    """Run an analysis over data frames in this process; organisations are numbered from 1.

    Parameters
    ----------
    analysis
        The method's short name or its method name.
    frames
        One data frame a site.
    arguments
        The analyst's arguments.
    policy
        Limits of the sites: one for all, or one each; default the shipped ones. Sites without a
        secret share one of this process: the same call gives the same result. Sites that are to
        check questions (``secure``) and have no keys get keys of this process.
    minimum_sites
        1 is of use to compare a split with the whole.
    progress
        Called at the start of each round with its number, step and number of sites.
    answered
        Called with each organisation that has answered.

    Raises
    ------
    UnknownMethodError
        If no installed analysis has this name.
    """
    face = face_of(analysis)
    shared = Policy() if policy is None else policy
    policies = [shared] * len(frames) if isinstance(shared, Policy) else list(shared)
    policies = with_keys([_with_secret(one) for one in policies])
    transport = Sites(load_site(face.package), frames, policies, answered)
    return federation.run(
        load_method(face),
        arguments,
        transport,
        minimum_sites=minimum_sites,
        progress=progress,
        policy=policies[0] if policies else None,
    )


def with_keys(policies: Sequence[Policy]) -> list[Policy]:
    """Return the policies with keys of this process, where sites are to check questions by keys.

    A site that has keys keeps them.
    """
    if not any(map(_lacks_keys, policies)):
        return list(policies)
    keys, peers = _keys(len(policies))
    return [
        replace(one, private_key=key, peers=peers) if _lacks_keys(one) else one
        for one, key in zip(policies, keys, strict=True)
    ]


def _lacks_keys(policy: Policy) -> bool:
    return policy.secure != "off" and policy.private_key is None


@cache
def _keys(count: int) -> tuple[list[Secret], Peers]:
    from v6_clinical.secure.keys import KeyPair
    from v6_clinical.secure.peers import Peers

    pairs = [KeyPair.make() for _ in range(count)]
    keys = {number: pair.public for number, pair in enumerate(pairs, 1)}
    return [pair.seed for pair in pairs], Peers(keys, 1)


def _with_secret(policy: Policy) -> Policy:
    """Return the policy with the secret of this process, where noise is drawn without one."""
    return replace(policy, secret=PROCESS) if policy.noise.on and not policy.secret else policy
