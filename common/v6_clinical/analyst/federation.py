"""The analyst's one object: sites, and the analyses that can be asked of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from v6_clinical.analyst.analyses import Analyses
from v6_clinical.analyst.errors import raise_for
from v6_clinical.analyst.local import Limits, LocalPlatform
from v6_clinical.analyst.progress import Show, Watch, display

if TYPE_CHECKING:
    import pandas as pd


class Platform(Protocol):
    """How an analysis gets to the sites, and its result back."""

    names: Mapping[int, str]

    def run(
        self, analysis: str, arguments: dict[str, Any], watch: Watch
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the result envelope, and where it comes from."""


class Federation(Analyses):
    """Sites that answer together: ``summary``, ``logistic``, ``cox``."""

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
        return cls._on(LocalPlatform(sites, settings), progress)

    @classmethod
    def _on(cls, platform: Platform, progress: Show) -> Federation:
        federation = cls.__new__(cls)
        federation._platform = platform
        federation._progress = progress
        return federation

    _platform: Platform
    _progress: Show

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
        named = _with_names(envelope, self._platform.names) | {"provenance": origin}
        raise_for(named)
        return named


def _with_names(envelope: Mapping[str, Any], names: Mapping[int, str]) -> dict[str, Any]:
    """Put the sites' names beside their ids, in ``sites`` and in the error's sites."""

    def named(site: Mapping[str, Any]) -> dict[str, Any]:
        name = names.get(site.get("organization_id", 0))
        return dict(site) if name is None else {**site, "name": name}

    found = dict(envelope) | {"sites": [named(site) for site in envelope["sites"]]}
    if found["error"] is not None:
        error = found["error"]
        found["error"] = {**error, "sites": [named(site) for site in error["sites"]]}
    return found
