"""User clients of 4.x and 5.x over a server in this process, which runs our real entry module.

Methods, arguments and the form of the answers are those of vantage6-client 4.15.2 and 5.0.3, and
of their servers' resources ``task``, ``run``, ``organization``, ``node`` and ``version``.
The central function runs in a thread, with an algorithm client whose sub-tasks are kept, so that
the user client sees them as an analyst would. 5.x entry modules need Python 3.13: both majors run
the 4.x one here; ``tests/stacks`` runs the real programs.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pandas as pd

from v6_clinical.protocol.registry import face_of

NAMES = {1: "Rotterdam", 2: "Delft", 3: "Leiden"}


@dataclass
class Task:
    id: int
    name: str
    parent: int | None = None
    status: str = "pending"
    result: Any = None
    given: dict[str, Any] = field(default_factory=dict)


class Server:
    """Tasks, runs and results; a site answers when ``gate`` lets it."""

    def __init__(self, frames: list[pd.DataFrame], version: str) -> None:
        self.frames = dict(enumerate(frames, 1))
        self.version = version
        self.tasks: dict[int, Task] = {}
        self.gate = threading.Semaphore(10_000)
        self.killed: list[int] = []
        self.offline: set[int] = set()
        self.central_end: str | None = None  # what becomes of the central run, if not completed
        self.sub_tasks_visible = True
        self.hiccups = 0  # so many status requests fail
        self.lock = threading.Lock()
        self.threads: list[threading.Thread] = []

    def close(self) -> None:
        """Let every site answer, and wait for all that is under way."""
        self.gate.release(10_000)
        while self.threads:
            self.threads.pop(0).join(60)  # what a central function begins comes after it

    def begin(self, work: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        thread.start()
        self.threads.append(thread)

    def add(self, **given: Any) -> Task:
        with self.lock:
            task = Task(id=len(self.tasks) + 1, **given)
            self.tasks[task.id] = task
        return task

    def start(self, method: str, arguments: dict[str, Any], name: str, **given: Any) -> Task:
        task = self.add(name=name, given={"method": method, "arguments": arguments, **given})
        self.begin(self._central, task, method, arguments)
        return task

    def _central(self, task: Task, method: str, arguments: dict[str, Any]) -> None:
        task.status = "active"
        if self.central_end is not None:
            task.status = self.central_end
            return
        entry = import_module(f"{face_of(method).package}.v4")
        client = _AlgorithmClient(self, task, entry)
        plain = json.loads(json.dumps(arguments, allow_nan=False))
        found = getattr(entry, method)(mock_client=client, **plain)
        task.result = json.dumps(found, allow_nan=False)
        if task.status == "active":
            task.status = "completed"

    def record(self, task: Task) -> dict[str, Any]:
        status = task.status
        if self.version.startswith("5") and status != "completed":
            status = "awaiting" if status in ("pending", "active") else "failed"
        return {"id": task.id, "name": task.name, "status": status}

    def children(self, parent: int, per_page: int) -> list[dict[str, Any]]:
        found = [self.record(task) for task in self.tasks.values() if task.parent == parent]
        return found[::-1][:per_page]


class _AlgorithmClient:
    """What the central function gets: the algorithm client of 4.x."""

    def __init__(self, server: Server, central: Task, entry: Any) -> None:
        self._server, self._central, self._entry = server, central, entry
        self.organization = SimpleNamespace(list=lambda: [{"id": i} for i in server.frames])
        self.task = SimpleNamespace(create=self._create)
        self.run = SimpleNamespace(from_task=lambda i: [{"status": server.tasks[i].status}])
        self.result = SimpleNamespace(from_task=lambda i: [server.tasks[i].result])

    def request(self, endpoint: str) -> dict[str, Any]:
        return {"status": self._server.tasks[int(endpoint.split("/")[1])].status}

    def _create(self, input_: dict[str, Any], organizations: list[int], name: str) -> Any:
        task = self._server.add(name=name, parent=self._central.id)
        (site,) = organizations
        self._server.begin(self._partial, task, input_, site)
        return {"id": task.id}

    def _partial(self, task: Task, input_: dict[str, Any], site: int) -> None:
        task.status = "active"
        self._server.gate.acquire()
        partial = getattr(self._entry, input_["method"])
        message = json.loads(json.dumps(input_["kwargs"], allow_nan=False))
        task.result = partial(mock_data=[self._server.frames[site]], **message)
        task.status = "completed"


class _UserClient:
    """What the user clients of both majors have in common."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.whoami = SimpleNamespace(organization_id=2)
        self.collaboration_id = None
        self.asked: list[str] = []
        self.organization = SimpleNamespace(list=self._organizations)
        self.node = SimpleNamespace(list=self._nodes)
        self.result = SimpleNamespace(from_task=self._results)

    def request(self, endpoint: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        self.asked.append(endpoint)
        params = params or {}
        if endpoint == "version":
            return {"version": self.server.version}
        if endpoint == "run":
            return {"data": [{"status": self.server.tasks[params["task_id"]].status}]}
        assert endpoint == "task"
        assert params["sort"] == "-id"
        if not self.server.sub_tasks_visible:
            return {"msg": "You lack the permission to view tasks from the collaboration"}
        return {"data": self.server.children(params["parent_id"], params["per_page"])}

    def _organizations(
        self, collaboration: int | None = None, per_page: int | None = None
    ) -> dict[str, Any]:
        known = [{"id": i, "name": NAMES[i]} for i in self.server.frames]
        return {"data": known if collaboration == 1 else []}

    def _nodes(self, collaboration: int | None = None, per_page: int = 20) -> dict[str, Any]:
        def status(site: int) -> str:
            return "offline" if site in self.server.offline else "online"

        nodes = [{"organization": {"id": i}, "status": status(i)} for i in self.server.frames]
        return {"data": nodes}

    def _results(self, task_id: int) -> dict[str, Any]:
        return {"data": [{"result": self.server.tasks[task_id].result}]}

    def _get(self, id_: int) -> dict[str, Any]:
        if self.server.hiccups:
            self.server.hiccups -= 1
            raise ConnectionError("the server is down for a moment")
        return self.server.record(self.server.tasks[id_])

    def _kill(self, id_: int) -> dict[str, Any]:
        self.server.killed.append(id_)
        self.server.tasks[id_].status = "killed by user"
        return {}


class Client4(_UserClient):
    """``UserClient`` of vantage6-client 4.15.2."""

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self.task = SimpleNamespace(create=self._create, get=self._get, kill=self._kill)

    def _create(
        self,
        organizations: list[int],
        name: str,
        image: str,
        description: str,
        input_: dict[str, Any],
        collaboration: int | None = None,
        databases: list[dict[str, Any]] | None = None,
    ) -> dict[str, Any]:
        given = {"organizations": organizations, "image": image, "databases": databases}
        method, arguments = input_["method"], input_["kwargs"]
        return self.server.record(self.server.start(method, arguments, name, **given))


class Client5(_UserClient):
    """``UserClient`` of vantage6-client 5.0.3."""

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self.dataframe = SimpleNamespace()
        self.session_id = None
        self.task = SimpleNamespace(create=self._create, get=self._get, kill=self._kill)

    def _create(
        self,
        organizations: list[int],
        name: str,
        image: str,
        description: str,
        method: str,
        arguments: dict[str, Any] | None = None,
        session: int | None = None,
        collaboration: int | None = None,
        databases: list[dict[str, Any]] | None = None,
        action: str | None = None,
    ) -> dict[str, Any]:
        assert action == "central_compute"
        given = {"organizations": organizations, "image": image, "databases": databases}
        given["session"] = session
        return self.server.record(self.server.start(method, arguments or {}, name, **given))
