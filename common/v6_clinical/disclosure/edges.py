"""Limits whose place is drawn anew for each question, where answers have noise.

Whether a question is refused depends on the rows. Of a limit that stays where it is, whoever moves
a coefficient, or a number taken off a column, until the answer changes learns an exact sum: some
fifty digits of a column's standard deviation in as many calls. So a limit moves inwards, by up to a
twelfth, by a draw that the question keys: many calls tell the place like any noise does.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from secrets import token_bytes
from typing import Any, Final, Self

from v6_clinical.disclosure.limits import Limits

NARROWEST: Final = 2.0**-0.125


@dataclass(frozen=True)
class DrawnLimits(Limits):
    """Limits for one question.

    Parameters
    ----------
    question
        The key of their places; without one they are where they are set.
    """

    question: bytes = field(default=b"", repr=False)

    def asked(self, step: str, arguments: Mapping[str, Any]) -> Self:
        """Return the limits for a question; the same where nothing has noise."""
        if not self.noise.on:
            return self
        text = json.dumps([step, arguments], sort_keys=True, default=dict).encode()
        secret = self.secret if self.secret is not None else token_bytes(32)
        return replace(self, question=hmac.new(secret, b"limits|" + text, hashlib.sha256).digest())

    def share(self, name: str) -> float:
        """Return the share of a limit that holds for the question, from ``NARROWEST`` to 1."""
        if not self.question:
            return 1.0
        drawn = hmac.new(self.question, name.encode(), hashlib.sha256).digest()
        return float(NARROWEST ** (int.from_bytes(drawn[:6], "big") / 2.0**48))

    def least(self, limit: float, n: int, name: str) -> float:
        """Return the number of rows, or what they are worth, that is enough; of n rows.

        All of few rows stay enough: of them the limit moves less. One row is no limit.
        """
        room = max(0.0, 1 - limit / n) if n and limit > 1 else 0.0
        return limit * (1 + (1 / self.share(name) - 1) * room)
