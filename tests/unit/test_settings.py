"""The operator's settings that are no number: secrets, and digests of requests."""

import base64
import logging
import traceback

import pytest

from v6_clinical.disclosure import Policy
from v6_clinical.settings import Secret, problems

KEY = bytes(range(100, 140))
SPELLINGS = {
    "hexadecimal": KEY.hex(),
    "capitals": KEY.hex().upper(),
    "base64": base64.b64encode(KEY).decode(),
    "base64 without its end": base64.b64encode(KEY).decode().rstrip("="),
    "base64 of web addresses": base64.urlsafe_b64encode(KEY).decode(),
    "white space around": f" {KEY.hex()}\n",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_secret_is_the_same_in_every_spelling(spelling: str) -> None:
    assert Policy.from_environment({"V6C_SECRET": SPELLINGS[spelling]}).secret == KEY


@pytest.mark.parametrize("length", [0, 5, 16, 31])
@pytest.mark.parametrize("write", [bytes.hex, lambda key: base64.b64encode(key).decode()])
def test_a_short_secret_is_refused_and_not_shown(length: int, write: object) -> None:
    assert callable(write)
    text = write(KEY[:length])
    (said,) = problems({"V6C_SECRET": text})
    assert said.startswith("V6C_SECRET is wrong" if text else "V6C_SECRET is empty")
    assert not text or text not in said


@pytest.mark.parametrize("text", ["00" * 32, "A" * 44, "deadbeef" * 8, "changeme" * 8])
def test_a_secret_that_nobody_drew_is_refused(text: str) -> None:
    assert problems({"V6C_SECRET": text})


def test_a_secret_is_in_no_text() -> None:
    secret = Secret(KEY)
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r:>50}", f"{[secret]}"]
    shown.append(logging.makeLogRecord({"msg": "%s", "args": (secret,)}).getMessage())
    try:
        raise ValueError(secret)
    except ValueError:
        shown.append(traceback.format_exc())
    for text in shown:
        assert "Secret(...)" in text
        assert KEY.hex() not in text
        assert repr(KEY)[2:-1] not in text
    assert secret == KEY


def test_an_empty_list_of_requests_is_a_list() -> None:
    assert Policy.from_environment({"V6C_ALLOWED_REQUESTS": " "}).allowed_requests == frozenset()
    assert Policy().allowed_requests is None
