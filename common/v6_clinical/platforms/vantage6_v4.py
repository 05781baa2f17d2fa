"""vantage6 4.x: entry points for its wrapper, and a transport over its algorithm client.

The stock decorators are not used: they cost more than a second of CPU to import, load the data
outside our guard (so that a traceback with values would reach the server), and accept mock data
from the task's input. Ours read the same environment and carry the same marks, by which
vantage6's ``MockAlgorithmClient`` recognises what a function wants.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from v6_clinical.disclosure import Policy
from v6_clinical.errors import AnalysisError, RefusalError
from v6_clinical.registry import load_central, load_site
from v6_clinical.site import FIELDS, answer, innocent_name, refused

if TYPE_CHECKING:
    import pandas as pd

POLL_SECONDS = 0.2
ROUND_SECONDS = 900
UNFINISHED = frozenset({"pending", "initializing", "active", "started", "awaiting"})


class ClientTransport:
    """One sub-task for each site and question, polled at a fixed interval, with a deadline.

    Parameters
    ----------
    client
        vantage6's ``AlgorithmClient`` or ``MockAlgorithmClient`` of 4.x.
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

    def organizations(self) -> Sequence[int]:
        """Return the ids of the collaboration's (or study's) organisations."""
        return [organization["id"] for organization in self._client.organization.list()]

    def ask(self, messages: dict[int, dict[str, Any]]) -> dict[int, Any]:
        """Start every sub-task, then wait for all of them."""
        deadline = time.monotonic() + self._round_seconds
        waiting = {site: self._create(site, message) for site, message in messages.items()}
        answers: dict[int, Any] = {}
        failures: dict[int, str] = {}
        while waiting and time.monotonic() < deadline:
            for site, task in list(waiting.items()):
                status = self._status(site, task)
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

    def _create(self, site: int, message: dict[str, Any]) -> int:
        task = self._client.task.create(
            input_={"method": self._method, "kwargs": message},
            organizations=[site],
            name=f"{self._method}: {message['step']}",
        )
        try:
            return int(task["id"])
        except (KeyError, TypeError, ValueError):
            # The server refused the sub-task (its reason is in the central function's log).
            records = [{"organization_id": site, "code": "SITE_FAILED"}]
            message_text = f"The server did not accept a sub-task for organisation {site}."
            raise AnalysisError("SITE_FAILED", message_text, sites=records) from None

    def _status(self, site: int, task: int) -> str:
        """Return a run's status; whatever goes wrong while asking counts as not finished."""
        try:
            if hasattr(self._client, "request"):
                status = self._client.request(f"task/{task}/status").get("status")
                if status in UNFINISHED or status is None:
                    return "pending"
            runs = [run for run in self._client.run.from_task(task) if _site_of(run) == site]
            return str(runs[0]["status"])
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


def _site_of(run: Mapping[str, Any]) -> int:
    return int(run["organization"]["id"])


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


def central(package: str, method: str) -> Callable[..., dict[str, Any]]:
    """Make the central function of an entry module."""

    def function(*arguments: Any, mock_client: Any = None, **named: Any) -> dict[str, Any]:
        from v6_clinical import federation

        definition = load_central(package)
        try:
            if arguments or _is_json(mock_client):
                text = "Arguments are given by name; 'mock_client' is not one of them."
                raise AnalysisError("BAD_REQUEST", text)
            client = _client() if mock_client is None else mock_client
            transport = ClientTransport(client, f"{method}_partial", round_seconds=_round_seconds())
            return federation.run(definition, named, transport, progress=_say)
        except AnalysisError as error:
            return _failed(definition.name, error.code, error.message, error.remedy)
        except RefusalError as refusal:
            message = f"Settings of the central node: {', '.join(refusal.where)}."
            return _failed(definition.name, refusal.code, message, "Correct the V6C_* settings.")
        except Exception as error:
            message = f"Unexpected {innocent_name(error)} on the central side."
            return _failed(definition.name, "INTERNAL", message, "Report this to the maintainers.")

    function.__name__ = function.__qualname__ = method
    function.__doc__ = f"Run the analysis '{method}' over the collaboration's organisations."
    function.wrapped_in_algorithm_client_decorator = True  # type: ignore[attr-defined]
    return function


