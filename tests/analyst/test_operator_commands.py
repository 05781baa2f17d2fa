"""What a node's operator calls: ``policy`` of a node's configuration, ``keys``, digests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from helpers.face_examples import CASES
from helpers.keys import list_of, pair, peers, settings
from v6_clinical.disclosure import Policy
from v6_clinical.platforms import local
from v6_clinical.platforms.launch import encode, normalise
from v6_clinical.platforms.node_config import read_node_config
from v6_clinical.terminal.cli import main

IMAGE = f"registry.example/v6-cox@sha256:{'0' * 64}"
SAFE: dict[str, Any] = {"policies": {"allowed_algorithms": [IMAGE]}, "logging": {"level": "INFO"}}
CANARY = "MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6"
# What a node of 4.15 reads; what the chart of 5.0 is installed from; what a node of 5.0 reads.
LAYOUTS = {
    "4.x": lambda node: {"api_key": "k", "server_url": "http://x", "port": 443, **node},
    "5.x chart": lambda node: {
        "nameOverride": "node",
        "node": {"name": "n", "apiKey": "k", **node},
    },
    "5.x node": lambda node: {"hq_url": "http://x", "port": 7601, "task_dir": "/t", **node},
}
EACH = pytest.mark.parametrize("layout", LAYOUTS)


def run(*words: str | Path, environment: dict[str, str] | None = None) -> Result:
    runner = CliRunner(mix_stderr=False, env=environment)
    return runner.invoke(main, [str(word) for word in words])


def policy(folder: Path, config: Any, *more: str | Path) -> Result:
    file = folder / "node.yaml"
    file.write_text(config if isinstance(config, str) else yaml.safe_dump(config))
    return run("policy", "--config", file, *more)


@EACH
def test_the_settings_of_a_configuration(layout: str, tmp_path: Path) -> None:
    given = {"V6C_MIN_ROWS": "31", "V6C_DENIED_COLUMNS": "hiv", "V6C_SECRET": CANARY}
    given["V6C_BLUR"] = "0.03"
    done = policy(tmp_path, LAYOUTS[layout](SAFE | {"algorithm_env": given | {"OTHER": "x"}}))
    assert done.exit_code == 0, done.stderr
    lines = {line.split()[0]: line for line in done.stdout.splitlines() if "V6C_" in line}
    assert " 31 " in lines["V6C_MIN_ROWS"]
    assert " hiv " in lines["V6C_DENIED_COLUMNS"]
    assert " set " in lines["V6C_SECRET"]
    assert " 0.03 " in lines["V6C_BLUR"]
    assert CANARY not in done.output
    assert "Note" not in done.stdout


@EACH
def test_the_settings_of_this_shell_are_not_the_nodes(layout: str, tmp_path: Path) -> None:
    config = LAYOUTS[layout](SAFE | {"algorithm_env": {"V6C_MIN_CELL": "7"}})
    (tmp_path / "node.yaml").write_text(yaml.safe_dump(config))
    environment = {"V6C_MIN_ROWS": "nonsense"}
    done = run("policy", "--config", tmp_path / "node.yaml", environment=environment)
    assert done.exit_code == 0, done.stderr


WRONG: dict[str, tuple[str, str]] = {
    "too loose": ('algorithm_env: {V6C_MIN_ROWS: "2"}', "V6C_MIN_ROWS is '2'"),
    "misspelt": ('algorithm_env: {V6C_MINROWS: "20"}', "Did you mean V6C_MIN_ROWS?"),
    "nothing": ("algorithm_env: {V6C_MIN_ROWS: }", "V6C_MIN_ROWS is 'None'"),
    "a list": ('algorithm_env: ["20"]', "without a dash before it"),
    "a list of settings": ('algorithm_env: [{V6C_MIN_ROWS: "20"}]', "is no mapping"),
    "at the top": ('V6C_MIN_ROWS: "20"', "V6C_MIN_ROWS stands under the top"),
    "for the node itself": (
        'node_extra_env: {V6C_MIN_ROWS: "20"}',
        "stands under node_extra_env: only what is under algorithm_env is read",
    ),
    "beside the chart's node": (
        'node: {name: a}\nalgorithm_env: {V6C_MIN_ROWS: "20"}',
        "only what is under node.algorithm_env is read",
    ),
    "of a database": (
        'databases: [{label: a, env: {V6C_SECRET: "x"}}]',
        "V6C_SECRET stands under databases.env",
    ),
    "no is false": ("algorithm_env: {V6C_DENIED_COLUMNS: no}", "an algorithm is given 'False'"),
    "010 is eight": ("algorithm_env: {V6C_DENIED_COLUMNS: 010}", "an algorithm is given '8'"),
    "a list of columns": ("algorithm_env: {V6C_DENIED_COLUMNS: [a]}", "not in quotes"),
    "a secret of digits": (f"algorithm_env: {{V6C_SECRET: 1{'23' * 40}}}", "not in quotes"),
    "a short secret": ('algorithm_env: {V6C_SECRET: "c2hvcnQ="}', "V6C_SECRET is wrong: it must"),
    "no YAML": ("algorithm_env: {", "is no YAML"),
    "no mapping": ("- a", "no mapping of names to values"),
    "empty": ("", "no mapping of names to values"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_wrong_with_a_configuration_is_said(kind: str, tmp_path: Path) -> None:
    text, words = WRONG[kind]
    done = policy(tmp_path, text)
    assert done.exit_code == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert "c2hvcnQ" not in done.output
    assert "2323" not in done.output


NOTES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "no settings": (SAFE, ["There is no algorithm_env: what is shipped holds."]),
    "no images listed": (
        {"algorithm_env": {"V6C_MIN_ROWS": 20}},
        ["policies.allowed_algorithms is not set"],
    ),
    "a tag": (
        {
            "algorithm_env": {"V6C_SECRET": CANARY},
            "policies": {"allowed_algorithms": ["registry.example/v6-cox:1", IMAGE]},
        },
        ["registry.example/v6-cox:1 not by digest", "could send V6C_SECRET away"],
    ),
    "a pattern": (
        {"policies": {"allowed_algorithms": "^registry.example/.*"}, "algorithm_env": {"A": "b"}},
        ["^registry.example/.* not by digest"],
    ),
    "a debug log": (
        SAFE | {"logging": {"level": "DEBUG"}, "algorithm_env": {"V6C_SECRET": CANARY}},
        ["logging.level is DEBUG: a node of 4.x then writes V6C_SECRET into its log."],
    ),
}


@EACH
@pytest.mark.parametrize("kind", NOTES)
def test_what_else_concerns_what_may_leave_is_noted(kind: str, layout: str, tmp_path: Path) -> None:
    config, notes = NOTES[kind]
    done = policy(tmp_path, LAYOUTS[layout](config))
    assert done.exit_code == 0, done.stderr
    found = [line for line in done.stdout.splitlines() if line.startswith("Note: ")]
    found = [line for line in found if not line.startswith("Note: V6C_")]
    assert len(found) == len(notes)
    assert all(words in line for words, line in zip(notes, found, strict=True))
    assert CANARY not in done.output


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"V6C_BLUR": "0.01"}, "V6C_SECRET is not set: noise is drawn anew at every call"),
        ({"V6C_BLUR": "0", "V6C_BLUR_ROWS": "0"}, "sums are exact"),
        ({"V6C_BLUR_ROWS": "0.2", "V6C_SECRET": CANARY}, None),
    ],
)
def test_what_the_noise_lacks_is_noted(settings: dict[str, str], words: str | None) -> None:
    told = run("policy", environment=settings).stdout
    assert ("Note: V6C_" in told) == (words is not None)
    assert words is None or words in told


@pytest.mark.parametrize(
    "value", ["20", 20, 0.1, ".10", True, "no", "AGEGROUP", "a,b", '["a,b"]', CANARY]
)
def test_a_value_is_read_as_a_container_reads_it(value: Any) -> None:
    """A node encodes ``str`` of what YAML gives; the wrapper decodes it."""
    container = {"INPUT_FILE": encode("/mnt/input"), "V6C_X": encode(str(value))}
    normalise(container)
    config = yaml.safe_load(yaml.safe_dump({"algorithm_env": {"V6C_X": value}}))
    assert encode(read_node_config(config).environment["V6C_X"]) == container["V6C_X"]


def test_a_configuration_that_is_not_there_is_wrong_use() -> None:
    done = run("policy", "--config", "nowhere.yaml")
    assert done.exit_code == 2
    assert "nowhere.yaml" in done.stderr


def test_keys_are_new_each_time_and_fit_a_configuration() -> None:
    made = [run("keys") for _ in range(2)]
    found = [yaml.safe_load(done.stdout) for done in made]
    assert all(done.exit_code == 0 for done in made)
    secrets = [Policy.from_environment(one["algorithm_env"]).secret for one in found]
    assert secrets[0] != secrets[1]
    assert all(secret is not None and len(secret) == 32 for secret in secrets)
    assert all("algorithm_env" in done.stdout for done in made)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.analysis)
def test_digests_of_a_request_are_printed_and_listed(case: Any, tmp_path: Path) -> None:
    """The same from options, without a file of data, and from a saved result."""
    result = tmp_path / "result.json"
    result.write_text(json.dumps(local.run(case.analysis, case.frames(), dict(case.arguments))))
    listed = policy(tmp_path, SAFE, "--request", result).stdout.splitlines()[-1]
    name, digests = next(iter(yaml.safe_load(listed).items()))
    settings = {name: digests}
    allowed = policy(tmp_path, SAFE | {"algorithm_env": settings}, "--request", result)
    assert f"{result}: answered" in allowed.stdout
    settings[name] = digests[:64]
    refused = policy(tmp_path, SAFE | {"algorithm_env": settings}, "--request", result)
    assert f"{result}: refused with REQUEST_NOT_ALLOWED" in refused.stdout
    assert name == "V6C_ALLOWED_REQUESTS"


def test_digests_from_options_read_no_file() -> None:
    words = ["run", "cox", "--time", "t", "--event", "e", "--predictors", "age", "--digest"]
    done = run(*words, "--site", "nowhere.csv")
    assert done.exit_code == 0, done.stderr
    assert done.stdout == run(*words).stdout
    assert len(yaml.safe_load(done.stdout)["V6C_ALLOWED_REQUESTS"].split(",")) == 2


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"analysis": "cox"}', '{"analysis": 3, "request": {}}']
)
def test_a_request_that_is_none_is_wrong_use(content: str, tmp_path: Path) -> None:
    (tmp_path / "request.json").write_text(content)
    done = run("policy", "--request", tmp_path / "request.json")
    assert done.exit_code == 2
    assert "--request" in done.stderr


def test_a_request_with_a_wrong_argument_is_told(tmp_path: Path) -> None:
    (tmp_path / "request.json").write_text('{"analysis": "cox", "request": {"tyme": "t"}}')
    done = run("policy", "--request", tmp_path / "request.json")
    assert done.exit_code == 1
    assert "'tyme' is unknown" in done.stderr


@EACH
@pytest.mark.parametrize("mode", ["on", "required"])
@pytest.mark.parametrize("command", ["policy", "keys"])
def test_partners_see_the_same_fingerprint(
    layout: str, mode: str, command: str, tmp_path: Path
) -> None:
    told = []
    for number in (1, 2, 3):
        file = tmp_path / f"{number}.yaml"
        node = SAFE | {"algorithm_env": settings(number, 3, mode)}
        file.write_text(yaml.safe_dump(LAYOUTS[layout](node)))
        done = run(command, "--config", file)
        assert done.exit_code == 0, done.stderr
        assert f"Public key: {pair(number).public}\n" in done.stdout
        assert f"This site: organisation {number}\n" in done.stdout
        told += [line for line in done.stdout.splitlines() if line.startswith("Fingerprint")]
    assert set(told) == {f"Fingerprint, the same at every partner: {peers(3).fingerprint}"}
    assert len(told) == 3


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (settings(1, 3, "off"), "V6C_SECURE is off"),
        (settings(1, 3, "on"), "V6C_SECURE is on: where a partner takes part without keys"),
        (settings(1, 2, "required"), "V6C_SECURE_MIN_SITES is 2"),
        (settings(1, 3, "required"), None),
    ],
)
def test_what_a_mode_leaves_open_is_noted(given: dict[str, str], words: str | None) -> None:
    noise = {"V6C_BLUR": "0.01", "V6C_SECRET": CANARY}
    told = run("policy", environment=given | noise).stdout
    assert ("Note: " in told) == (words is not None)
    assert words is None or words in told


def test_keys_without_any_are_told_so() -> None:
    done = run("keys", "--show")
    assert done.exit_code == 1
    assert "Neither V6C_PRIVATE_KEY nor V6C_PEERS is set" in done.stderr


def test_a_list_without_a_key_can_be_compared(tmp_path: Path) -> None:
    done = run("keys", "--show", environment={"V6C_PEERS": list_of(3)})
    assert peers(3).fingerprint in done.stdout
    assert "This site" not in done.stdout


@pytest.mark.parametrize("value", [{"1": "x"}, True])
def test_a_list_or_a_mode_without_quotes_is_told(value: Any, tmp_path: Path) -> None:
    name = "V6C_SECURE" if value is True else "V6C_PEERS"
    done = policy(tmp_path, SAFE | {"algorithm_env": {name: value}})
    assert done.exit_code == 1
    assert f"{name} is not in quotes" in done.stderr


def test_a_new_pair_fits_a_list_and_a_configuration(tmp_path: Path) -> None:
    made = [yaml.safe_load(run("keys").stdout)["algorithm_env"] for _ in range(3)]
    publics = [
        run("keys", "--show", environment=one).stdout.splitlines()[0].removeprefix("Public key: ")
        for one in made
    ]
    listed = json.dumps({str(k): key for k, key in enumerate(publics, 1)} | {"epoch": 1})
    for number, one in enumerate(made, 1):
        given = one | {"V6C_PEERS": listed, "V6C_SECURE": "required"}
        assert Policy.from_environment(given).identity.organization == number


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"policies": {}}, "could send V6C_SECRET and V6C_PRIVATE_KEY away"),
        ({"logging": {"level": "DEBUG"}}, "then writes V6C_SECRET and V6C_PRIVATE_KEY into"),
    ],
)
def test_what_would_tell_a_private_key_is_noted(
    change: dict[str, Any], words: str, tmp_path: Path
) -> None:
    given = settings(1, 3) | {"V6C_SECRET": CANARY, "V6C_BLUR": "0.01"}
    done = policy(tmp_path, SAFE | {"algorithm_env": given} | change)
    assert done.exit_code == 0, done.stderr
    assert words in done.stdout
