"""A small HTTP server that an algorithm takes for its node's proxy, and that can be made to fail.

It speaks as vantage6 4.x and 5.x do to a central function: organisations, new sub-tasks, their
status, runs and results. Sub-tasks are answered by the analysis's own site steps. Standard library
only, so that it also runs inside the images.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from v6_clinical.protocol.site import answer

if TYPE_CHECKING:
    import pandas as pd

    from v6_clinical.disclosure import Policy
    from v6_clinical.protocol.registry import Site

NEVER = 10**9
# What comes with status 500: the server's own words, a proxy's page, JSON that is no object.
BODIES = {"500": '{"msg": "internal error"}', "html": "<h1>Bad gateway</h1>", "null": "null"}


@dataclass(frozen=True)
class Fault:
    """What goes wrong at one site with one sub-task.

    Attributes
    ----------
    status
        How the run ends; anything but "completed" leaves no result.
    change
        Makes another answer of the honest one: text is sent as it is.
    polls
        How often the run is asked after before it ends.
    copies
        How often its run and result are listed.
    """

    status: str = "completed"
    change: Callable[[Any], Any] | None = None
    polls: int = 1
    copies: int = 1


@dataclass
class _Task:
    site: int
    fault: Fault
    result: str
    asked: int = 0


Faults = Callable[[int, int, dict[str, Any]], Fault | None]
Stumble = Callable[[int, str], str | None]


@dataclass
class Server:
    """Sites with data, behind one server.

    Parameters
    ----------
    site, frames, policy
        The analysis's site side, the data of organisations 10, 20, ... and their limits.
    faults
        Given site, the round of that site and the message: what goes wrong.
    stumble
        Given the number of an HTTP request and its path: "500", "html", "null", "reset" (nothing is
        done), "lost" (it is done, but the answer is lost), "cut", or None.
    """

    site: Site
    frames: Sequence[pd.DataFrame]
    policy: Policy
    faults: Faults = lambda site, number, message: None
    stumble: Stumble = lambda number, path: None
    requests: list[str] = field(default_factory=list)
    tasks: list[_Task] = field(default_factory=list)
    rounds: dict[int, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Server:
        self._start(0)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    @property
    def port(self) -> int:
        """The port on loopback."""
        return int(self._http.server_address[1])

    def restart_soon(self, seconds: float) -> None:
        """Stop listening, and come back on the same port; tasks are kept, as in a database."""

        def restart() -> None:
            port = self.port
            self._stop()
            time.sleep(seconds)
            self._start(port)

        threading.Thread(target=restart).start()

    def _start(self, port: int) -> None:
        self._http = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        threading.Thread(target=self._http.serve_forever, args=[0.01], daemon=True).start()

    def _stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def organizations(self) -> list[int]:
        """Return the ids of the organisations."""
        return [10 * (k + 1) for k in range(len(self.frames))]

    def create(self, body: dict[str, Any]) -> dict[str, Any]:
        """Run a sub-task of one organisation, as its node would."""
        (organization,) = body["organizations"]
        site, text = organization["id"], organization.get("input", organization.get("arguments"))
        message = json.loads(base64.b64decode(text))
        message = message.get("kwargs", message)
        with self._lock:
            self.rounds[site] = self.rounds.get(site, 0) + 1
        fault = self.faults(site, self.rounds[site], message) or Fault()
        frame = self.frames[site // 10 - 1]
        honest = answer(self.site, message, lambda: self.policy, lambda _: frame)
        found = json.loads(json.dumps(honest, allow_nan=False))
        found = found if fault.change is None else fault.change(found)
        result = found if isinstance(found, str) else json.dumps(found)
        with self._lock:
            self.tasks.append(_Task(site, fault, result))
            return {"id": len(self.tasks)}

    def read(self, path: str, query: dict[str, list[str]]) -> dict[str, Any]:
        """Answer what an algorithm may read."""
        if path == "organization":
            return {"data": [{"id": site} for site in self.organizations()], "links": {}}
        if path.startswith("organization/"):
            return {"id": int(path.split("/")[1]), "public_key": None}
        if path.startswith("blobstream"):
            return {"blob_store_enabled": False}
        if path.endswith("/status"):
            return {"status": self._status(int(path.split("/")[1]))}
        task = self.tasks[int(query["task_id"][0]) - 1]
        done = self._status(int(query["task_id"][0])) == "completed"
        record: dict[str, Any] = {"organization": {"id": task.site}, "status": task.fault.status}
        if path == "result":
            record["result"] = base64.b64encode(task.result.encode()).decode() if done else None
        return {"data": [record] * task.fault.copies, "links": {}}

    def _status(self, number: int) -> str:
        task = self.tasks[number - 1]
        task.asked += 1
        return task.fault.status if task.asked > task.fault.polls else "active"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                url = urlsplit(self.path)
                self._serve(url.path, lambda path: outer.read(path, parse_qs(url.query)))

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self._serve(self.path, lambda _: outer.create(body))

            def _serve(self, path: str, work: Callable[[str], dict[str, Any]]) -> None:
                path = path.removeprefix("/api/")
                with outer._lock:
                    outer.requests.append(path)
                    number = len(outer.requests)
                kind = outer.stumble(number, path)
                if kind in ("reset", "lost"):
                    if kind == "lost":
                        work(path)
                    self.close_connection = True
                    self.connection.close()
                elif kind in BODIES:
                    self._send(500, BODIES[kind])
                else:
                    self._send(200, json.dumps(work(path)), cut=kind == "cut")

            def _send(self, code: int, text: str, *, cut: bool = False) -> None:
                self.send_response(code)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode()[: len(text) // 2 if cut else None])
                self.close_connection = cut

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        return Handler