def partial(package: str, method: str) -> Callable[..., dict[str, Any]]:
    """Make the partial function of an entry module."""

    def function(*arguments: Any, mock_data: Any = None, **named: Any) -> dict[str, Any]:
        if arguments or _is_json(mock_data):
            return refused("BAD_REQUEST", [] if arguments else ["mock_data"])
        found = answer(
            load_site(package),
            named,
            lambda: Policy.from_environment(os.environ),
            lambda policy: _frame(policy) if mock_data is None else mock_data[0],
        )
        _log(method, named, found)
        return found

    function.__name__ = function.__qualname__ = f"{method}_partial"
    function.__doc__ = f"Answer one question of the analysis '{method}' at one site."
    function.wrapped_in_data_decorator = True  # type: ignore[attr-defined]
    return function


def _is_json(mock: Any) -> bool:
    """Tell what the analyst smuggled in with the task's input from a mock client's own data."""
    if isinstance(mock, list) and mock:
        return _is_json(mock[0])
    return mock is not None and isinstance(mock, str | int | float | dict | list)


def _client() -> Any:
    from vantage6.algorithm.client import AlgorithmClient

    with open(os.environ["TOKEN_FILE"]) as file:
        token = file.read().strip()
    host, port, path = (os.environ[name] for name in ("HOST", "PORT", "API_PATH"))
    return AlgorithmClient(token=token, host=host, port=port, path=path)


def _round_seconds() -> float:
    Policy.from_environment(os.environ)  # complain of bad settings before any site is asked
    return float(os.environ.get("V6C_ROUND_TIMEOUT", ROUND_SECONDS))


def _frame(policy: Policy) -> pd.DataFrame:
    """Read the one database of the task, as vantage6's own ``@data(1)`` does."""
    import pandas as pd

    requested = os.environ.get("USER_REQUESTED_DATABASE_LABELS", "")
    labels = [label.strip() for label in requested.split(",") if label.strip()]
    if len(labels) != 1:
        raise RefusalError("BAD_REQUEST", ["databases"])
    policy.check_filters(labels[0], os.environ)
    label = labels[0].upper()
    uri, kind = os.environ[f"{label}_DATABASE_URI"], os.environ.get(f"{label}_DATABASE_TYPE")
    if kind == "csv":
        frame = pd.read_csv(uri)
    elif kind == "parquet":
        frame = pd.read_parquet(uri)
    else:
        from vantage6.algorithm.tools.wrappers import load_data

        query = os.environ.get(f"{label}_QUERY")
        frame = load_data(uri, kind, query, os.environ.get(f"{label}_SHEET_NAME"))
    return _preprocessed(frame, os.environ.get(f"{label}_PREPROCESSING"))


def _preprocessed(frame: pd.DataFrame, steps: str | None) -> pd.DataFrame:
    if not steps or not json.loads(steps):
        return frame
    from vantage6.algorithm.tools.preprocessing import preprocess_data

    processed: pd.DataFrame = preprocess_data(frame, json.loads(steps))
    return processed


def _say(number: int, step: str, sites: int) -> None:
    print(f"info > round {number}: {step}, {sites} sites", flush=True)  # noqa: T201


def _log(method: str, message: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    """Write the site's ledger: one line a call, no values."""
    import hashlib

    text = json.dumps({name: message.get(name) for name in FIELDS}, sort_keys=True, default=repr)
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    sums = found.get("sums", {"arrays": {}, "tallies": {}, "forms": {}})
    numbers = sum(len(array["data"]) for array in sums["arrays"].values())
    numbers += sum(len(tally) for tally in sums["tallies"].values())
    numbers += sum(len(form["half"]) for form in sums["forms"].values())
    outcome = found.get("code", found["status"])
    print(f"info > v6-clinical {method} request={digest} {outcome} numbers={numbers}", flush=True)  # noqa: T201


def _failed(analysis: str, code: str, message: str, remedy: str) -> dict[str, Any]:
    from v6_clinical.federation import empty_envelope

    error = {"code": code, "message": message, "remedy": remedy, "sites": []}
    return empty_envelope(analysis) | {"status": "failed", "error": error}
