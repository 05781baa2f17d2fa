"""Run an image exactly as a node of each vantage6 major does: files, variables, mounts.

The network is cut and the root file system read-only, which no node of today does: stricter.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.client_and_wrapper import encode

TESTS = Path(__file__).parents[1]


@dataclass(frozen=True)
class Image:
    """An image under test, its analysis's package and vantage6 major."""

    name: str
    package: str
    major: int


@dataclass(frozen=True)
class Run:
    """What a container left: exit code, result file, and everything that it printed."""

    code: int
    result: Any
    log: str


def docker(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["docker", *words], capture_output=True, text=True, check=False, timeout=300
    )


def pytest_inside(image: Image, runner: Path, folder: str, *, only: str = "") -> None:
    """Run a folder of these tests inside an image, with pytest from ``runner``."""
    top = folder.split("/")[0]
    words = ["run", "--rm", "--network", "none", "--workdir", "/mnt"]
    words += ["--volume", f"{TESTS}:/mnt/tests:ro", "--volume", f"{runner}:/mnt/runner:ro"]
    words += ["--env", "PYTHONPATH=/mnt/tests:/mnt/runner:/opt/v6-clinical"]
    words += ["--env", "PYTHONDONTWRITEBYTECODE=1", image.name]
    words += ["python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", only]
    words += ["--import-mode=importlib", f"--confcutdir=/mnt/tests/{top}", "-c", "/dev/null"]
    words += ["--rootdir=/mnt/tests", f"/mnt/tests/{folder}"]
    done = docker(*words)
    print(f"\n{image.name}: {done.stdout.splitlines()[-1] if done.stdout else 'no output'}")
    assert done.returncode == 0, done.stdout + done.stderr


def run(
    image: Image,
    folder: Path,
    frame: pd.DataFrame | bytes,
    method: str,
    arguments: dict[str, Any],
    *,
    settings: dict[str, str] | None = None,
    plain: dict[str, str] | None = None,
    variables: dict[str, str] | None = None,
) -> Run:
    """Start a container with a node's files and environment.

    Parameters
    ----------
    frame
        The site's data; bytes stand for a file as it is.
    settings
        The node's ``algorithm_env``, encoded by the node as all its variables are.
    plain
        Variables that somebody added without encoding.
    variables
        Other values for what the node itself sets.
    """
    prepare = _node_v4 if image.major == 4 else _node_v5
    environment, mounts, output = prepare(folder, frame, method, arguments)
    environment |= {**(settings or {}), **(variables or {})}
    words = ["run", "--rm", "--network", "none", "--read-only", *mounts]
    for name, value in environment.items():
        words += ["--env", f"{name}={encode(value)}"]
    for name, value in (plain or {}).items():
        words += ["--env", f"{name}={value}"]
    done = docker(*words, image.name)
    written = output.read_bytes()
    found = json.loads(written) if written[:1] in (b"{", b"[") else written
    return Run(done.returncode, found, done.stdout + done.stderr)


def _write(frame: pd.DataFrame | bytes, path: Path) -> None:
    if isinstance(frame, bytes):
        path.write_bytes(frame)
    elif path.suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path)


def _node_v4(
    folder: Path, frame: pd.DataFrame | bytes, method: str, arguments: dict[str, Any]
) -> tuple[dict[str, str], list[str], Path]:
    """Lay out the volume that a 4.x node mounts: the task's folder, and the databases."""
    task = folder / "task-000000001"
    task.mkdir(parents=True, exist_ok=True)
    (task / "input").write_text(json.dumps({"method": method, "args": [], "kwargs": arguments}))
    (task / "output").write_bytes(b"")
    (task / "token").write_text("a.b.c")
    _write(frame, folder / "default.csv")
    inside = "/mnt/data"
    return (
        {
            "INPUT_FILE": f"{inside}/task-000000001/input",
            "OUTPUT_FILE": f"{inside}/task-000000001/output",
            "TOKEN_FILE": f"{inside}/task-000000001/token",
            "TEMPORARY_FOLDER": "/mnt/tmp",
            "HOST": "http://proxy",
            "PORT": "80",
            "API_PATH": "",
            "USER_REQUESTED_DATABASE_LABELS": "default",
            "DEFAULT_DATABASE_URI": f"{inside}/default.csv",
            "DEFAULT_DATABASE_TYPE": "csv",
            "DB_LABELS": "default",
        },
        ["--volume", f"{folder}:{inside}"],
        task / "output",
    )


def _node_v5(
    folder: Path, frame: pd.DataFrame | bytes, method: str, arguments: dict[str, Any]
) -> tuple[dict[str, str], list[str], Path]:
    """Lay out what a 5.x node mounts: input and output files, and the session's folder."""
    (folder / "session").mkdir(parents=True, exist_ok=True)
    (folder / "input").write_text(json.dumps(arguments))
    (folder / "output").write_bytes(b"")
    extracts = method.startswith("read_")
    _write(frame, folder / "source.csv" if extracts else folder / "session" / "patients.parquet")
    inside = "/app/vantage6/task"
    environment = {
        "INPUT_FILE": f"{inside}/input",
        "OUTPUT_FILE": f"{inside}/output",
        "SESSION_FOLDER": f"{inside}/session",
        "SESSION_FILE": f"{inside}/session/session_state.parquet",
        "HOST": "http://proxy",
        "PORT": "7654",
        "API_PATH": "",
        "ALGORITHM_METHOD": method,
        "FUNCTION_ACTION": _action(method),
        "TASK_ID": "1",
        "NODE_ID": "1",
        "ORGANIZATION_ID": "1",
        "COLLABORATION_ID": "1",
    }
    mounts = ["--tty", "--volume", f"{folder}/output:{inside}/output"]
    mounts += ["--volume", f"{folder}/input:{inside}/input:ro"]
    mounts += ["--volume", f"{folder}/session:{inside}/session:ro"]
    if extracts:
        mounts += ["--volume", f"{folder}/source.csv:/mnt/source.csv:ro"]
        environment |= {"DATABASE_URI": "/mnt/source.csv", "DATABASE_TYPE": "csv"}
    else:
        environment["USER_REQUESTED_DATAFRAMES"] = "patients"
    return environment, mounts, folder / "output"


def _action(method: str) -> str:
    if method.startswith("read_"):
        return "data_extraction"
    return "federated_compute" if method.endswith("_partial") else "central_compute"
