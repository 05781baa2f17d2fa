"""Follow a central task on a vantage6 server: its end, and meanwhile its rounds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from v6_clinical.analyst.errors import AnalysisError
from v6_clinical.analyst.progress import Watch
from v6_clinical.platforms.polling import UNFINISHED, Subtask

LEAST_POLL_SECONDS = 1.0
SILENCE_SECONDS = 300
TIMED_OUT = "timed out"


class TaskWatcher:
    """Asks the server how far a central task is, once in a while.

    The rounds are read from the names of its sub-tasks (``v6_clinical.platforms.polling``). Who
    may not see sub-tasks is told the time only.

    Parameters
    ----------
    client
        vantage6's ``UserClient``.
    task
        Id of the central task.
    sites
        How many organisations take part: as many sub-tasks has a round.
    """

    def __init__(self, client: Any, task: int, sites: int, poll_seconds: float) -> None:
        self._client = client
        self._task = task
        self._sites = sites
        self._poll_seconds = max(poll_seconds, LEAST_POLL_SECONDS)
        self._sees_rounds = True

    def wait(self, watch: Watch, timeout: float | None) -> str:
        """Wait for the end, and return the status of the central run, or ``TIMED_OUT``.

        Raises
        ------
        AnalysisError
            ``SERVER_SILENT`` if the server has not answered for five minutes.
        """
        began = heard = time.monotonic()
        while True:
            status: str | None = _tried(self._status)
            now = time.monotonic()
            if status is not None:
                heard = now
                if status not in UNFINISHED:
                    return status
            if now - heard > SILENCE_SECONDS:
                message = f"No word of task {self._task} for {SILENCE_SECONDS} s."
                raise AnalysisError("SERVER_SILENT", message)
            if timeout is not None and now - began > timeout:
                return TIMED_OUT
            self._tell(status, watch)
            time.sleep(self._poll_seconds)

    def _status(self) -> str | None:
        """Return the task's status; that of its one run where the task's says less (5.x)."""
        status = self._client.task.get(self._task).get("status")
        if status is None or status in UNFINISHED or status == "completed":
            return None if status is None else str(status)
        (run,) = self._client.request("run", params={"task_id": self._task})["data"]
        return str(run["status"])

    def _tell(self, status: str | None, watch: Watch) -> None:
        """Tell the newest round and how many of its sites have answered."""
        newest = _tried(self._newest_round) if self._sees_rounds else None
        if newest:
            about = newest[0][0]
            answered = sum(done for _, done in newest)
            watch.round(about.round, about.step, about.sites, answered)
        else:
            started = status == "active" or not self._sees_rounds
            watch.note("running" if started else "waiting for the central node")

    def _newest_round(self) -> list[tuple[Subtask, bool]]:
        """Return the sub-tasks of the newest round, and whether each is completed."""
        params = {"parent_id": self._task, "sort": "-id", "per_page": self._sites}
        answer = self._client.request("task", params=params)
        if "data" not in answer:  # the server says no: it would say so every time
            self._sees_rounds = False
            return []
        named = [(Subtask.read(task["name"] or ""), task) for task in answer["data"]]
        known = [(about, task["status"] == "completed") for about, task in named if about]
        last = max((about.round for about, _ in known), default=0)
        return [(about, done) for about, done in known if about.round == last]


def _tried(ask: Callable[[], Any]) -> Any:
    """Return what the server says, or None: it may be down for a moment, or stumble."""
    try:
        return ask()
    except Exception:
        return None
