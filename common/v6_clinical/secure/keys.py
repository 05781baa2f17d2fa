"""A site's key pair, and who it is among its peers.

One seed of 32 bytes is all that an operator keeps. HKDF-SHA256 makes of it the X25519 key by which
pairs of sites agree on masks, the Ed25519 key by which a site signs, and a secret for the noise;
each under a label of its own, so that none tells of another.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from functools import cached_property
from secrets import token_bytes
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from v6_clinical.errors import RefusalError
from v6_clinical.secure.peers import HALF, Peers
from v6_clinical.settings import PRIVATE_KEY_BYTES, Secret

LABEL: Final = b"v6-clinical 1 "


def derived(key: bytes, label: bytes, salt: bytes = b"") -> Secret:
    """Return HKDF-SHA256 of a key under a label: 32 bytes that tell nothing of the key."""
    return Secret(HKDF(SHA256(), 32, salt, LABEL + label).derive(key))


@dataclass(frozen=True)
class KeyPair:
    """A private key, and what follows from it.

    Parameters
    ----------
    seed
        32 random bytes: what ``V6C_PRIVATE_KEY`` holds.
    """

    seed: Secret = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.seed) != PRIVATE_KEY_BYTES:
            raise ValueError("a private key has 32 bytes")

    @classmethod
    def make(cls) -> KeyPair:
        """Draw a new one."""
        return cls(Secret(token_bytes(PRIVATE_KEY_BYTES)))

    @property
    def text(self) -> str:
        """The private key as an operator keeps it; for the operator alone."""
        return base64.b64encode(self.seed).decode()

    @cached_property
    def agreement(self) -> X25519PrivateKey:
        """The key by which two sites agree on one that nobody else has."""
        return X25519PrivateKey.from_private_bytes(derived(self.seed, b"x25519"))

    @cached_property
    def signing(self) -> Ed25519PrivateKey:
        """The key by which the site signs."""
        return Ed25519PrivateKey.from_private_bytes(derived(self.seed, b"ed25519"))

    @cached_property
    def public(self) -> str:
        """Both public keys as partners exchange them: 64 bytes in base64."""
        halves = (
            self.agreement.public_key().public_bytes_raw(),
            self.signing.public_key().public_bytes_raw(),
        )
        return base64.b64encode(b"".join(halves)).decode()

    def secret(self) -> Secret:
        """Return what keys the noise where the operator set no ``V6C_SECRET``."""
        return derived(self.seed, b"noise")

    def shared_with(self, public: str, label: bytes, salt: bytes = b"") -> Secret:
        """Return bytes that this site and the owner of a public key have, and nobody else.

        Raises
        ------
        ValueError
            Where the public key is one of the few with which every private key agrees alike.
        """
        other = X25519PublicKey.from_public_bytes(base64.b64decode(public)[:HALF])
        return derived(self.agreement.exchange(other), label, salt)


def signing_key(public: str) -> Ed25519PublicKey:
    """Return what verifies the signatures of the owner of a public key."""
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(public)[HALF:])


@dataclass(frozen=True)
class Identity:
    """A site among its peers.

    Parameters
    ----------
    key
        The site's own.
    peers
        All organisations, the site's own too.
    organization
        The site's own, found by its public key.
    """

    key: KeyPair
    peers: Peers
    organization: int

    @property
    def index(self) -> int:
        """The site's place among its peers."""
        return self.peers.ids.index(self.organization)

    @property
    def others(self) -> tuple[int, ...]:
        """The other organisations, sorted."""
        return tuple(one for one in self.peers.ids if one != self.organization)


def identity_of(key: Secret | None, peers: Peers | None, fewest: int) -> Identity:
    """Return who a site is, by its settings.

    Raises
    ------
    RefusalError
        ``BAD_SETTING`` naming the settings that are missing or do not fit each other.
    """
    found = _identity(key, peers, fewest)
    if not isinstance(found, Identity):
        raise RefusalError("BAD_SETTING", found[0])
    return found


def what_is_wrong(key: Secret | None, peers: Peers | None, fewest: int) -> list[str]:
    """Return in a sentence what keeps a site from its secure mode, if anything does."""
    found = _identity(key, peers, fewest)
    return [] if isinstance(found, Identity) else [found[1]]


def _identity(
    key: Secret | None, peers: Peers | None, fewest: int
) -> Identity | tuple[list[str], str]:
    """Return who a site is, or the settings that keep it from its mode, and why."""
    if key is None or peers is None:
        given = {"V6C_PRIVATE_KEY": key, "V6C_PEERS": peers}
        names = [name for name, value in given.items() if value is None]
        return names, f"V6C_SECURE asks for {' and '.join(names)}, which is not set."
    pair = KeyPair(key)
    own = peers.organization_of(pair.public)
    if own is None:
        words = "V6C_PEERS does not hold the public key that belongs to V6C_PRIVATE_KEY."
        return ["V6C_PEERS", "V6C_PRIVATE_KEY"], words
    if len(peers.ids) < fewest:
        words = f"V6C_PEERS has {len(peers.ids)} organisations, V6C_SECURE_MIN_SITES is {fewest}."
        return ["V6C_PEERS", "V6C_SECURE_MIN_SITES"], words
    found = Identity(pair, peers, own)
    try:
        for other in found.others:
            pair.shared_with(peers.public(other), b"try")
    except ValueError:
        return ["V6C_PEERS"], "V6C_PEERS has a key with which nothing secret can be agreed on."
    return found
