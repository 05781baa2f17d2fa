"""Real vantage6 5.0.3: HQ and three nodes; Keycloak and the Kubernetes API are stand-ins."""

import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from helpers.face_examples import CASES, Case, data_sets
from stacks import analyst_layer, scenarios
from stacks.engine import wait_until
from stacks.v5.stack import Stack

IMAGES = dict(pair.split("=") for pair in os.environ.get("STACK_IMAGES_5", "").split())


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="v6c-v5-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@pytest.fixture(scope="module")
def names(folder: Path) -> Iterator[dict[str, str]]:
    """Push the images; return package -> name@digest."""
    with ExitStack() as cleanup:
        yield scenarios.push(cleanup, folder, IMAGES)


def start(cleanup: ExitStack, folder: Path, names: dict[str, str], encrypted: bool) -> Stack:
    folder.mkdir()
    began = time.monotonic()
    data = data_sets()
    allowed = scenarios.allowed(names)
    stack = Stack(cleanup, folder, data, scenarios.SETTINGS, allowed, encrypted=encrypted)
    print(f"\nv5 stack, encrypted={encrypted}: started in {time.monotonic() - began:.0f} s")
    return stack


@pytest.fixture(scope="module")
def stack(folder: Path, names: dict[str, str]) -> Iterator[Stack]:
    with ExitStack() as cleanup:
        yield start(cleanup, folder / "plain", names, encrypted=False)


def ask(stack: Stack, names: dict[str, str], given: dict[str, Any], **more: Any) -> dict[str, Any]:
    return stack.ask(scenarios.small_task(names, given), **more)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.analysis)
def test_the_digits_of_the_local_platform(case: Case, stack: Stack, names: dict[str, str]) -> None:
    report = stack.ask(scenarios.task(case, names))
    print(f"\nread_csv at three nodes: {report['extraction']:.1f} s")
    scenarios.check_result(case, report, "5.0.3, three nodes")


def test_a_site_that_refuses_is_named(stack: Stack, names: dict[str, str]) -> None:
    report = ask(stack, names, scenarios.summary_of(["age", scenarios.DENIED]))
    error = report["result"]["error"]
    assert error["code"] == "COLUMN_DENIED"
    assert [s["organization_id"] for s in error["sites"]] == report["organizations"][2:]


def test_a_wrong_column_is_named(stack: Stack, names: dict[str, str]) -> None:
    error = ask(stack, names, scenarios.summary_of(["nothing"]))["result"]["error"]
    assert error["code"] == "COLUMN_MISSING"
    assert len(error["sites"]) == 3


def test_a_partial_called_directly_obeys_the_limits(stack: Stack, names: dict[str, str]) -> None:
    report = ask(stack, names, scenarios.direct_question(), action="federated_compute")
    assert report["result"]["status"] == "ok"
    report = ask(stack, names, scenarios.direct_question(), action="central_compute")
    assert (report["result"]["code"], report["result"]["where"]) == ("BAD_REQUEST", ["action"])


def test_an_unlisted_method_gives_no_data(stack: Stack, names: dict[str, str]) -> None:
    report = ask(stack, names, {"method": "_platform", "kwargs": {}})
    assert report["status"] not in ("completed", "pending", "active")
    assert not report["result"]


def test_an_image_that_is_not_on_the_list_is_not_run(stack: Stack, names: dict[str, str]) -> None:
    given = {"method": CASES[0].method, "kwargs": dict(CASES[0].arguments)}
    report = ask(stack, names | {CASES[0].package: names[scenarios.UNLISTED]}, given)
    assert report["status"] == "not allowed"
    assert not report["result"]


def test_the_analysts_layer(stack: Stack, names: dict[str, str]) -> None:
    report = stack.ask(scenarios.layer_task(names), script=scenarios.LAYER)
    analyst_layer.check(report, "5.0.3, three nodes")


def test_a_node_that_dies_in_mid_analysis_is_named(stack: Stack, names: dict[str, str]) -> None:
    """Last with this stack: the third node is gone after it."""
    process, result = stack.send(scenarios.task(CASES[0], names))
    began = time.monotonic()
    wait_until("the central function", stack.running, 60)
    stack.kill_node(2)
    out, _ = process.communicate(timeout=300)
    assert process.returncode == 0, out
    report = json.loads(result.read_text())
    error = report["result"]["error"]
    print(f"\na dead node, after {time.monotonic() - began:.0f} s: {error['message']}")
    assert error["code"] in ("SITE_TIMEOUT", "SITE_FAILED")
    assert [s["organization_id"] for s in error["sites"]] == report["organizations"][2:]


def test_an_encrypted_collaboration(stack: Stack, folder: Path, names: dict[str, str]) -> None:
    stack.cleanup.close()
    with ExitStack() as cleanup:
        encrypted = start(cleanup, folder / "encrypted", names, encrypted=True)
        for case in CASES:
            report = encrypted.ask(scenarios.task(case, names))
            scenarios.check_result(case, report, "5.0.3, encrypted")
        scenarios.check_encrypted(encrypted.folder / "hq.sqlite", "arguments")
