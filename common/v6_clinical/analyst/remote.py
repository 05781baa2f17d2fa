"""A federation behind a vantage6 server: what 4.x and 5.x have in common.

Checked against the ``UserClient`` of vantage6-client 4.15.2 and 5.0.3, and against the resources
of the servers of these versions. Used of it: ``request``, ``whoami``, ``collaboration_id``,
``organization.list``, ``node.list``, ``task.create``, ``task.get``, ``task.kill`` and
``result.from_task``, which also decrypts.
"""

from __future__ import annotations

import json
import os
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar

from v6_clinical.analyst.errors import AnalysisError
from v6_clinical.analyst.progress import Watch
from v6_clinical.analyst.tasks import TIMED_OUT, TaskWatcher
from v6_clinical.face import Face
from v6_clinical.protocol.registry import face_of
from v6_clinical.text import clean
from v6_clinical.version import SCHEMA

MANY = 1000  # organisations or nodes: all of them, in one page
REGISTRY = "V6_CLINICAL_REGISTRY"


@dataclass(frozen=True)
class Participants:
    """Which sites take part, and how long to wait for them.

    ``organizations`` of None means every organisation of the collaboration.
    """

    collaboration: int | None = None
    organizations: Sequence[int | str] | None = None
    central: int | str | None = None
    poll_seconds: float = 1.0
    timeout: float | None = None


@dataclass(frozen=True)
class Image:
    """The image of each analysis: whole names, or a registry and the tag of the major version."""

    image: str | Mapping[str, str] | None = None
    registry: str | None = None

    def name(self, face: Face, major: int) -> str:
        """Return the image's name.

        Raises
        ------
        AnalysisError
            ``IMAGE_MISSING`` if images were given, but none for this analysis.
        """
        if isinstance(self.image, str):
            return self.image
        if self.image is not None:
            names = [n for n in (face.short, face.method, face.package) if n in self.image]
            if not names:
                raise AnalysisError("IMAGE_MISSING", f"image={{…}} names none for {face.short!r}.")
            return self.image[names[0]]
        registry = os.environ.get(REGISTRY) if self.registry is None else self.registry
        prefix = f"{registry.rstrip('/')}/" if registry else ""
        return f"{prefix}{face.package.replace('_', '-')}:{major}"


