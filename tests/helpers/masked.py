"""Runs over sites with keys in this process, with all that they sent, and what it hides."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any
from unittest import mock

import pandas as pd

from helpers.keys import policies
from v6_clinical.disclosure import Policy
from v6_clinical.platforms import local
from v6_clinical.protocol import centre
from v6_clinical.protocol.masked import cover
from v6_clinical.protocol.registry import face_of, load_method, load_site
from v6_clinical.protocol.sums import Sums
from v6_clinical.secure import site as secure_site

KEYS = {"secret", "secure", "peers", "private_key", "secure_min_sites", "masked"}
Held = list[tuple[pd.DataFrame, Policy]]
Spoil = Callable[[int, dict[int, Any], Held], dict[int, Any]]


class MaskedSites(local.Sites):
    """Sites with keys, and a record of their answers.

    Parameters
    ----------
    spoil
        What the answers are replaced by on their way, given the number of the exchange, counted
        from 0 with the opening, the answers, and each site's rows and limits, which it may change.
    """

    def __init__(
        self,
        analysis: str,
        frames: Sequence[pd.DataFrame],
        limits: Sequence[Policy],
        spoil: Spoil = lambda number, found, held: found,
    ) -> None:
        face = face_of(analysis)
        super().__init__(load_site(face.package), frames, limits, lambda _: None)
        self.counts = load_method(face).leaves.counts
        self.asked: list[dict[int, Any]] = []
        self.answers: list[dict[int, Any]] = []
        self.clear: list[dict[int, Sums]] = []
        self._spoil = spoil

    def ask(self, messages: dict[int, Any]) -> dict[int, Any]:
        self.asked.append(json.loads(json.dumps(messages)))
        hidden: dict[int, Sums] = {}

        def kept(sums: Sums, identity: Any, *how: Any) -> dict[str, Any]:
            hidden[identity.organization] = sums
            return cover(sums, identity, *how)

        with mock.patch.object(secure_site, "cover", kept):
            found = self._spoil(len(self.answers), super().ask(messages), self._sites)
        self.answers.append(found)
        if hidden:
            self.clear.append(dict(sorted(hidden.items())))
        return found

    @property
    def sent(self) -> list[dict[int, Any]]:
        """The masked answers, by exchange and organisation."""
        rounds = (
            {k: one["masked"] for k, one in r.items() if "masked" in one} for r in self.answers
        )
        return [one for one in rounds if one]

    @property
    def unions(self) -> list[str]:
        """The steps that were asked again because layouts differed."""
        first = [next(iter(asked.values())) for asked in self.asked]
        return [one["step"] for one in first if one.get("secure", {}).get("again") is not None]

    @property
    def largest(self) -> int:
        """Bytes of the largest answer."""
        return max(len(json.dumps(one)) for sent in self.sent for one in sent.values())

    def words(self) -> list[bytes]:
        """Return the words of all answers."""
        return [base64.b64decode(one["words"]) for sent in self.sent for one in sent.values()]


def with_keys(count: int, policy: Policy, mode: str = "required") -> list[Policy]:
    """Return the limits of so many sites with keys."""
    given = {name: value for name, value in vars(policy).items() if name not in KEYS}
    return policies(count, mode, **given)


def run(
    analysis: str,
    frames: Sequence[pd.DataFrame],
    arguments: dict[str, Any],
    policy: Policy | Sequence[Policy],
    **more: Any,
) -> tuple[dict[str, Any], MaskedSites]:
    """Return the result of a run under masks, and the sites."""
    limits = with_keys(len(frames), policy) if isinstance(policy, Policy) else list(policy)
    sites = MaskedSites(analysis, frames, limits, **more)
    found = centre.run(load_method(face_of(analysis)), arguments, sites, policy=limits[0])
    return found, sites
