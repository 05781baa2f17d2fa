"""vantage6 4.x: central tasks by the stock client (checked: vantage6-client 4.15.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from v6_clinical.analyst.remote import Image, Place, RemotePlatform


class Vantage6V4(RemotePlatform):
    """A collaboration on a server of 4.x.

    Parameters
    ----------
    database
        The label that the sites gave their data.
    """

    MAJOR = 4

    def __init__(self, client: Any, place: Place, image: Image, database: str) -> None:
        super().__init__(client, place, image)
        self._database = database

    def create(
        self, image: str, method: str, arguments: dict[str, Any], organization: int
    ) -> Mapping[str, Any]:
        """Create the task of the central function, and return the server's record of it."""
        found: Mapping[str, Any] = self._client.task.create(
            collaboration=self._collaboration,
            organizations=[organization],
            name=f"v6-clinical: {method}",
            image=image,
            description="",
            input_={"method": method, "kwargs": arguments},
            databases=[{"label": self._database}],
        )
        return found
