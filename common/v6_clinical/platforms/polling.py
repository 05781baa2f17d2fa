"""A transport over vantage6's algorithm client: what 4.x and 5.x have in common."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from v6_clinical.errors import AnalysisError

POLL_SECONDS = 0.2
ROUND_SECONDS = 900
UNFINISHED = frozenset({"pending", "initializing", "active", "started", "awaiting"})
# What vantage6's client raises where the server fails, or answers with anything but its own JSON:
# asked for the message of an error that is no object, it ends in an AttributeError.
UNREADABLE = (AttributeError, KeyError, TypeError, ValueError, OSError)


class Subtask(NamedTuple):
    """What the name of a sub-task says: all that an analyst can see while a task is running."""

    round: int
    step: str
    site: int
    sites: int

    def __str__(self) -> str:
        return f"round {self.round}, {self.step}, site {self.site} of {self.sites}"

    @classmethod
    def read(cls, name: str) -> Subtask | None:
        """Read the name of a sub-task; None if it is of another origin."""
        found = re.search(r"round (\d+), (\w+), site (\d+) of (\d+)$", name, re.ASCII)
        if found is None:
            return None
        number, step, site, sites = found.groups()
        return cls(int(number), step, int(site), int(sites))


class PollingTransport:
    """One sub-task for each site and question, polled at a fixed interval, with a deadline.

    Parameters
    ----------
    client
        vantage6's ``AlgorithmClient`` or ``MockAlgorithmClient``.
    method
        The partial function's name.
    """

    def __init__(
        self,
        client: Any,
        method: str,
        *,
        poll_seconds: float = POLL_SECONDS,
        round_seconds: float = ROUND_SECONDS,
    ) -> None:
        self._client = client
        self._method = method
        self._poll_seconds = poll_seconds
        self._round_seconds = round_seconds
        self._round = 0

    def organizations(self) -> Sequence[int]:
        """Return the ids of the collaboration's (or study's) organisations."""
        try:
            return [organization["id"] for organization in self._client.organization.list()]
        except UNREADABLE:
            message = "The server did not list the organisations of the collaboration."
            remedy = "Run the analysis again; if it recurs, ask who runs the server for its log."
            raise AnalysisError("SITE_FAILED", message, remedy=remedy) from None

    def ask(self, messages: dict[int, dict[str, Any]]) -> dict[int, Any]:
        """Start every sub-task, then wait for all of them."""
        self._round += 1
        deadline = time.monotonic() + self._round_seconds
        places = enumerate(messages.items(), 1)
        waiting = {
            site: self._create(site, message, place, len(messages))
            for place, (site, message) in places
        }
        answers: dict[int, Any] = {}
        failures: dict[int, str] = {}
        while waiting and time.monotonic() < deadline:
            for site, task in list(waiting.items()):
                status = self._status(task)
                if status in UNFINISHED:
                    continue
                del waiting[site]
                if status == "completed":
                    answers[site] = self._result(task, deadline)
                else:
                    failures[site] = status
            if waiting:
                time.sleep(self._poll_seconds)
        _raise_for(failures, sorted(waiting), self._round_seconds)
        return answers

    def submit(self, site: int, message: dict[str, Any], name: str) -> Any:
        """Create the sub-task, as the client of this major wants it, and return its record."""
        raise NotImplementedError

    def _create(self, site: int, message: dict[str, Any], place: int, sites: int) -> int:
        about = Subtask(self._round, message["step"], place, sites)
        try:
            return int(self.submit(site, message, f"{self._method}: {about}")["id"])
        except UNREADABLE:
            # The server refused the sub-task, or what it said cannot be read. Whether there is one
            # now is not known: a second of the same node must not be in flight, so none is tried.
            records = [{"organization_id": site, "code": "SITE_FAILED"}]
            message_text = f"The server did not accept a sub-task for organisation {site}."
            raise AnalysisError("SITE_FAILED", message_text, sites=records) from None

    def _status(self, task: int) -> str:
        """Return a sub-task's status; whatever goes wrong while asking counts as not finished."""
        try:
            request = getattr(self._client, "request", None)  # mock clients have none
            if request is not None:
                status = request(f"task/{task}/status").get("status")
                if status in UNFINISHED or status is None:
                    return "pending"
            # one organisation, one run, however often it is listed
            (status,) = {str(run["status"]) for run in self._client.run.from_task(task)}
            return status
        except Exception:  # a server that is down for a moment must not end the analysis
            return "pending"

    def _result(self, task: int, deadline: float) -> Any:
        """Fetch the only result of a sub-task; ask again while the server stumbles."""
        while True:
            try:
                results = self._client.result.from_task(task)
                return results[0] if results else None
            except Exception:
                if time.monotonic() > deadline:
                    return None
                time.sleep(self._poll_seconds)


def _raise_for(failures: dict[int, str], silent: Sequence[int], seconds: float) -> None:
    if not failures and not silent:
        return
    parts = [f"organisation {site}: run {status}" for site, status in sorted(failures.items())]
    parts += [f"organisation {site}: no answer within {seconds:g} s" for site in silent]
    records: list[dict[str, object]] = [
        {"organization_id": site, "code": "SITE_FAILED"} for site in sorted(failures)
    ]
    records += [{"organization_id": site, "code": "SITE_TIMEOUT"} for site in silent]
    code = "SITE_FAILED" if failures else "SITE_TIMEOUT"
    raise AnalysisError(code, f"Not every site answered: {'; '.join(parts)}.", sites=records)
