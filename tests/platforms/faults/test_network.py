"""The server stumbles, is restarted or goes away; the central side is killed and begins again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from helpers.client_and_wrapper import encode, node_environment
from helpers.face_examples import CASES, Case
from helpers.failing_server import Fault, Server, Stumble
from helpers.fault_runs import ANALYSES, MAJOR, REQUESTS, ended, frames, over, run
from helpers.policies import EXACT
from v6_clinical.platforms import local
from v6_clinical.protocol.registry import face_of, load_site

ALL = pytest.mark.parametrize("analysis", ANALYSES)


def each_once(*kinds: str) -> pytest.MarkDecorator:
    """Run one analysis with every kind and every analysis with one; ci/repeats runs all pairs."""
    pairs = [
        pytest.param(analysis, kind, marks=[] if plain else [pytest.mark.repeats])
        for analysis in ANALYSES
        for kind in kinds
        for plain in [analysis == ANALYSES[0] or kind == kinds[0]]
    ]
    return pytest.mark.parametrize(("analysis", "kind"), pairs)


def while_polling(kind: str, *, every: int) -> Stumble:
    """Let every so many requests for a status, a run or a result go wrong."""

    def stumble(number: int, path: str) -> str | None:
        polled = path.endswith("/status") or path.startswith(("run", "result"))
        return kind if polled and number % every == 0 else None

    return stumble


@each_once("500", "html", "null", "reset", "cut")
def test_a_server_that_stumbles_while_polling_changes_no_digit_F06(
    analysis: str, kind: str
) -> None:
    plain = local.run(analysis, frames(), REQUESTS[analysis], policy=EXACT)
    found = run(analysis, stumble=while_polling(kind, every=3)).result
    for name in ("numeric", "coefficients", "ledger"):
        assert found.get(name) == plain.get(name)
    assert found["status"] == "completed"


@each_once("500", "html", "null")
def test_a_server_that_never_tells_a_status_ends_at_the_deadline_F06(
    analysis: str, kind: str
) -> None:
    done = run(analysis, stumble=while_polling(kind, every=1), round_seconds=0.5)
    ended(done, "SITE_TIMEOUT", [10, 20, 30])


@each_once("500", "html", "null", "cut")
def test_a_sub_task_that_is_not_accepted_is_not_sent_twice_F06(analysis: str, kind: str) -> None:
    """Whether the node has it is not known, and it must never have two."""
    done = run(
        analysis, stumble=lambda number, path: kind if path == "task" and number > 20 else None
    )
    ended(done, "SITE_FAILED")
    assert len(done.result["error"]["sites"]) == 1
    assert done.server.requests[-1] == "task"


@ALL
def test_a_sub_task_that_is_made_twice_counts_once_F05(analysis: str) -> None:
    """vantage6's client sends again where the server's answer was lost."""
    plain = run(analysis)
    lost: list[int] = []

    def stumble(number: int, path: str) -> str | None:
        if path == "task" and len(lost) < 2:
            lost.append(number)
            return "lost"
        return None

    again = run(analysis, stumble=stumble)
    assert again.result == plain.result
    assert len(again.server.tasks) == len(plain.server.tasks) + 2


@each_once("500", "html", "null", "cut")
def test_a_server_that_lists_no_organisations_is_named_F06(analysis: str, kind: str) -> None:
    done = run(analysis, stumble=lambda number, path: kind if path == "organization" else None)
    ended(done, "SITE_FAILED", [])
    assert "organisations" in done.result["error"]["message"]


@ALL
def test_a_server_that_is_restarted_changes_no_digit_F07(analysis: str) -> None:
    """In every round, for a while, nobody listens; its tasks are kept, as in a database."""
    plain = local.run(analysis, frames(), REQUESTS[analysis], policy=EXACT)
    restarts: list[int] = []
    with Server(load_site(face_of(analysis).package), frames(), EXACT) as server:

        def faults(site: int, number: int, message: dict[str, Any]) -> Fault:
            if site == 30 and number not in restarts:
                restarts.append(number)
                server.restart_soon(0.05)
            return Fault(polls=5)

        server.faults = faults
        found = over(server, analysis)
    assert found["status"] == "completed", found["error"]
    for name in ("numeric", "coefficients", "ledger"):
        assert found.get(name) == plain.get(name)
    assert restarts == [line["round"] for line in found["ledger"]]


@ALL
def test_a_central_side_that_is_killed_begins_again_F07(analysis: str) -> None:
    """Sites keep nothing between questions: the second attempt gives the digits of any."""
    plain = run(analysis).result

    class Killed(BaseException):
        """Stands for SIGKILL."""

    def die(number: int, step: str, sites: int) -> None:
        if number == 3:
            raise Killed

    with Server(load_site(face_of(analysis).package), frames(), EXACT) as server:
        with pytest.raises(Killed):
            over(server, analysis, progress=die)
        assert len(server.tasks) == 6
        assert over(server, analysis) == plain


# A partial that says so when it has read its rows, and then waits.
HELD = """
import pandas, pathlib, sys, time
def held(read):
    def function(*given, **named):
        frame = read(*given, **named)
        pathlib.Path(sys.argv[1]).touch()
        time.sleep(100)
        return frame
    return function
