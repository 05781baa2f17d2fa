"""vantage6 5.x: central tasks by the stock client (checked: vantage6-client 5.0.3)."""

from __future__ import annotations

from typing import Any

from v6_clinical.analyst.errors import AnalysisError
from v6_clinical.analyst.remote import Image, Participants, RemotePlatform


class Vantage6V5(RemotePlatform):
    """A collaboration on an HQ of 5.x.

    Parameters
    ----------
    dataframe, session
        Ids of the data frame, and of its session; default the session of the client.

    Raises
    ------
    AnalysisError
        ``BAD_REQUEST`` without a data frame.
    """

    MAJOR = 5

    def __init__(
        self,
        client: Any,
        participants: Participants,
        image: Image,
        dataframe: int | None,
        session: int | None,
    ) -> None:
        super().__init__(client, participants, image)
        if dataframe is None:
            message = "vantage6 5.x has its data in sessions: no data frame was named."
            raise AnalysisError("BAD_REQUEST", message, remedy="Give dataframe=... and session=...")
        self._dataframe = dataframe
        self._session = client.session_id if session is None else session

    def task(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return method, arguments and data as 5.x wants them."""
        return {
            "method": method,
            "arguments": arguments,
            "session": self._session,
            "databases": [{"type": "dataframe", "dataframe_id": self._dataframe}],
            "action": "central_compute",
        }
