"""Signatures bind who signed, every part, and where one part ends and the next begins."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.keys import pair, peers
from v6_clinical.errors import RefusalError
from v6_clinical.secure.peers import digest
from v6_clinical.secure.signing import is_signed, joined, keyed, sign, verify

PARTS = st.lists(st.binary(max_size=12), max_size=4).map(tuple)


@given(PARTS)
def test_what_was_signed_is_found_signed(parts: tuple[bytes, ...]) -> None:
    verify(peers(3), 2, sign(pair(2), *parts), *parts)


@given(PARTS, PARTS)
def test_other_parts_are_not(parts: tuple[bytes, ...], others: tuple[bytes, ...]) -> None:
    assert is_signed(peers(3), 2, sign(pair(2), *parts), *others) == (parts == others)
    assert (joined(*parts) == joined(*others)) == (parts == others)


SIGNED = sign(pair(2), b"config", b"answer")
FORGED = {
    "another's": (2, sign(pair(1), b"config", b"answer")),
    "of another organisation": (1, SIGNED),
    "of nobody": (7, SIGNED),
    "of another key": (2, sign(pair(9), b"config", b"answer")),
    "other order": (2, sign(pair(2), b"answer", b"config")),
    "one part": (2, sign(pair(2), b"configanswer")),
    "moved border": (2, sign(pair(2), b"configa", b"nswer")),
    "a part more": (2, sign(pair(2), b"config", b"answer", b"")),
    "none": (2, None),
    "a number": (2, 7),
    "a list": (2, [SIGNED]),
    "empty": (2, ""),
    "cut": (2, SIGNED[:-4]),
    "spelt otherwise": (2, SIGNED + "\n"),
    "without its end": (2, SIGNED.rstrip("=")),
    "letters": (2, "é" * 88),
    "zeros": (2, base64.b64encode(bytes(64)).decode()),
}


@pytest.mark.parametrize("case", FORGED)
def test_what_is_forged_is_refused_and_named(case: str) -> None:
    organization, signature = FORGED[case]
    with pytest.raises(RefusalError) as caught:
        verify(peers(3), organization, signature, b"config", b"answer")
    assert caught.value.code == "PEERS"
    assert caught.value.where == (str(organization),)


@pytest.mark.parametrize("place", range(64))
def test_a_bit_changed_is_no_signature(place: int) -> None:
    changed = bytearray(base64.b64decode(SIGNED))
    changed[place] ^= 1 << place % 8
    assert not is_signed(peers(3), 2, base64.b64encode(changed).decode(), b"config", b"answer")


def test_a_signature_is_of_this_purpose_only() -> None:
    """The key signs nothing without a label: another protocol's text is no answer of ours."""
    plain = pair(2).signing.sign(joined(b"config", b"answer"))
    assert not is_signed(peers(3), 2, base64.b64encode(plain).decode(), b"config", b"answer")


def test_the_digest_of_a_message_is_that_of_its_meaning() -> None:
    assert digest({"a": [1, 2.5], "b": None}) == digest({"b": None, "a": (1, 2.5)})
    different = [{}, [], "", 0, 0.0, -0.0, None, False, {"a": 1}, {"a": "1"}, [1], ["1"], "[1]"]
    assert len({digest(one) for one in different}) == len(different)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, b"x"])
def test_what_is_no_json_has_no_digest(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        digest([value])


@given(st.binary(min_size=1, max_size=9), PARTS, PARTS)
def test_a_nonce_depends_on_the_secret_and_every_part(
    secret: bytes, parts: tuple[bytes, ...], others: tuple[bytes, ...]
) -> None:
    assert (keyed(secret, *parts) == keyed(secret, *others)) == (parts == others)
    assert keyed(secret, *parts) != keyed(secret + b"x", *parts)
