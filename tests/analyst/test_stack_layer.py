"""The program that stacks run beside the stock client, over the clients of this process."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from helpers.face_examples import CASES
from helpers.user_clients import Client4, Client5, Server
from stacks import analyst_layer
from v6_clinical.analyst import remote, tasks
from v6_clinical.protocol.registry import load_central, methods

ROOT = Path(__file__).parents[2]


@pytest.mark.usefixtures("shipped_nodes")
@pytest.mark.parametrize("major", [4, 5])
def test_what_stacks_run(major: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # a shell that starts tests in the background has them ignore Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)
    monkeypatch.setattr(tasks, "LEAST_POLL_SECONDS", 0.01)
    monkeypatch.setattr(analyst_layer, "INTERRUPT_SECONDS", 0.5)
    server = Server(CASES[0].frames(), {4: "4.15.2", 5: "5.0.3"}[major])
    client: Any = Client4(server) if major == 4 else Client5(server)
    interrupted = analyst_layer.interrupted

    def behind_a_gate(*arguments: Any) -> dict[str, Any]:
        server.gate = threading.Semaphore(0)  # no site answers: the analysis is not over before
        return interrupted(*arguments)

    monkeypatch.setattr(analyst_layer, "interrupted", behind_a_gate)
    place: dict[str, Any] = {"collaboration": 1, "poll_seconds": 0.01}
    place |= {} if major == 4 else {"dataframe": 7, "session": 3}
    given = {
        "place": place,
        "cases": [[case.analysis, dict(case.arguments)] for case in CASES],
        "refused": {"columns": ["age", "height"]},
    }
    report = analyst_layer.run(client, given)
    server.close()
    analyst_layer.check(report, f"a fake {major}.x")


def test_the_central_functions_are_those_of_the_registry() -> None:
    for name, face in methods().items():
        assert load_central(name).name == face.method
        assert remote.Image().name(face, 4) == f"{face.package.replace('_', '-')}:4"


def test_the_layer_over_a_server_needs_the_standard_library_only() -> None:
    """An analyst's machine, and the container of the stacks: no numpy, no pandas, no pydantic."""
    program = (
        "import sys\n"
        "from v6_clinical.analyst import Federation\n"
        "from v6_clinical.protocol.registry import methods\n"
        "from stacks import analyst_layer\n"
        "assert methods()\n"
        "print([name for name in ('numpy', 'pandas', 'pydantic', 'rich') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": f"{ROOT / 'common'}:{ROOT / 'algorithms'}:{ROOT / 'tests'}"},
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
