"""What a site says so that everybody can see who said it, and of what."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final

from cryptography.exceptions import InvalidSignature

from v6_clinical.errors import RefusalError
from v6_clinical.secure.keys import LABEL, KeyPair, signing_key
from v6_clinical.secure.peers import Peers

SIGNATURE_BYTES: Final = 64


def joined(*parts: bytes) -> bytes:
    """Return parts as one text that no other parts give: each behind its length."""
    sized = [len(part).to_bytes(8, "big") + part for part in parts]
    return len(parts).to_bytes(8, "big") + b"".join(sized)


def sign(key: KeyPair, *parts: bytes) -> str:
    """Return a signature of the parts, in their order, in base64."""
    return base64.b64encode(key.signing.sign(_signed(parts))).decode()


def verify(peers: Peers, organization: int, signature: object, *parts: bytes) -> None:
    """Insist that an organisation has signed these parts, in this order.

    Raises
    ------
    RefusalError
        ``PEERS`` naming the organisation.
    """
    if not is_signed(peers, organization, signature, *parts):
        raise RefusalError("PEERS", [str(organization)])


def is_signed(peers: Peers, organization: int, signature: object, *parts: bytes) -> bool:
    """Tell whether an organisation has signed these parts; in base64, spelt in the one way."""
    if organization not in peers.keys or not isinstance(signature, str):
        return False
    try:
        found = base64.b64decode(signature, validate=True)
        if len(found) != SIGNATURE_BYTES or base64.b64encode(found).decode() != signature:
            return False
        signing_key(peers.public(organization)).verify(found, _signed(parts))
    except (ValueError, InvalidSignature):
        return False
    return True


def _signed(parts: tuple[bytes, ...]) -> bytes:
    return joined(LABEL + b"signature", *parts)


def keyed(secret: bytes, *parts: bytes) -> str:
    """Return the HMAC-SHA256 of the parts, in hexadecimal."""
    return hmac.new(secret, joined(LABEL + b"nonce", *parts), hashlib.sha256).hexdigest()
