"""The analyst's one object: sites, and the analyses that can be asked of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from v6_clinical.analyst.analyses import Analyses
from v6_clinical.analyst.errors import raise_for
from v6_clinical.analyst.progress import Show, Watch, display
from v6_clinical.analyst.remote import Image, Participants
from v6_clinical.analyst.remote_v4 import Vantage6V4
from v6_clinical.analyst.remote_v5 import Vantage6V5

if TYPE_CHECKING:
    import pandas as pd

    from v6_clinical.analyst.local import Limits


_NUMBERED = re.compile(r"\b[Oo]rganisation (?P<id>\d+)\b")


class Platform(Protocol):
    """How an analysis gets to the sites, and its result back."""

    names: Mapping[int, str]  # of organisations, where known

    def run(
        self, analysis: str, arguments: dict[str, Any], watch: Watch
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the result envelope, and where it comes from."""


class Federation(Analyses):
    """Sites that answer together; each analysis that is installed is a method.

    Parameters
    ----------
    client
        vantage6's ``UserClient`` of 4.x or 5.x, logged in and with its encryption set up.
    collaboration
        Id of the collaboration; default the one that the client was set up for.
    organizations
        Ids or names of the organisations that take part; default all of the collaboration.
    database
        vantage6 4.x: the label that the sites gave their data; default ``"default"``.
    dataframe, session
        vantage6 5.x: ids of the data frame, and of the session that it belongs to.
    central
        The organisation at whose node the sums are added; default your own if it takes part,
        else the first.
    image
        The whole name of the image, such as ``"registry.example/v6-name@sha256:…"``; for several
        analyses a mapping from their names, or their packages, to images. Default the package's
        name, and as tag the server's major version: ``v6-name:4``.
    registry
        What stands before the image's name; default the environment's
        ``V6_CLINICAL_REGISTRY``.
    progress
        ``"auto"``, ``"terminal"``, ``"notebook"``, ``"lines"`` or ``"silent"``.
    poll_seconds
        How often the server is asked how far the task is; never more often than every second.
    timeout
        Seconds after which a task is stopped; default never.

    Raises
    ------
    AnalysisError
        ``NO_ORGANIZATIONS`` or ``VERSION`` if client, server and arguments do not fit together.
    """

    def __init__(
        self,
        client: Any,
        collaboration: int | None = None,
        organizations: Sequence[int | str] | None = None,
        *,
        database: str = "default",
        dataframe: int | None = None,
        session: int | None = None,
        central: int | str | None = None,
        image: str | Mapping[str, str] | None = None,
        registry: str | None = None,
        progress: Show = "auto",
        poll_seconds: float = 1.0,
        timeout: float | None = None,
    ) -> None:
        participants = Participants(collaboration, organizations, central, poll_seconds, timeout)
        images = Image(image, registry)
        self._progress: Show = progress
        self._platform: Platform
        if hasattr(client, "dataframe"):  # only clients of 5.x know data frames
            self._platform = Vantage6V5(client, participants, images, dataframe, session)
        else:
            self._platform = Vantage6V4(client, participants, images, database)

    @classmethod
    def local(
        cls,
        sites: Sequence[pd.DataFrame] | Mapping[str, pd.DataFrame],
        settings: Limits = None,
        *,
        progress: Show = "auto",
    ) -> Federation:
        """Make a federation of data frames in this process: the same calls, no platform.

        Parameters
        ----------
        sites
            One data frame a site, or a mapping of the sites' names to them.
        settings
            The sites' limits: a mapping of ``V6C_*`` settings, a ``Policy``, or one a site;
            default the limits that images are shipped with.
        progress
            ``"auto"``, ``"terminal"``, ``"notebook"``, ``"lines"`` or ``"silent"``.

        Raises
        ------
        AnalysisError
            ``BAD_SETTING`` naming a setting that cannot be read.
        """
        # Only here: a federation behind a server needs nothing that computes.
        from v6_clinical.analyst.local import LocalPlatform

        return cls._on(LocalPlatform(sites, settings), progress)

    @classmethod
    def _on(cls, platform: Platform, progress: Show) -> Federation:
        federation = cls.__new__(cls)
        federation._platform = platform
        federation._progress = progress
        return federation

    def run(self, analysis: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Run an analysis by name with the arguments of its request; return the envelope.

        Beside the envelope's own keys it holds ``provenance``, and the sites' names.

        Raises
        ------
        AnalysisError
            If it is refused or failed, or the platform gave no result.
        """
        began = datetime.now(UTC)
        with display(self._progress, analysis) as watch:
            envelope, origin = self._platform.run(analysis, dict(arguments), watch)
        seconds = (datetime.now(UTC) - began).total_seconds()
        origin |= {"started": began.isoformat(timespec="seconds"), "seconds": round(seconds, 3)}
        named = with_names(envelope, self._platform.names) | {"provenance": origin}
        raise_for(named)
        return named


def with_names(envelope: Mapping[str, Any], names: Mapping[int, str]) -> dict[str, Any]:
    """Put the sites' names beside their ids, and in the place of them in messages."""

    def told(text: str) -> str:
        return _NUMBERED.sub(lambda found: names.get(int(found["id"]), found[0]), text)

    def named(site: Mapping[str, Any]) -> dict[str, Any]:
        name = names.get(site.get("organization_id", 0))
        return dict(site) if name is None else {**site, "name": name}

    found = dict(envelope) | {"sites": [named(site) for site in envelope["sites"]]}
    if found["error"] is not None:
        error = found["error"]
        sites = [named(site) for site in error["sites"]]
        found["error"] = {**error, "message": told(error["message"]), "sites": sites}
    found["warnings"] = [
        {**warning, "message": told(warning["message"])} for warning in envelope["warnings"]
    ]
    return found
