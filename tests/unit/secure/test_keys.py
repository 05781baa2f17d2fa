"""Key pairs: what follows from a seed, who a site is, and settings that do not fit."""

from __future__ import annotations

import base64
import json

import pytest

from helpers.keys import identities, list_of, pair, peers, policies, settings
from v6_clinical.disclosure import Policy
from v6_clinical.errors import RefusalError
from v6_clinical.secure.keys import KeyPair
from v6_clinical.settings import Secret, problems

SEED = bytes(range(32))
# From HKDF by its definition (RFC 5869) in ``hmac``, and X25519 and Ed25519 by these bytes.
AGREEMENT, SIGNING = b"v6-clinical 1 x25519", b"v6-clinical 1 ed25519"


def by_definition(key: bytes, label: bytes) -> bytes:
    import hashlib
    import hmac

    drawn = hmac.new(bytes(32), key, hashlib.sha256).digest()
    return hmac.new(drawn, label + b"\x01", hashlib.sha256).digest()


def test_keys_follow_from_the_seed() -> None:
    made = KeyPair(Secret(SEED))
    assert made.agreement.private_bytes_raw() == by_definition(SEED, AGREEMENT)
    assert made.signing.private_bytes_raw() == by_definition(SEED, SIGNING)
    assert made.secret() == by_definition(SEED, b"v6-clinical 1 noise")
    assert base64.b64decode(made.text) == SEED
    assert KeyPair(Secret(base64.b64decode(made.text))).public == made.public


def test_everything_that_follows_differs() -> None:
    made, other = KeyPair.make(), KeyPair.make()
    found = [
        part
        for key in (made, other)
        for part in (
            bytes(key.seed),
            key.agreement.private_bytes_raw(),
            key.signing.private_bytes_raw(),
            bytes(key.secret()),
            base64.b64decode(key.public)[:32],
            base64.b64decode(key.public)[32:],
        )
    ]
    assert len(set(found)) == 12


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_a_seed_has_32_bytes(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        KeyPair(Secret(bytes(size)))


def test_two_sites_agree_and_nobody_else_does() -> None:
    one, two, three = (pair(k) for k in (1, 2, 3))
    agreed = one.shared_with(two.public, b"x", b"salt")
    assert agreed == two.shared_with(one.public, b"x", b"salt")
    others = [
        one.shared_with(two.public, b"y", b"salt"),
        one.shared_with(two.public, b"x", b"tlas"),
        one.shared_with(three.public, b"x", b"salt"),
        two.shared_with(three.public, b"x", b"salt"),
    ]
    assert len({agreed, *others}) == 5


def test_a_site_finds_itself() -> None:
    for number, policy in enumerate(policies(5), 1):
        found = policy.identity
        assert (found.organization, found.index) == (number, number - 1)
        assert found.others == tuple(k for k in range(1, 6) if k != number)
    assert [one.organization for one in identities(3)] == [1, 2, 3]


@pytest.mark.parametrize("mode", ["on", "required", " Required\n"])
def test_the_noise_has_a_secret_of_the_private_key(mode: str) -> None:
    given = settings(1, 3, mode)
    assert Policy.from_environment(given).secret == pair(1).secret()
    own = Policy.from_environment(given | {"V6C_SECRET": SEED.hex()})
    assert own.secret == SEED
    off = Policy.from_environment(given | {"V6C_SECURE": "off"})
    assert off.secret is None


LOW_ORDER = base64.b64encode(bytes(32) + base64.b64decode(pair(4).public)[32:]).decode()
UNFIT = {
    "no key": ({"V6C_PRIVATE_KEY": None}, ["V6C_PRIVATE_KEY"]),
    "no list": ({"V6C_PEERS": None}, ["V6C_PEERS"]),
    "neither": ({"V6C_PRIVATE_KEY": None, "V6C_PEERS": None}, ["V6C_PEERS", "V6C_PRIVATE_KEY"]),
    "another's key": ({"V6C_PRIVATE_KEY": pair(9).text}, ["V6C_PEERS", "V6C_PRIVATE_KEY"]),
    "too few": ({"V6C_SECURE_MIN_SITES": "4"}, ["V6C_PEERS", "V6C_SECURE_MIN_SITES"]),
    "two, not allowed": ({"V6C_PEERS": list_of(2)}, ["V6C_PEERS", "V6C_SECURE_MIN_SITES"]),
    "a key that agrees with all": (
        {"V6C_PEERS": json.dumps(json.loads(list_of(3)) | {"4": LOW_ORDER})},
        ["V6C_PEERS"],
    ),
    "an unreadable list": ({"V6C_PEERS": "{}"}, ["V6C_PEERS"]),
    "another mode": ({"V6C_SECURE": "yes"}, ["V6C_SECURE"]),
    "a long key": ({"V6C_PRIVATE_KEY": bytes(range(33)).hex()}, ["V6C_PRIVATE_KEY"]),
    "a key that nobody drew": ({"V6C_PRIVATE_KEY": "00" * 32}, ["V6C_PRIVATE_KEY"]),
}


@pytest.mark.parametrize("case", UNFIT)
@pytest.mark.parametrize("mode", ["on", "required"])
def test_settings_that_do_not_fit_are_refused(case: str, mode: str) -> None:
    change, where = UNFIT[case]
    given = {**settings(1, 3, mode), **change}
    environment = {name: text for name, text in given.items() if text is not None}
    with pytest.raises(RefusalError) as caught:
        Policy.from_environment(environment)
    assert caught.value.code == "BAD_SETTING"
    assert sorted(caught.value.where) == where
    (said,) = problems(environment)
    assert all(name in said for name in where)
    assert pair(1).text not in said


@pytest.mark.parametrize(
    "case", [name for name, (change, _) in UNFIT.items() if None in change.values()]
)
def test_off_needs_neither(case: str) -> None:
    given = {**settings(1, 3, "off"), **UNFIT[case][0]}
    environment = {name: text for name, text in given.items() if text is not None}
    assert Policy.from_environment(environment).secure == "off"


def test_limits_with_keys_are_as_others() -> None:
    """Steps keep what they have computed by the limits that it was computed for."""
    found = policies(3)
    assert {one: k for k, one in enumerate(found)}[found[1]] == 1
    assert len({*found, *policies(3), *policies(3, "on")}) == 6


def test_two_sites_if_both_say_so() -> None:
    assert [one.identity.peers for one in policies(2)] == [peers(2)] * 2
