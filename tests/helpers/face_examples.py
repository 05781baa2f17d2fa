"""One real request for each method, the example of its face: images and stacks run all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from helpers.folders import ROOT
from helpers.policies import SHIPPED
from helpers.summary_cases import dataset, split
from v6_clinical.errors import AnalysisError
from v6_clinical.platforms import local
from v6_clinical.protocol import centre as federation
from v6_clinical.protocol.registry import face_of, load_central, methods


@dataclass(frozen=True)
class Case:
    """An analysis, its arguments, and data that are split over three sites."""

    analysis: str
    data: str
    arguments: Mapping[str, Any]
    numeric_column: str = "age"  # one that every example uses, for columns gone wrong

    @property
    def package(self) -> str:
        return face_of(self.analysis).package

    @property
    def method(self) -> str:
        return face_of(self.analysis).method

    def frames(self) -> list[pd.DataFrame]:
        return [frame.reset_index(drop=True) for frame in split(dataset(self.data), "three")]

    def reference(self) -> dict[str, Any]:
        """Return the answer of the platform ``local`` on the same frames.

        Under the shipped limits; platforms that are compared with it have ``SHIPPED_SETTINGS``.
        """
        return local.run(self.analysis, self.frames(), dict(self.arguments), policy=SHIPPED)

    def first_message(self) -> dict[str, Any]:
        """Return the first question that the centre puts to the first site."""
        recorder = _Recorder()
        federation.run(load_central(self.analysis), dict(self.arguments), recorder)
        return recorder.messages[1]


class _Recorder:
    def __init__(self) -> None:
        self.messages: dict[int, dict[str, Any]] = {}

    def organizations(self) -> list[int]:
        return [1, 2, 3]

    def ask(self, messages: dict[int, dict[str, Any]]) -> dict[int, Any]:
        self.messages = messages
        raise AnalysisError("SITE_FAILED", "recorded")


# Each installed method with its own example, Table 1 first; an image holds one package.
CASES = [
    Case(face.short, "gbsg2", face.example)
    for face in sorted(methods().values(), key=lambda face: face.result != "TableOneResult")
]


def data_sets() -> dict[str, list[pd.DataFrame]]:
    """Return the three sites' data of each case, by the name of the data set."""
    return {case.data: case.frames() for case in CASES}


def record(case: Case, platform: str, difference: float) -> None:
    """Add a line to the table of digits, which ci/run prints at its end."""
    table = ROOT / "build" / "same-digits"
    table.parent.mkdir(exist_ok=True)
    with table.open("a") as file:
        file.write(f"{case.analysis:22} {platform:34} {difference:.1e} from local\n")


def differences(found: Any, expected: Any, path: str = "") -> list[tuple[str, float]]:
    """List where two results differ and by how much (relative; infinite if not numbers)."""
    if isinstance(expected, dict) and isinstance(found, dict) and set(found) == set(expected):
        return [d for k in expected for d in differences(found[k], expected[k], f"{path}/{k}")]
    if isinstance(expected, list) and isinstance(found, list) and len(found) == len(expected):
        pairs = enumerate(zip(found, expected, strict=True))
        return [d for i, (a, b) in pairs for d in differences(a, b, f"{path}/{i}")]
    numbers = all(type(value) in (int, float) for value in (found, expected))
    if numbers and found != expected:
        return [(path, abs(found - expected) / max(abs(found), abs(expected), 1e-300))]
    return [] if found == expected else [(path, float("inf"))]


def worst(found: Any, expected: Any) -> float:
    """Return the largest relative difference of two results, ignoring noise around zero."""
    return max((d for _, d in differences(_rounded(found), _rounded(expected))), default=0.0)


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_rounded(part) for part in value]
    return 0.0 if type(value) is float and abs(value) < 1e-12 else value


def without_origin(result: dict[str, Any]) -> dict[str, Any]:
    """Leave out of a result what differs by the way to the sites: names, and where it was run."""
    sites = [{k: v for k, v in site.items() if k != "name"} for site in result["sites"]]
    return {k: v for k, v in result.items() if k != "provenance"} | {"sites": sites}
