"""The list of organisations that a site sums with, and their public keys, as operators exchange it.

``V6C_PEERS`` is JSON: {"1": public key, "2": public key, ..., "epoch": n}, the same at every site.
Operators compare its fingerprint by voice. A list that came through the centre is worth nothing: it
would hold the centre's own keys.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

EPOCH: Final = "epoch"
FEWEST: Final = 2
HALF: Final = 32  # bytes of the X25519 key, and of the Ed25519 key behind it
MOST_TEXT: Final = 1_000_000  # ten thousand organisations
PRIME: Final = 2**255 - 19
# 32 hexadecimal digits: of 16 a partner could make two lists that agree in 2^32 tries.
SHOWN: Final = 32


@dataclass(frozen=True)
class Peers:
    """All organisations of a masked sum, with their public keys.

    Parameters
    ----------
    keys
        Organisation to its public key: 64 bytes in base64, X25519 before Ed25519.
    epoch
        Counts the exchanges of keys; a leaked key is of one epoch.
    """

    keys: Mapping[int, str] = field(hash=False)
    epoch: int

    @property
    def ids(self) -> tuple[int, ...]:
        """The organisations, sorted."""
        return tuple(sorted(self.keys))

    def public(self, organization: int) -> str:
        """Return an organisation's public key; ``KeyError`` if it is not on the list."""
        return self.keys[organization]

    def organization_of(self, public: str) -> int | None:
        """Return whose public key this is; None if it is nobody's."""
        return next((one for one, key in self.keys.items() if key == public), None)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON, as ``V6C_PEERS`` holds it."""
        return {str(one): self.keys[one] for one in self.ids} | {EPOCH: self.epoch}

    @property
    def digest(self) -> str:
        """The sha256 of the canonical JSON, in hexadecimal: for messages."""
        return digest(self.to_json())

    @property
    def fingerprint(self) -> str:
        """The beginning of ``digest`` in groups of four: for people, who compare it."""
        return fingerprint(self.digest)

    @classmethod
    def read(cls, text: str) -> Peers:
        """Read what ``V6C_PEERS`` holds.

        Raises
        ------
        ValueError
            Where it is no JSON of this form, an organisation or a key occurs twice, a key is none,
            or there are fewer than two organisations.
        """
        if len(text) > MOST_TEXT:
            raise ValueError("too long")
        try:
            pairs = json.loads(text, object_pairs_hook=_Pairs)
        except RecursionError:
            raise ValueError("no JSON") from None
        if not isinstance(pairs, _Pairs):
            raise ValueError("no JSON object")
        found = dict(pairs)
        if len(found) < len(pairs):
            raise ValueError("a name occurs twice")
        epoch = found.pop(EPOCH, None)
        if type(epoch) is not int or not 0 <= epoch < 2**31:
            raise ValueError("no epoch")
        keys = {_organization(name): _public(key) for name, key in found.items()}
        if len(keys) < FEWEST:
            raise ValueError("fewer than two organisations")
        halves = {key for text in keys.values() for key in _halves(base64.b64decode(text))}
        if len(halves) < 2 * len(keys):
            raise ValueError("a key occurs twice")
        return cls(keys, epoch)


def digest(message: Any) -> str:
    """Return the sha256 of a message's canonical JSON, in hexadecimal.

    Raises
    ------
    TypeError, ValueError
        If it is no strict JSON.
    """
    text = json.dumps(message, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def fingerprint(whole: object) -> str:
    """Return the beginning of a digest in groups of four; of what is none, "none"."""
    if not isinstance(whole, str) or not re.fullmatch("[0-9a-f]{64}", whole, re.ASCII):
        return "none"
    return "-".join(whole[start : start + 4] for start in range(0, SHOWN, 4))


class _Pairs(list[tuple[str, Any]]):
    """The names and values of a JSON object, doubled names too."""


def _organization(name: str) -> int:
    if not re.fullmatch("[1-9][0-9]{0,8}", name, re.ASCII):
        raise ValueError("not an organisation's number")
    return int(name)


def _public(text: object) -> str:
    """Return a public key as it was given, if it is one and spelt in the one way.

    Two spellings of a key would be two keys, and one organisation would be two.
    """
    if not isinstance(text, str):
        raise ValueError("not a public key")
    key = base64.b64decode(text, validate=True)
    if len(key) != 2 * HALF or base64.b64encode(key).decode() != text:
        raise ValueError("not a public key")
    agreement, signing = _halves(key)
    # the highest bit of the second is a sign
    numbers = [int.from_bytes(agreement, "little"), int.from_bytes(signing, "little") % 2**255]
    if max(numbers) >= PRIME:
        raise ValueError("not a public key")
    return text


def _halves(key: bytes) -> tuple[bytes, bytes]:
    return key[:HALF], key[HALF:]
