"""What ends an analysis, as the analyst sees it: an exception made of the result envelope."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from v6_clinical.errors import PLATFORM_CODES, AnalysisError

__all__ = ["PLATFORM_CODES", "AnalysisError", "raise_for"]


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
