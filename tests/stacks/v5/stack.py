"""vantage6 5.0.3 on one machine: HQ, three nodes, a registry on loopback.

Stand-ins: Keycloak (fake_keycloak.py) and the Kubernetes API (fake_kubernetes.py), no more.
"""

from __future__ import annotations

import json
import subprocess
import sys
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
ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
LOGGING = {
    "level": "INFO",
    "use_console": True,
    "backup_count": 1,
    "max_size": 1024,
    "format": "%(asctime)s - %(name)-14s - %(levelname)-8s - %(message)s",
    "datefmt": "%H:%M:%S",
    "loggers": [{"name": "urllib3", "level": "warning"}],
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
        self.prefix = f"v6c{uuid.uuid4().hex[:6]}-"
        self.keycloak = f"http://127.0.0.1:{self._keycloak()}"
        self.port = free_port()
        self.hq = f"http://127.0.0.1:{self.port}/hq"
        self._hq()
        self.keys = [f"{folder}/key{k}.pem" if encrypted else None for k in range(NODES)]
        if encrypted:
            self._run("python", "-c", NEW_KEYS, *filter(None, self.keys))
        words = [self.hq, self.keycloak, f"{folder}/found.json", "yes" if encrypted else "no"]
        self._run("python", str(HERE / "found.py"), *words)
        self.found = json.loads((folder / "found.json").read_text())
        self.api = self._kubernetes()
        self.nodes: list[str] = []
        for k, settings in enumerate(environment):
            frames = {label: parts[k] for label, parts in data.items()}
            self.nodes.append(self._node(k, frames, settings, allowed))

    def ask(self, task: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        """Send a task with the stock client and wait for its end."""
        process, result = self.send(task, **more)
        out, _ = process.communicate(timeout=400)
        if process.returncode:
            raise RuntimeError(out[-3000:] + "".join(map(log_of, self.nodes)))
        found: dict[str, Any] = json.loads(result.read_text())
        return found

    def send(
        self, task: Mapping[str, Any], *, action: str = "central_compute", script: Path = ANALYST
    ) -> tuple[subprocess.Popen[str], Path]:
        """Send a task and do not wait.

        ``script`` runs beside the stock client as ``script TASK.json RESULT.json``. It may import
        ``analyst``, whose ``connect`` gives a client that is logged in, the modules beside it and
        beside its folder, and ``v6_clinical``.
        """
        name = uuid.uuid4().hex[:8]
        given, result = self.folder / f"task-{name}.json", self.folder / f"result-{name}.json"
        found = str(self.folder / "found.json")
        body = {
            "server": {"hq": self.hq, "keycloak": self.keycloak, "found": found},
            "private_key": self.keys[0],
            "organization": 0,
            "action": action,
            **task,
        }
        given.write_text(json.dumps(body))
        container = f"{self.prefix}analyst{name}"
        self.cleanup.callback(docker, "rm", "--force", container, check=False)
        words = ["run", "--rm", "--name", container, *self._mount(), *beside_client(HERE)]
        words += [stack_image(5), "python", str(script), str(given), str(result)]
        process = subprocess.Popen(
            ["docker", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        return process, result

    def running(self) -> list[str]:
        """Return the algorithm containers that run now."""
        return docker("ps", "--quiet", "--filter", f"name=^{self.prefix}vantage6").split()

    def containers(self) -> list[str]:
        """Return the algorithm containers of all nodes, stopped ones too."""
        return docker("ps", "--all", "--quiet", "--filter", f"name=^{self.prefix}").split()

    def kill_node(self, k: int) -> None:
        """Kill a node, as a power cut does."""
        docker("rm", "--force", self.nodes[k])

    def _mount(self) -> list[str]:
        mounts = ["--network", "host", "--volume", f"{self.folder}:{self.folder}"]
        return [*mounts, "--volume", f"{HERE}:{HERE}:ro"]

    def _run(self, *command: str) -> str:
        return docker("run", "--rm", *self._mount(), stack_image(5), *command)

    def _start(self, command: list[str], *options: str) -> str:
        return start(self.cleanup, stack_image(5), command, *self._mount(), *options)

    def _keycloak(self) -> int:
        port = free_port()
        self._start(["python", str(HERE / "fake_keycloak.py"), str(port)])
        wait_until("keycloak", lambda: answers(f"http://127.0.0.1:{port}/realms/vantage6"))
        return port

    def _hq(self) -> None:
        config = {
            "algorithm_stores": [],
            "api_path": "/hq",
            "description": "test",
            "jwt_secret_key": f"{uuid.uuid4()}-{uuid.uuid4()}",
            "port": self.port,
            "hq_url": self.hq,
            "uri": f"sqlite:///{self.folder}/hq.sqlite",
            "logging": LOGGING | {"file": "hq.log"},
        }
        path = self.folder / "hq.yaml"
        path.write_text(json.dumps(config))
        settings = {
            "KEYCLOAK_URL": self.keycloak,
            "KEYCLOAK_REALM": "vantage6",
            "KEYCLOAK_ADMIN_USERNAME": "admin",
            "KEYCLOAK_ADMIN_PASSWORD": "admin",
            "KEYCLOAK_ADMIN_CLIENT": "backend-admin-client",
            "KEYCLOAK_ADMIN_CLIENT_SECRET": "admin-client-of-the-tests",
        }
        options = [word for k, v in settings.items() for word in ("--env", f"{k}={v}")]
        script = f"python -m vantage6.hq.init_db {path} && "
        script += f"exec python {HERE}/run_hq.py {path} {self.port}"
        hq = self._start(["sh", "-c", script], *options)
        try:
            wait_until("HQ", lambda: answers(f"{self.hq}/version"))
        except TimeoutError:
            raise RuntimeError(log_of(hq)) from None

    def _kubernetes(self) -> int:
        port = free_port()
        certificate, key = self.folder / "k8s.crt", self.folder / "k8s.key"
        words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        words += ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
        words += ["-keyout", str(key), "-out", str(certificate)]
        subprocess.run(words, check=True, capture_output=True)
        words = [sys.executable, str(HERE / "fake_kubernetes.py"), str(port)]
        words += [str(certificate), str(key), self.prefix]
        with (self.folder / "k8s.log").open("w") as log:
            process = subprocess.Popen(words, stdout=log, stderr=log)
        self.cleanup.callback(lambda: [docker("rm", "--force", c) for c in self.containers()])
        self.cleanup.callback(process.wait)
        self.cleanup.callback(process.terminate)
        account = self.folder / "account"
        account.mkdir()
        (account / "ca.crt").write_bytes(certificate.read_bytes())
        (account / "token").write_text("token")
        (account / "namespace").write_text("default")
        return port

    def _node(
        self,
        k: int,
        frames: Mapping[str, pd.DataFrame],
        settings: Mapping[str, str],
        allowed: list[str],
    ) -> str:
        folder, proxy, known = self.folder / f"node{k}", free_port(), self.found["nodes"][k]
        (folder / "tasks").mkdir(parents=True)
        (folder / "databases").mkdir()
        databases = {"DATABASE_LABELS": ",".join(frames)}
        for label, frame in frames.items():
            # the node looks for this very name, in the folder that is its /app/databases
            path = folder / "databases" / f"{label}.csv"
            frame.to_csv(path, index=False)
            databases |= {f"DATABASE_{label.upper()}_URI": str(path)}
            databases |= {f"DATABASE_{label.upper()}_TYPE": "csv"}
        config = {
            "hq_url": "http://127.0.0.1",
            "port": self.port,
            "api_path": "/hq",
            "production": False,
            "node_proxy_port": proxy,
            "task_dir": f"{folder}/tasks",
            "task_namespace": f"tasks{k}",
            "share_config": True,
            "share_algorithm_logs": True,
            "encryption": {"enabled": self.encrypted, "private_key": self.keys[k] or ""},
            "policies": {"allowed_algorithms": allowed},
            "prometheus": {"enabled": False},
            "algorithm_env": dict(settings),
            "logging": LOGGING | {"file": "node.log"},
        }
        (folder / "node.yaml").write_text(json.dumps(config))
        variables = {
            "V6_API_KEY": known["api_key"],
            "V6_NODE_NAME": known["name"],
            "KEYCLOAK_URL": self.keycloak,
            "KEYCLOAK_REALM": "vantage6",
            "V6_PROXY_HOST": f"http://{bridge()}",
            "V6_PROXY_PORT": str(proxy),
            **databases,
            "KUBERNETES_SERVICE_HOST": "127.0.0.1",
            "KUBERNETES_SERVICE_PORT": str(self.api),
        }
        options = [word for k, v in variables.items() for word in ("--env", f"{k}={v}")]
        options += ["--volume", f"{self.folder}/account:{ACCOUNT}:ro"]
        options += ["--volume", f"{folder}:/app"]
        node = self._start(["vnode-local", "start", "-c", f"{folder}/node.yaml"], *options)
        # One after another: nodes that start together stumble over each other at HQ.
        try:
            wait_until("node", lambda: "Waiting for new tasks" in log_of(node, 400), 90)
        except TimeoutError:
            raise RuntimeError(log_of(node)) from None
        return node