pandas.read_csv, pandas.read_parquet = held(pandas.read_csv), held(pandas.read_parquet)
"""
LAUNCH = "from v6_clinical.platforms.launch import main; main()"


def started(folder: Path, case: Case, frame: pd.DataFrame, program: str) -> subprocess.Popen[str]:
    """Start a partial with the files and the environment that a node of this major gives."""
    environment = PARTIALS[MAJOR](folder, case, frame)
    words = [sys.executable, "-c", program, str(folder / "held")]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(words, env=environment, text=True, **pipes)


def on_4(folder: Path, case: Case, frame: pd.DataFrame) -> dict[str, str]:
    frame.to_csv(folder / "data.csv", index=False)
    message = {"method": f"{case.method}_partial", "kwargs": case.first_message()}
    return node_environment(folder, message, case.package)


def on_5(folder: Path, case: Case, frame: pd.DataFrame) -> dict[str, str]:
    frame.to_parquet(folder / "patients.parquet")
    (folder / "input").write_text(json.dumps(case.first_message()))
    plain = {
        "INPUT_FILE": str(folder / "input"),
        "OUTPUT_FILE": str(folder / "output"),
        "SESSION_FOLDER": str(folder),
        "SESSION_FILE": str(folder / "session_state.parquet"),
        "USER_REQUESTED_DATAFRAMES": "patients",
        "ALGORITHM_METHOD": f"{case.method}_partial",
        "FUNCTION_ACTION": "federated_compute",
    }
    encoded = {name: encode(value) for name, value in plain.items()}
    return dict(os.environ) | encoded | {"PKG_NAME": f"{case.package}.v5"}


PARTIALS = {4: on_4, 5: on_5}


@ALL
def test_sigterm_in_a_partial_leaves_no_answer_and_no_value_F14(
    tmp_path: Path, analysis: str
) -> None:
    """The node stops a container that holds the rows; started again, it answers as ever."""
    (case,) = [case for case in CASES if case.analysis == analysis]
    frame, output = case.frames()[0], tmp_path / "output"
    running = started(tmp_path, case, frame.assign(age=737373), HELD + LAUNCH)
    while not (tmp_path / "held").exists():
        assert running.poll() is None, running.communicate()
        time.sleep(0.02)
    running.send_signal(signal.SIGTERM)
    out, err = running.communicate(timeout=60)
    assert running.returncode == -signal.SIGTERM
    assert not output.exists() or output.read_bytes() == b""
    assert "737373" not in out + err
    assert "Traceback" not in err
    started(tmp_path, case, frame, LAUNCH).communicate(timeout=60)
    assert json.loads(output.read_text())["status"] == "ok"