class RemotePlatform(ABC):
    """Central tasks, created with the analyst's own client.

    Raises
    ------
    AnalysisError
        ``NO_ORGANIZATIONS`` if the collaboration or an organisation cannot be seen, ``VERSION``
        if client and server are of different majors.
    """

    MAJOR: ClassVar[int]

    def __init__(self, client: Any, participants: Participants, image: Image) -> None:
        self._client = client
        self._participants = participants
        self._image = image
        self._collaboration = participants.collaboration or client.collaboration_id
        self._version = _server_version(client, self.MAJOR)
        listed = client.organization.list(collaboration=self._collaboration, per_page=MANY)
        self.names: Mapping[int, str] = {o["id"]: clean(o["name"]) for o in _data(listed)}
        chosen = participants.organizations
        self._chosen = None if chosen is None else [self._id(one) for one in chosen]
        if not self.names:
            message = f"No organisation of collaboration {self._collaboration} can be seen."
            raise AnalysisError("NO_ORGANIZATIONS", message)

    def run(
        self, analysis: str, arguments: dict[str, Any], watch: Watch
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Create the central task, wait for it, and return its result and where it comes from."""
        if self._chosen is not None:
            arguments = {"organizations_to_include": self._chosen, **arguments}
        named = arguments.get("organizations_to_include") or sorted(self.names)
        included = [self._id(organization) for organization in named]
        central = self._central(included)
        self._require_online({*included, central})
        face = face_of(analysis)
        image = self._image.name(face, self.MAJOR)
        watch.note(f"asking {self.names[central]} to start {image}")
        task = self._created(image, face.method, arguments, central)
        run = self._wait(task, len(included), watch)
        if run != "completed":
            raise _ended_badly(run, task, image, self.names[central], central)
        origin = {"platform": f"vantage6 {self._version}", "image": image, "task_id": task}
        return self._result(task), origin

    def _wait(self, task: int, sites: int, watch: Watch) -> str:
        """Wait for the end of a task; stop it on an interrupt, or when the time is over."""
        timeout = self._participants.timeout
        try:
            run = TaskWatcher(self._client, task, sites, self._participants.poll_seconds).wait(
                watch, timeout
            )
        except KeyboardInterrupt:
            self._stop(task)
            raise
        if run == TIMED_OUT:
            self._stop(task)
            message = f"Task {task} was not completed within {timeout:g} s: stopped."
            raise AnalysisError("TIMEOUT", message)
        return run

    def _stop(self, task: int) -> None:
        """Stop a task and its sub-tasks, whatever the server says: nobody works on in vain."""
        with suppress(Exception):
            self._client.task.kill(task)

    @abstractmethod
    def task(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return what ``task.create`` of this major wants to know of method, arguments and data."""

    def _created(
        self, image: str, method: str, arguments: dict[str, Any], organization: int
    ) -> int:
        record = self._client.task.create(
            collaboration=self._collaboration,
            organizations=[organization],
            name=f"v6-clinical: {method}",
            image=image,
            description="",
            **self.task(method, arguments),
        )
        if not isinstance(record, Mapping) or "id" not in record:
            said = record.get("msg") if isinstance(record, Mapping) else None
            raise AnalysisError("TASK_REFUSED", f"The server did not accept the task: {said}")
        return int(record["id"])

    def _id(self, organization: int | str) -> int:
        """Return the id of an organisation given by id or name."""
        ids = [i for i, name in self.names.items() if organization in (i, name)]
        if len(ids) != 1:
            known = ", ".join(f"{i} {name}" for i, name in self.names.items())
            message = f"Organisation {organization!r} is not in the collaboration ({known})."
            raise AnalysisError("NO_ORGANIZATIONS", message)
        return ids[0]

    def _central(self, included: Sequence[int]) -> int:
        """Return who adds the sums: whom the analyst named, the own organisation, or the first."""
        if self._participants.central is not None:
            return self._id(self._participants.central)
        own = getattr(getattr(self._client, "whoami", None), "organization_id", None)
        return own if isinstance(own, int) and own in included else included[0]

    def _require_online(self, organizations: Collection[int]) -> None:
        """Say at once that a node is offline, instead of waiting for a round's deadline."""
        nodes = _data(self._client.node.list(collaboration=self._collaboration, per_page=MANY))
        status = {node["organization"]["id"]: node.get("status") for node in nodes}
        offline = sorted(site for site in organizations if status.get(site, "online") != "online")
        if offline:
            names = ", ".join(f"{self.names.get(site)} (organisation {site})" for site in offline)
            sites = [{"organization_id": s, "name": self.names.get(s)} for s in offline]
            raise AnalysisError("NODE_OFFLINE", f"Offline: the node of {names}.", sites=sites)

    def _result(self, task: int) -> dict[str, Any]:
        """Fetch and decrypt the only result."""
        records = _data(self._client.result.from_task(task))
        found = records[0].get("result") if records else None
        try:
            result = json.loads(found) if isinstance(found, str | bytes) else found
        except ValueError:
            result = None
        if not isinstance(result, dict) or result.get("schema") != SCHEMA:
            message = f"Task {task} is completed, but its result is none of schema {SCHEMA}."
            raise AnalysisError("NO_RESULT", message)
        return result


def _server_version(client: Any, major: int) -> str:
    """Return the server's version; it must be of the client's major."""
    version = str(client.request("version").get("version", ""))
    if version.partition(".")[0] != str(major):
        message = f"The client is of vantage6 {major}.x, the server says {version or 'nothing'}."
        raise AnalysisError(
            "VERSION", message, remedy="Install the client of the server's version."
        )
    return version


def _data(answer: Any) -> list[dict[str, Any]]:
    """Return the records of a list; none where the server says no."""
    found = answer.get("data") if isinstance(answer, Mapping) else answer
    return found if isinstance(found, list) else []


# What vantage6 calls the end of a run, and our code for it; all others: CENTRAL_FAILED.
ENDS = {
    "non-existing Docker image": "IMAGE_MISSING",
    "not allowed": "NOT_ALLOWED",
    "killed by user": "STOPPED",
}


def _ended_badly(run: str, task: int, image: str, name: str, organization: int) -> AnalysisError:
    """Return what to raise for a central function that gave no result."""
    message = f"The central function at {name} ended as '{run}' (task {task}, image {image})."
    site = {"organization_id": organization, "name": name, "code": run}
    return AnalysisError(ENDS.get(run, "CENTRAL_FAILED"), message, sites=[site])
