"""Runs whose answers are masked, over sites in this process, apart from the frame of messages."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any
from unittest import mock

import pandas as pd

from helpers.keys import identities
from v6_clinical.disclosure import Policy
from v6_clinical.platforms import local
from v6_clinical.protocol import centre
from v6_clinical.protocol.layout import Layout
from v6_clinical.protocol.masked import cover, read_covered, total_of
from v6_clinical.protocol.registry import face_of, load_method, load_site
from v6_clinical.protocol.sums import Sums


class MaskedSites(local.Sites):
    """Sites that cover their sums; the total comes back as if one of them had sent it all."""

    def __init__(self, analysis: str, frames: Sequence[pd.DataFrame], policies: Sequence[Policy]):
        face = face_of(analysis)
        super().__init__(load_site(face.package), frames, policies, lambda _: None)
        self.counts = load_method(face).leaves.counts
        self.identities = identities(len(frames))
        self.clear: list[dict[int, Sums]] = []
        self.sent: list[dict[int, Any]] = []
        self.unions: list[str] = []

    def ask(self, messages: dict[int, Any]) -> dict[int, Any]:
        found = super().ask(messages)
        if any(one["status"] == "refused" for one in found.values()):
            return found
        self.clear.append({k: Sums.from_json(one["sums"]) for k, one in found.items()})
        salt = json.dumps(messages).encode()
        total = self._covered(None, salt)
        if isinstance(total, Layout):
            self.unions.append(next(iter(messages.values()))["step"])
            total = self._covered(total, salt)
        assert isinstance(total, Sums)
        first, *_ = found
        empty = {"n": None, "dropped": None, "sums": Sums().to_json()}
        return {k: one | empty for k, one in found.items()} | {
            first: found[first] | empty | {"sums": total.to_json()}
        }

    def _covered(self, asked: Layout | None, salt: bytes) -> Sums | Layout:
        sent = {
            k: json.loads(json.dumps(cover(one, self.identities[k - 1], salt, self.counts, asked)))
            for k, one in self.clear[-1].items()
        }
        self.sent.append(sent)
        return total_of({k: read_covered(one, self.counts) for k, one in sent.items()}, self.counts)

    @property
    def largest(self) -> int:
        """Bytes of the largest answer."""
        return max(len(json.dumps(one)) for sent in self.sent for one in sent.values())

    def words(self) -> list[bytes]:
        """Return the words of all answers."""
        return [base64.b64decode(one["words"]) for sent in self.sent for one in sent.values()]


def run(
    analysis: str,
    frames: Sequence[pd.DataFrame],
    arguments: dict[str, Any],
    policy: Policy,
) -> tuple[dict[str, Any], MaskedSites]:
    """Return the result of a run under masks, and the sites."""
    sites = MaskedSites(analysis, frames, [policy.under_masks()] * len(frames))
    with mock.patch("v6_clinical.protocol.stepper.check_answers", return_value=None):
        found = centre.run(load_method(face_of(analysis)), arguments, sites)
    return found, sites
