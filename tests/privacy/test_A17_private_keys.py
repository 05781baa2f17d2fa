"""No private key, nor what is made of one, is in anything that leaves, is logged or is shown.

Attack: somebody who knows it answers in the site's name, and takes the masks off. All texts of
every analysis and of every command are scanned for it, in any spelling, in each mode.
"""

from __future__ import annotations

import json
import logging
import pickle
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from helpers.canaries import scan
from helpers.face_examples import CASES, Case
from helpers.keys import list_of, pair, settings
from helpers.told_texts import calls_of_a_node, error_of_the_layer, printed_by
from v6_clinical.disclosure import Policy
from v6_clinical.errors import RefusalError
from v6_clinical.secure import keys as secure_keys
from v6_clinical.secure.keys import KeyPair
from v6_clinical.secure.signing import sign, verify
from v6_clinical.settings import Secret, problems

EACH = pytest.mark.parametrize("case", CASES, ids=lambda case: case.analysis)
SEED = bytes(pair(1).seed)
RIGHT = [settings(1, 3, mode) for mode in ("off", "on", "required")]
# Refused settings of an operator whose key is nearly right, or stands where it must not.
WRONG = [
    RIGHT[2] | {"V6C_MIN_ROWS": "one"},
    RIGHT[2] | {"V6C_MIN_ROWS": "one", "V6C_PEERS": "{}"},
    RIGHT[2] | {"V6C_PEERS": list_of(4).replace(pair(1).public, pair(9).public)},
    RIGHT[2] | {"V6C_PRIVATE_KEY": SEED.hex() + "z"},
    RIGHT[2] | {"V6C_PRIVATE_KEY": SEED[:31].hex()},
    RIGHT[2] | {"V6C_PEERS": pair(1).text},
    RIGHT[2] | {"V6C_PEERS": json.dumps({"1": pair(1).text, "2": pair(2).public, "epoch": 1})},
    {"V6C_PRIVATE_KEYS": SEED.hex()},
    {"v6c_private_key": pair(1).text},
]
IDS = [f"right {k}" for k in range(len(RIGHT))] + [f"wrong {k}" for k in range(len(WRONG))]
SETTINGS = pytest.mark.parametrize("given", [*RIGHT, *WRONG], ids=IDS)


@pytest.fixture
def keys() -> Iterator[set[bytes]]:
    """Collect the private key, and all that is derived of it and of what it agrees on."""
    found, derived = {SEED}, secure_keys.derived

    def kept(key: bytes, *how: Any, **named: Any) -> Secret:
        made = derived(key, *how, **named)
        found.update({bytes(key), bytes(made)})
        return made

    with mock.patch.object(secure_keys, "derived", kept):
        yield found


@pytest.mark.parametrize("made", ["agreement", "signing"])
def test_control_the_scan_finds_what_is_derived(made: str, keys: set[bytes]) -> None:
    own = KeyPair(Secret(SEED))
    text = getattr(own, made).private_bytes_raw().hex()
    assert scan(keys, text)
    assert scan(keys, own.text)
    assert not scan(keys, own.public)


@EACH
@pytest.mark.parametrize("major", [4, 5])
def test_no_answer_and_no_log_of_a_node_holds_it(
    case: Case, major: int, keys: set[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    for calls in calls_of_a_node(case, major, [*RIGHT, *WRONG], monkeypatch):
        assert calls.given in RIGHT or calls.found["code"] == "BAD_SETTING"
        assert calls.ended["status"] == "failed"
        assert not scan(keys, calls.found, calls.ended, *calls.printed)
    assert len(keys) > 4


def test_no_text_of_an_object_holds_it(keys: set[bytes]) -> None:
    policy = Policy.from_environment(RIGHT[2])
    own = policy.identity
    held = [policy, own, own.key, own.peers, own.key.agreement, own.key.signing, own.key.seed]
    held += [policy.private_key, policy.secret, own.key.shared_with(pair(2).public, b"x")]
    texts = [write(one) for one in held for write in (repr, str, "{}".format, "{!r}".format)]
    texts += [repr(vars(policy)), repr(held), f"{held}"]
    texts.append(logging.makeLogRecord({"msg": "%s %r", "args": (policy, own)}).getMessage())
    with pytest.raises(RefusalError) as caught:
        verify(own.peers, 2, sign(own.key, b"x"), b"x")
    texts += [repr(caught.value), "".join(traceback.format_exception(caught.value))]
    try:
        raise ValueError(*held)
    except ValueError as error:
        texts += [repr(error), traceback.format_exc()]
    assert not scan(keys, *texts)
    assert len(keys) > 4


@pytest.mark.parametrize("write", [json.dumps, pickle.dumps])
def test_no_key_pair_can_be_written_down(write: Any) -> None:
    """``text`` is the one way; a key is not carried off within something else."""
    own = Policy.from_environment(RIGHT[2]).identity.key
    assert own.public
    assert own.agreement
    with pytest.raises(TypeError):
        write(own)


@SETTINGS
def test_no_command_shows_it(given: Mapping[str, str], keys: set[bytes], tmp_path: Path) -> None:
    (tmp_path / "node.yaml").write_text(json.dumps({"algorithm_env": given}))
    config = ["--config", str(tmp_path / "node.yaml")]
    case = CASES[0]
    sites = []
    for k, frame in enumerate(case.frames()):
        frame.to_csv(tmp_path / f"{k}.csv", index=False)
        sites += ["--site", str(tmp_path / f"{k}.csv")]
    run = ["run", case.analysis, *sites, "--columns", case.numeric_column]
    texts = [printed_by(["policy"], given), printed_by(["policy", *config], {})]
    texts += [printed_by(["keys", "--show"], given), printed_by(["keys", *config], {})]
    texts.append(printed_by([*run, "--save", str(tmp_path / "a.json")], given))
    texts += [file.read_text() for file in tmp_path.glob("a.json")]
    assert not scan(keys, *texts, *problems(given))
    if given in RIGHT:
        assert len(keys) > 2
        assert pair(1).public in texts[2]
        assert pair(1).public in texts[3]


@pytest.mark.parametrize("given", WRONG, ids=range(len(WRONG)))
def test_no_error_of_the_analysts_layer_holds_it(
    given: Mapping[str, str], keys: set[bytes]
) -> None:
    assert not scan(keys, *error_of_the_layer(given))


def test_keys_shows_a_new_key_once_and_its_public_half() -> None:
    import base64

    import yaml

    told = printed_by(["keys"], {})
    made = yaml.safe_load(told.removesuffix("None"))["algorithm_env"]
    key = KeyPair(Secret(base64.b64decode(made["V6C_PRIVATE_KEY"])))
    assert told.count(key.text) == 1
    assert f"# {key.public}" in told.splitlines()
