"""The images' command keeps the operator's settings as written, whatever they look like."""

import json
import os
import subprocess
import sys

import pytest

from helpers.client_and_wrapper import encode
from v6_clinical.disclosure import Policy
from v6_clinical.errors import RefusalError
from v6_clinical.platforms.launch import UNREADABLE, normalise
from v6_clinical.settings import SETTINGS

PLAIN_INPUT = "/app/input"


def decoded_by_vantage6(environment: dict[str, str]) -> dict[str, str]:
    """Launch, then decode as the real wrapper does, in a fresh interpreter."""
    program = (
        "import os, json\n"
        "from v6_clinical.platforms.launch import normalise\n"
        "from vantage6.algorithm.tools.wrap import _decode_env_vars\n"
        "normalise(os.environ); _decode_env_vars()\n"
        "print(json.dumps({k: v for k, v in os.environ.items() if k.startswith('V6C_')}))"
    )
    clean = {k: v for k, v in os.environ.items() if not k.startswith("V6C_")}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=clean | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found


# Upper-case words of eight letters are base32; AGEGROUP's decoding is not even text.
VALUES = ["AGEGROUP", "MFRGGZDF", "", "10", "0.1", "a,b", "größe", "ME======", "MFRGG!!!", "[7]"]


@pytest.mark.parametrize("value", VALUES)
def test_a_plain_environment_is_read_as_written(value: str) -> None:
    found = decoded_by_vantage6({"INPUT_FILE": PLAIN_INPUT, "V6C_DENIED_COLUMNS": value})
    assert found == {"V6C_DENIED_COLUMNS": value}


@pytest.mark.parametrize("value", VALUES)
def test_a_nodes_environment_is_read_as_written(value: str) -> None:
    environment = {"INPUT_FILE": encode(PLAIN_INPUT), "V6C_DENIED_COLUMNS": encode(value)}
    assert decoded_by_vantage6(environment) == {"V6C_DENIED_COLUMNS": value}


@pytest.mark.parametrize("value", ["AGEGROUP", "10", "age, sex", "MFRGG===", "mfrgg!!!", "\x7f"])
def test_plain_among_encoded_refuses_everything(value: str) -> None:
    found = decoded_by_vantage6({"INPUT_FILE": encode(PLAIN_INPUT), "V6C_DENIED_COLUMNS": value})
    with pytest.raises(RefusalError) as refusal:
        Policy.from_environment(found)
    assert (refusal.value.code, refusal.value.where) == ("BAD_SETTING", ("V6C_DENIED_COLUMNS",))


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_no_setting_accepts_what_stands_for_unreadable(name: str) -> None:
    with pytest.raises(RefusalError):
        Policy.from_environment({name: UNREADABLE})


def test_other_variables_are_left_alone() -> None:
    environment = {"INPUT_FILE": PLAIN_INPUT, "DEFAULT_DATABASE_URI": "/data.csv", "HOME": "/"}
    before = dict(environment)
    normalise(environment)
    assert environment == before


def test_a_setting_in_lower_case_is_encoded_and_refused() -> None:
    environment = {"INPUT_FILE": PLAIN_INPUT, "v6c_min_rows": "10"}
    normalise(environment)
    assert environment["v6c_min_rows"] == encode("10")
    with pytest.raises(RefusalError):
        Policy.from_environment({"v6c_min_rows": "10"})
