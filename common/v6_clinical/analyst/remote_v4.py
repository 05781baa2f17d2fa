"""vantage6 4.x: central tasks by the stock client (checked: vantage6-client 4.15.2)."""

from __future__ import annotations

from typing import Any

from v6_clinical.analyst.remote import Image, Participants, RemotePlatform


class Vantage6V4(RemotePlatform):
    """A collaboration on a server of 4.x.

    Parameters
    ----------
    database
        The label that the sites gave their data.
    """

    MAJOR = 4

    def __init__(
        self, client: Any, participants: Participants, image: Image, database: str
    ) -> None:
        super().__init__(client, participants, image)
        self._database = database

    def task(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return method, arguments and data as 4.x wants them."""
        return {
            "input_": {"method": method, "kwargs": arguments},
            "databases": [{"label": self._database}],
        }
