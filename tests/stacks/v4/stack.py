"""vantage6 4.15.2 on one machine: server, three nodes in containers, a registry on loopback."""

from __future__ import annotations

import json
import subprocess
import uuid
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pandas as pd

from stacks.engine import (
    NEW_KEYS,
    answers,
    beside_client,
    bridge,
    docker,
    free_port,
    log_of,
    stack_image,
    start,
    wait_until,
)

HERE = Path(__file__).parent
ANALYST = HERE / "analyst.py"
NODES = 3
LOGGING = {
    "level": "INFO",
    "use_console": True,
    "backup_count": 1,
    "max_size": 1024,
    "format": "%(asctime)s.%(msecs)03d - %(name)-14s - %(levelname)-8s - %(message)s",
    "datefmt": "%Y-%m-%d %H:%M:%S",
    "loggers": [{"name": n, "level": "warning"} for n in ("urllib3", "requests", "socketio")],
}


class Stack:
    """A running stack; close ``cleanup`` to stop everything that it started.

    Parameters
    ----------
    data
        The three sites' data, by the database's label.
    environment
        ``algorithm_env`` of each node.
    allowed
        ``policies.allowed_algorithms`` of every node.
    """

    def __init__(
        self,
        cleanup: ExitStack,
        folder: Path,
        data: Mapping[str, list[pd.DataFrame]],
        environment: list[Mapping[str, str]],
        allowed: list[str],
        *,
        encrypted: bool,
    ) -> None:
        self.folder, self.cleanup, self.encrypted = folder, cleanup, encrypted
        self.host, self.port = bridge(), free_port()
        self.prefix = f"v6c{uuid.uuid4().hex[:6]}"
        self.keys = [str(uuid.uuid4()) for _ in range(NODES)]
        self._files(data, environment, allowed)
        self._server()
        for k in range(NODES):
            self._node(k)

    def node_name(self, k: int) -> str:
        """Return the container name that ``v6 node start`` gives."""
        return f"vantage6-{self.prefix}n{k}-user"

    def ask(self, task: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        """Send a task with the stock client and wait for its end."""
        process, result = self.send(task, **more)
        out, _ = process.communicate(timeout=task.get("patience", 280) + 120)
        if process.returncode:
            raise RuntimeError(out[-3000:] + "".join(map(log_of, self._containers())))
        found: dict[str, Any] = json.loads(result.read_text())
        return found

    def send(
        self, task: Mapping[str, Any], *, organization: int = 0, script: Path = ANALYST
    ) -> tuple[subprocess.Popen[str], Path]:
        """Send a task and do not wait.

        ``script`` runs beside the stock client as ``script TASK.json RESULT.json``. It may import
        ``analyst``, whose ``connect`` gives a client that is logged in, the modules beside it and
        beside its folder, and ``v6_clinical``.
        """
        name = uuid.uuid4().hex[:8]
        given, result = self.folder / f"task-{name}.json", self.folder / f"result-{name}.json"
        body = {
            "server": {"host": f"http://{self.host}", "port": self.port},
            "private_key": str(self.folder / "key0.pem") if self.encrypted else None,
            "organization": organization,
            "nodes": NODES,
            **task,
        }
        given.write_text(json.dumps(body))
        container = f"{self.prefix}analyst{name}"
        self.cleanup.callback(docker, "rm", "--force", container, check=False)
        words = ["run", "--rm", "--name", container, *self._mount(), *beside_client(HERE)]
        words += [stack_image(4), "python", str(script), str(given), str(result)]
        process = subprocess.Popen(
            ["docker", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        return process, result

    def kill_node(self, k: int) -> None:
        """Kill a node and its algorithm containers, as a power cut does."""
        for container in self._containers(k):
            docker("rm", "--force", container, check=False)

    def running(self, k: int) -> list[str]:
        """Return the algorithm containers that a node runs now."""
        name = f"name=^vantage6-{self.prefix}n{k}-run-"
        return docker("ps", "--quiet", "--filter", name).split()

    def _containers(self, k: int | None = None) -> list[str]:
        name = f"name=^vantage6-{self.prefix}n{'' if k is None else f'{k}-'}"
        return docker("ps", "--all", "--quiet", "--filter", name).split()

    def _mount(self) -> list[str]:
        mounts = ["--network", "host", "--volume", f"{self.folder}:{self.folder}"]
        return [*mounts, "--volume", f"{HERE}:{HERE}:ro"]

    def _run(self, *command: str, options: tuple[str, ...] = ()) -> str:
        return docker("run", "--rm", *self._mount(), *options, stack_image(4), *command)

    def _files(
        self,
        data: Mapping[str, list[pd.DataFrame]],
        environment: list[Mapping[str, str]],
        allowed: list[str],
    ) -> None:
        server = {
            "description": "test",
            "ip": self.host,
            "port": self.port,
            "api_path": "/api",
            "uri": f"sqlite:///{self.folder}/server.sqlite",
            "allow_drop_all": True,
            "jwt_secret_key": str(uuid.uuid4()),
            "server_url": f"http://{self.host}:{self.port}/api",
            "logging": LOGGING | {"file": "server.log"},
        }
        _yaml(self.folder / "server.yaml", server)
        for k, settings in enumerate(environment):
            databases = []
            for label, frames in data.items():
                path = self.folder / f"{label}{k}.csv"
                frames[k].to_csv(path, index=False)
                databases.append({"label": label, "uri": str(path), "type": "csv"})
            key = f"{self.folder}/key{k}.pem" if self.encrypted else ""
            node = {
                "api_key": self.keys[k],
                "server_url": f"http://{self.host}",
                "port": self.port,
                "api_path": "/api",
                "task_dir": f"{self.folder}/tasks{k}",
                "databases": databases,
                "encryption": {"enabled": self.encrypted, "private_key": key},
                "policies": {"allowed_algorithms": allowed},
                "algorithm_env": dict(settings),
                "images": {"node": stack_image(4)},
                "share_algorithm_logs": True,
                "logging": LOGGING | {"file": f"node{k}.log"},
            }
            _yaml(self.folder / f"{self.prefix}n{k}.yaml", node)
        _yaml(self.folder / "fixture.yaml", self._fixture())
        if self.encrypted:
            self._run(
                "python", "-c", NEW_KEYS, *(f"{self.folder}/key{k}.pem" for k in range(NODES))
            )

    def _fixture(self) -> dict[str, Any]:
        address = {"domain": "x.example", "address1": "a", "address2": "", "zipcode": "1"}
        organizations: list[dict[str, Any]] = [
            {"name": f"org_{k}", "country": "NL", "public_key": "", **address} for k in range(NODES)
        ]
        user = {"username": "dev_admin", "firstname": "a", "lastname": "b", "password": "password"}
        organizations[0]["users"] = [user]
        participants = [{"name": f"org_{k}", "api_key": self.keys[k]} for k in range(NODES)]
        collaboration = {"name": "demo", "encrypted": self.encrypted, "participants": participants}
        return {"organizations": organizations, "collaborations": [collaboration]}

    def _server(self) -> None:
        config = str(self.folder / "server.yaml")
        self._run("vserver-local", "import", "-c", config, str(self.folder / "fixture.yaml"))
        package = "/opt/v6/lib/python3.13/site-packages/vantage6/server"
        # The command line that `v6 server start` gives its container.
        words = ["uwsgi", "--http", f"{self.host}:{self.port}", "--gevent", "1000"]
        words += ["--http-websockets", "--http-chunked-input", "--http-keepalive"]
        words += ["--post-buffering", "0", "--master", "--callable", "app", "--disable-logging"]
        words += ["--venv", "/opt/v6", "--wsgi-file", f"{package}/wsgi.py", "--pyargv", config]
        server = start(self.cleanup, stack_image(4), words, *self._mount())
        try:
            wait_until("server", lambda: answers(f"http://{self.host}:{self.port}/api/version"))
        except TimeoutError:
            raise RuntimeError(log_of(server)) from None

    def _node(self, k: int) -> None:
        socket = ("--volume", "/var/run/docker.sock:/var/run/docker.sock")
        homes = ("CONFIG", "DATA", "CACHE", "STATE")
        for home in homes:
            socket += ("--env", f"XDG_{home}_HOME={self.folder}/xdg/{home.lower()}")
        self.cleanup.callback(self._forget, k)
        config = f"{self.folder}/{self.prefix}n{k}.yaml"
        self._run("v6", "node", "start", "-c", config, "--user", options=socket)

    def _forget(self, k: int) -> None:
        """Stop a node, and remove what it made: containers, network, volumes."""
        node = docker("ps", "--quiet", "--filter", f"name=^{self.node_name(k)}$")
        if node:
            docker("stop", "--time", "20", node, check=False)
        self.kill_node(k)
        own = f"name=^vantage6-{self.prefix}n{k}-"
        for network in docker("network", "ls", "--quiet", "--filter", own).split():
            docker("network", "rm", network, check=False)
        for volume in docker("volume", "ls", "--quiet", "--filter", own).split():
            docker("volume", "rm", volume, check=False)


def _yaml(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content))  # JSON is YAML
