"""Runs whose questions the sites check, through the entry modules of 4.x and 5.x."""

from __future__ import annotations

import importlib
import json
from contextlib import nullcontext
from typing import Any

import pytest
from vantage6.algorithm.tools.mock_client import MockAlgorithmClient

from helpers import five
from helpers.checked import FITS, frames
from helpers.keys import settings
from helpers.node_client import NodeClient
from v6_clinical.disclosure import Policy
from v6_clinical.platforms import local
from v6_clinical.platforms.polling import Subtask
from v6_clinical.protocol.registry import face_of

OPEN = {"V6C_MIN_ROWS": "3", "V6C_MIN_CELL": "3", "V6C_ALLOW_EVENT_TIMES": "true"}


def nodes(count: int, mode: str) -> list[dict[str, str]]:
    return [OPEN | settings(number, count, mode) for number in range(1, count + 1)]


def run(
    major: str,
    fit: str,
    mode: str,
    patch: pytest.MonkeyPatch,
    *,
    count: int = 3,
    encrypted: bool = False,
    central: bool = True,
) -> tuple[dict[str, Any], NodeClient]:
    """Return a result; ``central`` says whether the central side's node has keys."""
    analysis, arguments = FITS[fit]
    face = face_of(analysis)
    with five.importable() if major == "v5" else nullcontext():
        given, data = nodes(count, mode), frames(count)
        client = NodeClient(face.package, major, data, given, patch, encrypted=encrypted)
        with patch.context() as own:
            for name, value in (given[0] if central else {}).items():
                own.setenv(name, value)
            own.setenv("FUNCTION_ACTION", five.Steps.CENTRAL_COMPUTE.value)
            function = getattr(client.entry, face.method)
            return function(mock_client=client, **arguments), client


@pytest.mark.parametrize("major", ["v4", "v5"])
@pytest.mark.parametrize("fit", ["summary", "logistic", "glm", "cox", "exact"])
def test_each_analysis_is_checked_on_both_majors(
    major: str, fit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, _ = run(major, fit, "required", monkeypatch, encrypted=True)
    assert found["status"] == "completed", found["error"]
    assert found["secure"]["questions"] == "replayed"
    assert found["summation"] == "masked"
    analysis, arguments = FITS[fit]
    policies = [Policy.from_environment(one) for one in nodes(3, "required")]
    alike = local.run(analysis, frames(3), arguments, policy=policies)
    assert json.dumps(found) == json.dumps(alike)


@pytest.mark.parametrize("mode", ["on", "required"])
@pytest.mark.parametrize("central", [True, False])
def test_a_central_node_without_keys_is_told_of_them_in_one_more_round(
    mode: str, central: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, client = run("v4", "logistic", mode, monkeypatch, central=central)
    assert found["status"] == "completed", found["error"]
    rounds = len(found["ledger"])
    assert len(client.results) == 3 * (rounds + (1 if central else 2))


def test_sub_tasks_say_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []
    plain = NodeClient.create

    def create(self: NodeClient, **given: Any) -> dict[str, Any]:
        names.append(given["name"])
        return plain(self, **given)

    monkeypatch.setattr(NodeClient, "create", create)
    run("v4", "logistic", "required", monkeypatch)
    read = [Subtask.read(name) for name in names]
    assert read[0] == Subtask(1, "opening", 1, 3)
    assert read[5] == Subtask(2, "start", 3, 3)
    assert None not in read


def test_the_log_names_openings_and_no_key(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run("v4", "logistic", "required", monkeypatch)
    lines = [line for line in capsys.readouterr().out.splitlines() if "v6-clinical" in line]
    assert "step=opening" in lines[0]
    assert lines[0].endswith("opening numbers=0")
    assert "step=unknown" not in "".join(lines)


@pytest.mark.parametrize("analysis", ["summary", "logistic"])
def test_vantage6_s_own_mock_client_runs_checked_sites(
    analysis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its partials run in this process: each is given its own node's settings."""
    face, (_, arguments) = face_of(analysis), FITS[analysis]
    entry = importlib.import_module(f"{face.package}.v4")
    datasets = [[{"database": frame, "db_type": "csv"}] for frame in frames()]
    client = MockAlgorithmClient(datasets, f"{face.package}.v4", organization_ids=[1, 2, 3])
    plain = client.task.create

    def create(**given: Any) -> Any:
        (site,) = given["organizations"]
        for name, value in nodes(3, "required")[site - 1].items():
            monkeypatch.setenv(name, value)
        return plain(**given)

    monkeypatch.setattr(client.task, "create", create)
    found = entry.__dict__[face.method](mock_client=client, **arguments)
    assert found["status"] == "completed", found["error"]
    assert found["secure"]["questions"] == "replayed"
