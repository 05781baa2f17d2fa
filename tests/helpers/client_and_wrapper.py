"""A client that speaks as vantage6's does, and can be made to fail; and the real wrapper."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from v6_clinical.protocol.registry import load_site
from v6_clinical.protocol.site import answer

Fault = Callable[[int, dict[str, Any]], Any]


class FakeClient:
    """Runs partials at once; ``fault(site, message)`` may return a status or replace an answer."""

    def __init__(
        self,
        frames: list[pd.DataFrame],
        policy: Any,
        fault: Fault | None = None,
        package: str = "v6_summary",
    ) -> None:
        self.frames, self.policy, self.fault = frames, policy, fault
        self.site = load_site(package)
        self.tasks: list[tuple[int, str, Any]] = []
        self.requests = 0
        self.organization = self.task = self.run = self.result = self

    def list(self) -> list[dict[str, Any]]:
        return [{"id": 10 * (k + 1)} for k in range(len(self.frames))]

    def create(self, input_: dict[str, Any], organizations: list[int], name: str) -> dict[str, Any]:
        (site,) = organizations
        message = json.loads(json.dumps(input_["kwargs"]))
        frame = self.frames[site // 10 - 1]
        found = answer(self.site, message, lambda: self.policy, lambda _: frame)
        status, result = "completed", json.loads(json.dumps(found, allow_nan=False))
        if self.fault is not None:
            injected = self.fault(site, message)
            if isinstance(injected, str):
                status, result = injected, None
            elif injected is not None:
                result = injected[0]
        self.tasks.append((site, status, result))
        return {"id": len(self.tasks) - 1}

    def request(self, endpoint: str) -> dict[str, Any]:
        self.requests += 1
        if self.requests % 3 == 0:
            raise ConnectionError("the server stumbles")
        if self.requests % 5 == 0:
            return {"msg": "internal error"}
        return {"status": self.tasks[int(endpoint.split("/")[1])][1]}

    def from_task(self, task: int) -> Any:
        site, status, result = self.tasks[task]
        caller = sys._getframe(1).f_code.co_name
        if caller == "_result":
            return [] if result is None else [result]
        return [{"organization": {"id": site}, "status": status}]


def encode(value: str) -> str:
    """Encode an environment variable as a vantage6 4.x node does."""
    return base64.b32encode(value.encode()).decode().replace("=", "!")


def wrapper(
    folder: Path,
    frame: pd.DataFrame,
    message: dict[str, Any],
    package: str = "v6_summary",
    **settings: str,
) -> tuple[Any, subprocess.CompletedProcess[str]]:
    """Run one function through vantage6's own wrapper, with a node's files and environment."""
    frame.to_csv(folder / "data.csv", index=False)
    output = folder / "output"
    output.unlink(missing_ok=True)
    environment = node_environment(folder, message, package, **settings)
    program = "from vantage6.algorithm.tools.wrap import wrap_algorithm; wrap_algorithm()"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return (json.loads(output.read_text()) if output.exists() else None), done


def node_environment(
    folder: Path, message: dict[str, Any], package: str, **settings: str
) -> dict[str, str]:
    """Return the environment that a 4.x node gives a container, and write its input file."""
    (folder / "input").write_text(json.dumps(message))
    plain = {
        "INPUT_FILE": str(folder / "input"),
        "OUTPUT_FILE": str(folder / "output"),
        "USER_REQUESTED_DATABASE_LABELS": "default",
        "DEFAULT_DATABASE_URI": str(folder / "data.csv"),
        "DEFAULT_DATABASE_TYPE": "csv",
        **settings,
    }
    environment = {k: v for k, v in os.environ.items() if not k.startswith("V6C_")}
    environment |= {name: encode(value) for name, value in plain.items()}
    return environment | {"PKG_NAME": f"{package}.v4"}
