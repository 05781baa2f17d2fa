"""vantage6 4.x: entry points for its wrapper, and a transport over its algorithm client.

The stock decorators are not used: they cost more than a second of CPU to import, load the data
outside our guard (so that a traceback with values would reach the server), and accept mock data
from the task's input. Ours read the same environment and carry the same marks, by which
vantage6's ``MockAlgorithmClient`` recognises what a function wants.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from v6_clinical.errors import RefusalError
from v6_clinical.platforms import entry, files
from v6_clinical.platforms.polling import PollingTransport

if TYPE_CHECKING:
    import pandas as pd

    from v6_clinical.disclosure import Policy
    from v6_clinical.face.contract import Face


class ClientTransport(PollingTransport):
    """Sub-tasks as the algorithm client of 4.x creates them."""

    def submit(self, site: int, message: dict[str, Any], name: str) -> Any:
        """Create a sub-task for one site."""
        return self._client.task.create(
            input_={"method": self._method, "kwargs": message}, organizations=[site], name=name
        )


def entries(package: str) -> dict[str, entry.Function]:
    """Return what ``<package>.v4`` offers: one central function a method, and one partial."""
    return entry.entries(package, _central, _partial)


def _central(face: Face, partial: str) -> entry.Function:
    """Make the central function of a method."""

    def connect(mock_client: Any, seconds: float) -> ClientTransport:
        client = _client() if mock_client is None else mock_client
        return ClientTransport(client, partial, round_seconds=seconds)

    function = entry.make_central(face, connect)
    function.wrapped_in_algorithm_client_decorator = True  # type: ignore[attr-defined]
    return function


def _partial(package: str, name: str) -> entry.Function:
    """Make the partial function of a package."""
    function = entry.make_partial(package, name, _frame)
    function.wrapped_in_data_decorator = True  # type: ignore[attr-defined]
    return function


def _client() -> Any:
    from vantage6.algorithm.client import AlgorithmClient

    with open(os.environ["TOKEN_FILE"]) as file:
        token = file.read().strip()
    host, port, path = (os.environ[name] for name in ("HOST", "PORT", "API_PATH"))
    return AlgorithmClient(token=token, host=host, port=port, path=path)


def _frame(policy: Policy) -> pd.DataFrame:
    """Read the one database of the task, as vantage6's own ``@data(1)`` does."""
    requested = os.environ.get("USER_REQUESTED_DATABASE_LABELS", "")
    labels = [label.strip() for label in requested.split(",") if label.strip()]
    if len(labels) != 1:
        raise RefusalError("BAD_REQUEST", ["databases"])
    policy.check_filters(labels[0], os.environ)
    label = labels[0].upper()
    uri, kind = os.environ[f"{label}_DATABASE_URI"], os.environ.get(f"{label}_DATABASE_TYPE")
    sheet = os.environ.get(f"{label}_SHEET_NAME")
    if kind == "csv":
        frame = files.read_csv(uri)
    elif kind == "excel":
        frame = files.read_excel(uri, sheet)
    elif kind == "parquet":
        import pandas as pd

        frame = pd.read_parquet(uri)
    else:
        from vantage6.algorithm.tools.wrappers import load_data

        frame = load_data(uri, kind, os.environ.get(f"{label}_QUERY"), sheet)
    return _preprocessed(frame, os.environ.get(f"{label}_PREPROCESSING"))


def _preprocessed(frame: pd.DataFrame, steps: str | None) -> pd.DataFrame:
    if not steps or not json.loads(steps):
        return frame
    from vantage6.algorithm.tools.preprocessing import preprocess_data

    processed: pd.DataFrame = preprocess_data(frame, json.loads(steps))
    return processed
