"""vantage6 5.x (Python 3.13 and newer): entry points for its wrapper, and a transport.

As for 4.x, the stock decorators are not used. Ours carry the marks by which the wrapper and
``MockNetwork`` recognise a function; the step type is also checked here, because whoever creates
a task chooses it, and only a central function may hold a token.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from vantage6.common.enum import AlgorithmStepType

from v6_clinical.errors import AnalysisError, RefusalError
from v6_clinical.platforms import entry
from v6_clinical.platforms.polling import PollingTransport

if TYPE_CHECKING:
    import pandas as pd

    from v6_clinical.disclosure import Policy
    from v6_clinical.face.contract import Face

GROUPS, FRAMES = ";", ","  # separators in USER_REQUESTED_DATAFRAMES


class ClientTransport(PollingTransport):
    """Sub-tasks as the algorithm client of 5.x creates them."""

    def submit(self, site: int, message: dict[str, Any], name: str) -> Any:
        """Create a sub-task for one site."""
        return self._client.task.create(
            method=self._method, arguments=message, organizations=[site], name=name
        )


def entries(package: str) -> dict[str, Callable[..., Any]]:
    """Return what ``<package>.v5`` offers: a central function a method, one partial, the readers.

    Readers of data make the data frames of a session.
    """
    from v6_clinical.platforms.extraction_v5 import readers

    return {**entry.entries(package, _central, _partial), **readers()}


def _central(face: Face, partial: str) -> entry.Function:
    """Make the central function of a method."""

    def connect(mock_client: Any, seconds: float) -> ClientTransport:
        if not started_as(AlgorithmStepType.CENTRAL_COMPUTE):
            raise AnalysisError("BAD_REQUEST", "Start the task as a central computation.")
        client = _client() if mock_client is None else mock_client
        return ClientTransport(client, partial, round_seconds=seconds)

    function = entry.make_central(face, connect)
    return mark(function, AlgorithmStepType.CENTRAL_COMPUTE, "vantage6_algorithm_client_decorated")


def _partial(package: str, name: str) -> entry.Function:
    """Make the partial function of a package."""
    function = entry.make_partial(package, name, _frame)
    return mark(function, AlgorithmStepType.FEDERATED_COMPUTE, "vantage6_dataframe_decorated")


def mark(function: Callable[..., Any], step: Any, *wants: str) -> Callable[..., Any]:
    """Mark a function as vantage6's decorators do: its step type, and what a mock gives it."""
    function.vantage6_decorator_step_type = step  # type: ignore[attr-defined]
    for name in wants:
        setattr(function, name, True)
    return function


def started_as(step: Any) -> bool:
    """Tell whether the node started this container for that kind of step."""
    return os.environ.get("FUNCTION_ACTION") == str(step.value)


def _client() -> Any:
    from vantage6.algorithm.client import AlgorithmClient

    token = os.environ["CONTAINER_TOKEN"]
    host, port, path = (os.environ[name] for name in ("HOST", "PORT", "API_PATH"))
    return AlgorithmClient(token=token, hq_url=f"{host}:{port}{path}")


def _frame(_: Policy) -> pd.DataFrame:
    """Read the one data frame of the task from the session's folder."""
    if not started_as(AlgorithmStepType.FEDERATED_COMPUTE):
        raise RefusalError("BAD_REQUEST", ["action"])
    requested = os.environ.get("USER_REQUESTED_DATAFRAMES", "")
    names = [name.strip() for name in requested.replace(GROUPS, FRAMES).split(FRAMES)]
    if len(names) != 1 or not names[0] or names[0] != os.path.basename(names[0]):
        raise RefusalError("BAD_REQUEST", ["databases"])
    import pandas as pd

    return pd.read_parquet(os.path.join(os.environ["SESSION_FOLDER"], f"{names[0]}.parquet"))
