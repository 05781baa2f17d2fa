"""Logistic regression on the 4.x platform: the digits of one process, through real JSON."""

import importlib
import json
from pathlib import Path
from typing import Any

import pytest
from vantage6.algorithm.tools.mock_client import MockAlgorithmClient

from helpers.client_and_wrapper import FakeClient, wrapper
from helpers.policies import EXACT, SHIPPED, SHIPPED_SETTINGS
from helpers.reference_cases import sites
from v6_clinical.platforms import local
from v6_clinical.platforms.vantage6_v4 import ClientTransport
from v6_clinical.protocol import centre as federation
from v6_clinical.protocol.registry import load_central, load_site
from v6_clinical.protocol.site import answer

entry = importlib.import_module("v6_logistic.v4")
ARGUMENTS: dict[str, Any] = {
    "outcome": "affair",
    "formula": "rate_marriage + age + scale(yrs_married) + religious",
    "robust": "HC0",
}


def test_the_entry_module_offers_two_callables() -> None:
    public = [name for name in vars(entry) if not name.startswith("_")]
    assert sorted(public) == ["logistic_regression", "logistic_regression_partial"]
    assert [n for n, v in vars(entry).items() if callable(v) and not n.startswith("__")] == public


@pytest.mark.usefixtures("shipped_nodes")
def test_the_mock_client_gives_the_digits_of_the_local_platform() -> None:
    frames = sites("fair", "3")
    datasets = [[{"database": frame, "db_type": "csv"}] for frame in frames]
    client = MockAlgorithmClient(datasets, "v6_logistic.v4", organization_ids=[1, 2, 3])
    found = entry.logistic_regression(mock_client=client, **ARGUMENTS)
    assert found["status"] == "completed"
    assert found == local.run("logistic", frames, ARGUMENTS, policy=SHIPPED)
    json.dumps(found, allow_nan=False)


def test_the_real_wrapper_gives_the_digits_of_the_local_platform(tmp_path: Path) -> None:
    """Every message of a fit, through vantage6's wrapper in a process of its own."""
    frames = sites("fair", "3")
    messages: list[tuple[int, dict[str, Any]]] = []
    client = FakeClient(
        frames, SHIPPED, lambda site, m: messages.append((site, m)), package="v6_logistic"
    )
    transport = ClientTransport(client, "logistic_regression_partial", poll_seconds=0.001)
    assert federation.run(load_central("v6_logistic"), ARGUMENTS, transport)["status"] == (
        "completed"
    )
    for place, message in messages:
        if place != 30:
            continue
        frame = frames[place // 10 - 1]
        question = {"method": "logistic_regression_partial", "kwargs": message}
        found, done = wrapper(tmp_path, frame, question, package="v6_logistic", **SHIPPED_SETTINGS)
        assert done.returncode == 0
        here = answer(load_site("v6_logistic"), message, lambda: SHIPPED, lambda _, f=frame: f)
        assert found == json.loads(json.dumps(here))
        assert found["status"] == "ok"


def test_the_ledger_counts_what_the_messages_hold() -> None:
    frames = sites("fair", "3")
    client = FakeClient(frames, EXACT, package="v6_logistic")
    transport = ClientTransport(client, "logistic_regression_partial", poll_seconds=0.001)
    found = federation.run(load_central("v6_logistic"), ARGUMENTS, transport)

    def numbers(part: Any) -> int:
        """Count the JSON numbers of sums, shapes aside."""
        if isinstance(part, dict):
            return sum(numbers(value) for name, value in part.items() if name != "shape")
        return sum(map(numbers, part)) if isinstance(part, list) else int(not isinstance(part, str))

    sent = [numbers(result["sums"]) for _, _, result in client.tasks]
    rounds = [max(sent[i : i + 3]) for i in range(0, len(sent), 3)]
    assert [line["numbers_per_site"] for line in found["ledger"]] == rounds
