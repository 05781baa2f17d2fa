"""A federation in one process: the same calls, for learning, tests and work on methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from v6_clinical.analyst.errors import AnalysisError
from v6_clinical.analyst.progress import Watch
from v6_clinical.disclosure import Policy
from v6_clinical.errors import RefusalError
from v6_clinical.platforms import local
from v6_clinical.settings import problems

if TYPE_CHECKING:
    import pandas as pd

PLATFORM = "local, in one process"
Limits = Policy | Mapping[str, str] | Sequence[Policy] | None


class LocalPlatform:
    """Data frames in this process; organisations are numbered from 1.

    Parameters
    ----------
    frames
        One data frame a site, or a mapping of the sites' names to them.
    settings
        The sites' limits: ``V6C_*`` settings as a node's operator writes them, a policy, or one
        policy a site; default the shipped limits.

    Raises
    ------
    AnalysisError
        ``BAD_SETTING`` naming the setting that cannot be read or is too loose.
    """

    def __init__(
        self, frames: Sequence[pd.DataFrame] | Mapping[str, pd.DataFrame], settings: Limits = None
    ) -> None:
        named = isinstance(frames, Mapping)
        self._frames = list(frames.values() if isinstance(frames, Mapping) else frames)
        self.names: Mapping[int, str] = dict(enumerate(map(str, frames), 1)) if named else {}
        self._policy = _policy(settings)

    def run(
        self, analysis: str, arguments: dict[str, Any], watch: Watch
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the result envelope, and where it comes from."""

        def begin(number: int, step: str, sites: int) -> None:
            watch.round(number, step, sites)

        found = local.run(
            analysis,
            self._frames,
            arguments,
            policy=self._policy,
            progress=begin,
            answered=lambda _: watch.answer(),
        )
        return found, {"platform": PLATFORM}


def _policy(settings: Limits) -> Policy | Sequence[Policy] | None:
    if not isinstance(settings, Mapping):
        return settings
    try:
        return Policy.from_environment(dict(settings))
    except RefusalError as refusal:
        message = " ".join(problems(dict(settings)))
        remedy = "Correct the settings given to Federation.local."
        raise AnalysisError(refusal.code, message, remedy=remedy) from None
