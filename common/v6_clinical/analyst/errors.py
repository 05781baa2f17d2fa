"""What ends an analysis, as an exception: what was wrong, at which sites, and the remedy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from v6_clinical import errors
from v6_clinical.text import clean, cleaned

# What vantage6 itself may answer; the codes of sites and of the centre are in v6_clinical.errors.
PLATFORM_CODES: Final[dict[str, str]] = {
    "NODE_OFFLINE": "Ask the site to start its node, or leave the site out: organizations=[...].",
    "NO_ORGANIZATIONS": "Check collaboration=... and organizations=..., and that you may see them.",
    "TASK_REFUSED": "Check that you may create tasks in this collaboration, and the arguments.",
    "IMAGE_MISSING": "The node cannot pull the image: give image=... or registry=..., or ask the "
    "node operator.",
    "NOT_ALLOWED": "Ask the node operator to allow this image (policies.allowed_algorithms).",
    "STOPPED": "Somebody stopped the task: run it again.",
    "CENTRAL_FAILED": "Ask the node operator for the log of the run named here.",
    "NO_RESULT": "Check that the image is one of v6-clinical, and that your client can decrypt.",
    "SERVER_SILENT": "Check the connection to the vantage6 server. The task may still be running.",
    "TIMEOUT": "Allow more time with timeout=..., or check that every site's node is online.",
}


class AnalysisError(errors.AnalysisError):
    """An analysis ended without a result.

    Attributes
    ----------
    code
        One of the codes of ``v6_clinical.errors.CODES``, or of ``PLATFORM_CODES``.
    message, remedy
        What was wrong, and what to do about it.
    sites
        A record for each site that is concerned: ``organization_id``, and ``name``, ``code`` and
        ``where`` if known.
    result
        The result envelope, or None if the platform gave none.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        remedy: str | None = None,
        sites: Sequence[Mapping[str, Any]] = (),
        result: Mapping[str, Any] | None = None,
    ) -> None:
        known = PLATFORM_CODES.get(code, errors.CODES.get(code, ""))
        records = [dict(site) for site in sites]
        text = known if remedy is None else remedy
        super().__init__(code, clean(message), remedy=clean(text), sites=cleaned(records))
        self.result = None if result is None else dict(result)

    def __str__(self) -> str:
        coded = [site for site in self.sites if "name" in site and "code" in site]
        named = [f"  {site['name']}: {site['code']}" for site in coded]
        lines = [f"[{self.code}] {self.message}", *named, f"Remedy: {self.remedy}"]
        return "\n".join(lines)


def raise_for(result: Mapping[str, Any]) -> None:
    """Raise for a result envelope that is refused or failed.

    Raises
    ------
    AnalysisError
        With what the envelope's ``error`` says.
    """
    if result["status"] == "completed":
        return
    error = result["error"]
    raise AnalysisError(
        error["code"],
        error["message"],
        remedy=error["remedy"],
        sites=error["sites"],
        result=result,
    )
