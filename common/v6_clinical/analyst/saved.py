"""Results as objects, of whatever analysis is installed; and files of results."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from v6_clinical.analyst import analyses, results
from v6_clinical.analyst.errors import raise_for
from v6_clinical.analyst.result import Result
from v6_clinical.face import Face
from v6_clinical.protocol.registry import face_of
from v6_clinical.version import SCHEMA


def class_of(face: Face) -> type[Result]:
    """Return the class of a method's results: the generated one, or one of its kind."""
    name = f"{face.short.title().replace('_', '')}Result"
    found: type[Result] | None = getattr(analyses, name, None)
    if found is not None and face.method == found.NAME:
        return found
    kind: type[Result] = getattr(results, face.result)
    about = f"The result of ``{face.method}``."
    return type(name, (kind,), {"NAME": face.method, "__doc__": about})


def result_of(result: Mapping[str, Any]) -> Result:
    """Return the result object of an envelope.

    Raises
    ------
    AnalysisError
        If it is refused or failed.
    ValueError
        If it is no result of this version's schema, or of an analysis that is not installed.
    """
    if result.get("schema") != SCHEMA:
        raise ValueError(f"this is no result of schema {SCHEMA}: see what made it")
    face = face_of(str(result.get("analysis")))
    raise_for(result)
    return class_of(face)(result)


def load(path: str | Path) -> Result:
    """Read a result that ``save`` wrote, or ``v6-clinical run … --json``.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file holds no result of this version's schema.
    AnalysisError
        If the result in it is refused or failed.
    """
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError:
        raise ValueError(f"{path} is no JSON file") from None
    if not isinstance(found, dict):
        raise ValueError(f"{path} holds no result")
    return result_of(found)
