"""Masks that hide each site's numbers and cancel in the sum of all sites.

Every two sites agree on a stream of random words, which the one of the lower number adds to what
it sends and the other takes off. A site's masked numbers are uniform for whoever lacks one of its
streams; the sum of all sites is that of the numbers. A stream belongs to one question of one run:
its key is HKDF-SHA256 of what X25519 makes of the two keys, under a salt that covers all that the
run stands on, and the words are ChaCha20's.

Beside the numbers goes a canary, 0 at each site: where its sum is not 0 the streams were not the
same. A tag for each partner, made of the pair's key and what both must have in common, says whose.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20

from v6_clinical.errors import RefusalError
from v6_clinical.secure.fixed import LIMB, LIMBS, Words, added, negated
from v6_clinical.secure.keys import Identity
from v6_clinical.secure.signing import joined

START: Final = bytes(16)  # of ChaCha20's counter and nonce: a key makes one stream only
TAG_DIGITS: Final = 32  # hexadecimal


@dataclass(frozen=True)
class Masked:
    """What a site sends in place of its numbers.

    Parameters
    ----------
    canary
        Shape (1, 4).
    real
        Numbers in fixed point, shape (k, 4).
    whole
        Counts, shape (m, 1).
    """

    canary: Words
    real: Words
    whole: Words

    def to_bytes(self) -> bytes:
        """Return all words, the lowest byte of each first."""
        parts = (self.canary, self.real, self.whole)
        return b"".join(np.ascontiguousarray(part, dtype=LIMB).tobytes() for part in parts)

    @classmethod
    def from_bytes(cls, text: bytes, real: int, whole: int) -> Masked:
        """Return the words of so many real numbers and counts.

        Raises
        ------
        ValueError
            Where they are not so many bytes.
        """
        if len(text) != size_of(real, whole):
            raise ValueError("not so many words")
        words = np.frombuffer(text, dtype=LIMB)
        canary, reals, wholes = np.split(words, [LIMBS, LIMBS + LIMBS * real])
        return cls(canary.reshape(1, LIMBS), reals.reshape(-1, LIMBS), wholes.reshape(-1, 1))


def size_of(real: int, whole: int) -> int:
    """Return how many bytes so many real numbers and counts take, with the canary."""
    return LIMB.itemsize * (LIMBS + LIMBS * real + whole)


def mask(identity: Identity, salt: bytes, real: Words, whole: Words) -> Masked:
    """Return a site's numbers under the masks of all its partners.

    Parameters
    ----------
    salt
        Covers all that the run stands on, and the question: the same at all sites, and never the
        same for other numbers, else the difference of two answers is that of the numbers.
    real, whole
        Numbers in fixed point, shape (k, 4), and counts, shape (m, 1).
    """
    found = [Masked(np.zeros((1, LIMBS), dtype=LIMB), real, whole)]
    for other in identity.others:
        stream = _stream(identity, other, salt, len(real), len(whole))
        found.append(stream if identity.organization < other else _minus(stream))
    return _sum(found)


def unmask(parts: Mapping[int, Masked]) -> tuple[Words, Words]:
    """Return the sums over all sites: of real numbers, shape (k, 4), and of counts, shape (m, 1).

    Parameters
    ----------
    parts
        Each organisation's masked numbers, as many of all.

    Raises
    ------
    RefusalError
        ``MASKS_DO_NOT_CANCEL``.
    """
    total = _sum(list(parts.values()))
    if total.canary.any():
        raise RefusalError("MASKS_DO_NOT_CANCEL")
    return total.real, total.whole


def tags(identity: Identity, salt: bytes, *common: bytes) -> dict[int, str]:
    """Return a tag for each partner: the same on both sides if keys, salt and what is common are.

    Parameters
    ----------
    common
        What the two must have in common, such as the digest of the layout.
    """
    found = {}
    for other in identity.others:
        key = identity.key.shared_with(identity.peers.public(other), b"tag", salt)
        found[other] = hmac.new(key, joined(*common), sha256).hexdigest()[:TAG_DIGITS]
    return found


def check_tags(told: Mapping[int, Mapping[int, str]]) -> None:
    """Insist that every two sites have sent the same tag.

    Parameters
    ----------
    told
        Each organisation's tags, by its partners.

    Raises
    ------
    RefusalError
        ``MASKS_DO_NOT_CANCEL`` naming the organisations of each pair that differ.
    """
    wrong = {
        (one, other)
        for one in told
        for other in told
        if one < other
        and not hmac.compare_digest(told[one].get(other, "one"), told[other].get(one, "other"))
    }
    if wrong:
        raise RefusalError("MASKS_DO_NOT_CANCEL", [f"{one}-{two}" for one, two in sorted(wrong)])


def _stream(identity: Identity, other: int, salt: bytes, real: int, whole: int) -> Masked:
    key = identity.key.shared_with(identity.peers.public(other), b"mask", salt)
    encryptor = Cipher(ChaCha20(key, START), mode=None).encryptor()
    return Masked.from_bytes(encryptor.update(bytes(size_of(real, whole))), real, whole)


def _minus(one: Masked) -> Masked:
    return Masked(negated(one.canary), negated(one.real), negated(one.whole))


def _sum(parts: Sequence[Masked]) -> Masked:
    return Masked(
        added([part.canary for part in parts]),
        added([part.real for part in parts]),
        added([part.whole for part in parts]),
    )
