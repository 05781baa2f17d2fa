"""The list of partners: what is read, what is refused, and what stands for it."""

from __future__ import annotations

import base64
import json

import pytest

from helpers.keys import EPOCH, list_of, pair, peers
from v6_clinical.secure.peers import PRIME, Peers

KEYS = {str(number): pair(number).public for number in (1, 2, 3)}


def written(**changes: object) -> str:
    return json.dumps({**KEYS, "epoch": 1, **changes})


def test_a_list_is_read() -> None:
    found = Peers.read(list_of(3))
    assert found.ids == (1, 2, 3)
    assert found.epoch == EPOCH
    assert [found.public(k) for k in found.ids] == list(KEYS.values())
    assert [found.organization_of(key) for key in KEYS.values()] == [1, 2, 3]
    assert found.organization_of(pair(9).public) is None


def test_order_and_blanks_are_of_no_account() -> None:
    turned = dict(reversed(list(json.loads(list_of(12)).items())))
    for text in (json.dumps(turned), json.dumps(turned, indent=3), f" {list_of(12)}\n"):
        assert Peers.read(text).digest == peers(12).digest
        assert Peers.read(text).ids == tuple(range(1, 13))


@pytest.mark.parametrize("change", [{"1": pair(9).public}, {"epoch": 2}, {"4": pair(4).public}])
def test_any_change_is_another_fingerprint(change: dict[str, object]) -> None:
    found, other = Peers.read(written()), Peers.read(written(**change))
    assert found.digest != other.digest
    assert found.fingerprint != other.fingerprint


def test_keys_that_change_places_are_another_fingerprint() -> None:
    other = Peers.read(written(**{"1": KEYS["2"], "2": KEYS["1"]}))
    assert other.fingerprint != Peers.read(written()).fingerprint


def test_a_fingerprint_is_the_beginning_of_the_digest() -> None:
    groups = peers(3).fingerprint.split("-")
    assert [len(group) for group in groups] == [4] * 8
    assert peers(3).digest.startswith("".join(groups))


def halves(agreement: int | bytes, signing: int | bytes) -> str:
    parts = [n.to_bytes(32, "little") if isinstance(n, int) else n for n in (agreement, signing)]
    return base64.b64encode(b"".join(parts)).decode()


KEY = base64.b64decode(KEYS["1"])
OTHER = base64.b64decode(pair(4).public)
WRONG = {
    "nothing": "",
    "no JSON": "{",
    "deep": "[" * 100_000,
    "a list": "[]",
    "a number": "3",
    "no epoch": json.dumps(KEYS),
    "epoch of text": written(epoch="1"),
    "epoch of true": written(epoch=True),
    "epoch below 0": written(epoch=-1),
    "one organisation": json.dumps({"1": KEYS["1"], "epoch": 1}),
    "none": '{"epoch": 1}',
    "unknown field": written(name="x"),
    "a field of the epoch twice": written()[:-1] + ', "epoch": 2}',
    "an organisation twice": written()[:-1] + f', "2": "{pair(4).public}"}}',
    "an organisation in two spellings": written(**{"01": pair(4).public}),
    "organisation 0": written(**{"0": pair(4).public}),
    "organisation below 0": written(**{"-4": pair(4).public}),
    "other digits": written(**{"٤": pair(4).public}),
    "blank before": written(**{" 4": pair(4).public}),
    "a key twice": written(**{"4": KEYS["1"]}),
    "half a key twice": written(**{"4": halves(KEY[:32], OTHER[32:])}),
    "the other half twice": written(**{"4": halves(OTHER[:32], KEY[32:])}),
    "a number for a key": written(**{"4": 4}),
    "a short key": written(**{"4": base64.b64encode(KEY[:63]).decode()}),
    "a long key": written(**{"4": base64.b64encode(OTHER + b"x").decode()}),
    "blank within": written(**{"4": pair(4).public[:40] + "\n" + pair(4).public[40:]}),
    "without its end": written(**{"4": pair(4).public.rstrip("=")}),
    "another spelling": written(**{"4": pair(4).public[:-3] + "h=="}),
    "a key in two spellings": written(
        **{"4": halves(KEY[:31] + bytes([KEY[31] | 128]), OTHER[32:])}
    ),
    "beyond the prime": written(**{"4": halves(PRIME + 2, OTHER[32:])}),
    "beyond the prime too": written(**{"4": halves(OTHER[:32], PRIME)}),
    "not letters": written(**{"4": "é" * 88}),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_list_is_refused(case: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        Peers.read(WRONG[case])
