"""Runs whose questions the sites check, with a centre or a server that may lie on the way."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from helpers.keys import pair, peers
from helpers.three_sites import REQUESTS, good
from v6_clinical.disclosure import Policy
from v6_clinical.platforms.local import Sites
from v6_clinical.protocol import centre
from v6_clinical.protocol.registry import face_of, load_central, load_site
from v6_clinical.protocol.site import answer
from v6_clinical.secure.peers import Peers

Message = dict[str, Any]
Lie = Callable[[int, dict[int, Message]], dict[int, Message] | None]

# Every way in which a central side may go on from round to round.
FITS: dict[str, tuple[str, dict[str, Any]]] = {
    "summary": ("summary", REQUESTS["summary"] | {"group_by": "y", "quantiles": [0.1]}),
    "logistic": ("logistic", REQUESTS["logistic"] | {"robust": "HC1"}),
    "glm": ("glm", REQUESTS["glm"]),
    "cox": ("cox", REQUESTS["cox"] | {"time_horizon": 200, "robust": True}),
    "exact": ("cox", REQUESTS["cox"] | {"baseline": "exact"}),
    "scaled": ("cox", {"time": "t", "event": "y", "formula": "scale(age) + bs(bmi, df=4)"}),
}
# Of these the first question is followed by others at coefficients.
STEERED = tuple(name for name in FITS if name != "summary")


def frames(count: int = 3) -> list[pd.DataFrame]:
    """Return the rows of so many sites."""
    return [good(k) for k in range(1, count + 1)]


def policies(count: int = 3, mode: str = "required", **limits: Any) -> list[Policy]:
    """Return open limits with keys, and a secret of its own for each site."""
    return [
        replace(
            Policy.open(),
            secret=bytes([number]) * 32,
            secure=mode,
            peers=peers(count),
            private_key=pair(number).seed,
            secure_min_sites=min(3, count),
            **limits,
        )
        for number in range(1, count + 1)
    ]


def in_clear(given: Sequence[Policy]) -> list[Policy]:
    """Return the same limits and secrets, without keys."""
    return [replace(one, secure="off", peers=None, private_key=None) for one in given]


def unmasked(given: Sequence[Policy]) -> list[Policy]:
    """Return the same in clear, where nothing is told of a site's own either."""
    return [one.under_masks() for one in in_clear(given)]


class Run:
    """A run over sites; ``lie(number, messages)`` may change what is sent in a round.

    ``answers`` of each round are kept, and ``messages``, as the sites got them.
    """

    def __init__(
        self,
        fit: str = "logistic",
        data: Sequence[pd.DataFrame] | None = None,
        given: Sequence[Policy] | None = None,
        lie: Lie = lambda number, messages: None,
        spoil: Lie = lambda number, answers: None,
        **more: Any,
    ) -> None:
        analysis, arguments = FITS[fit]
        self.central, self.arguments = load_central(analysis), arguments | more
        self.data = frames() if data is None else list(data)
        self.policies = policies(len(self.data)) if given is None else list(given)
        self.site = load_site(face_of(analysis).package)
        self.messages: list[dict[int, Message]] = []
        self.answers: list[dict[int, Any]] = []
        self._lie, self._spoil = lie, spoil

    def organizations(self) -> Sequence[int]:
        """Return 1, 2, ..."""
        return range(1, len(self.data) + 1)

    def ask(self, messages: dict[int, Message]) -> dict[int, Any]:
        """Answer at all sites, after the lie."""
        sites = Sites(self.site, self.data, self.policies, lambda organization: None)
        number, sent = len(self.messages), json.loads(json.dumps(list(messages.items())))
        kept = dict(sent)
        lied = self._lie(number, kept)
        kept = kept if lied is None else lied
        self.messages.append(kept)
        found = sites.ask(json_copy(kept))
        spoilt = self._spoil(number, found)
        found = found if spoilt is None else spoilt
        self.answers.append(json.loads(json.dumps(list(found.items()))))
        return found

    def start(self, policy: Policy | None = None) -> dict[str, Any]:
        """Return the result; ``policy`` is that of the central side."""
        return centre.run(self.central, self.arguments, self, policy=policy)

    def one(self, site: int, message: Message, policy: Policy | None = None) -> dict[str, Any]:
        """Return what one site answers to a message."""
        own = self.policies[site - 1] if policy is None else policy
        frame = self.data[site - 1]
        return answer(self.site, json.loads(json.dumps(message)), lambda: own, lambda _: frame)


def json_copy(messages: dict[int, Message]) -> dict[int, Message]:
    """Return messages that share nothing with these."""
    return {site: json.loads(json.dumps(message)) for site, message in messages.items()}


def honest(
    fit: str, count: int = 3, data: Sequence[pd.DataFrame] | None = None, **more: Any
) -> Run:
    """Return a run that came to its end: its messages are there to be changed."""
    run = Run(fit, frames(count) if data is None else data, **more)
    found = run.start(run.policies[0])
    assert found["status"] == "completed", found["error"]
    return run


def without_mode(found: dict[str, Any]) -> dict[str, Any]:
    """Return a result without what says that questions were checked, and of each site's rows."""
    own = ("n", "dropped", "limits")
    sites = [{k: v for k, v in site.items() if k not in own} for site in found["sites"]]
    apart = {"secure", "summation", "ledger"}
    return {k: v for k, v in found.items() if k not in apart} | {"sites": sites}


def ledger(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the ledger of a result without what says that questions were checked."""
    return [{k: v for k, v in line.items() if k != "checked"} for line in found["ledger"]]


def other_peers(count: int = 3, leaving: int = 3) -> Peers:
    """Return a list in which one organisation has another's key."""
    listed = dict(peers(count).keys) | {leaving: pair(99).public}
    return Peers(listed, peers(count).epoch)
