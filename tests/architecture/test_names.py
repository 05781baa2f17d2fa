"""An analysis is known by name beside itself only: nothing shared names one, no list holds one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from v6_clinical.analyst import typed
from v6_clinical.face import Face
from v6_clinical.protocol.registry import methods

ROOT = Path(__file__).parents[2]
COMMON = ROOT / "common" / "v6_clinical"
GENERATED = COMMON / "analyst" / "analyses.py"
SOURCES = sorted(
    path
    for path in COMMON.rglob("*")
    if path.suffix in (".py", ".j2", ".css", ".typed") and path != GENERATED
)
LISTS = [ROOT / "Makefile", ROOT / "pyproject.toml", *(ROOT / ".github").rglob("*.yml")]
LISTS += [ROOT / "docker" / "Dockerfile", *(p for p in (ROOT / "ci").iterdir() if p.is_file())]


def names_of(face: Face) -> list[str]:
    """Return patterns of a method's names: package, image, method, title, and what people type."""
    package = re.escape(face.package)
    words = [package, package.replace("_", "-"), re.escape(face.title)]
    if face.method != face.short:
        words.append(re.escape(face.method))
    short = re.escape(face.short)
    return [rf"\b{word}\b" for word in words] + [rf"[\"'`.]{short}[\"'`(]", rf"\brun {short}\b"]


def named(text: str, face: Face) -> list[str]:
    return [name for name in names_of(face) if re.search(name, text, re.IGNORECASE)]


@pytest.mark.parametrize("face", methods().values(), ids=lambda face: face.short)
def test_nothing_in_common_names_an_analysis(face: Face) -> None:
    assert SOURCES
    for path in SOURCES:
        assert named(path.read_text(encoding="utf-8"), face) == [], path


@pytest.mark.parametrize("folder", ["regression", "survival", "disclosure"])
def test_what_analyses_share_knows_no_word_of_one(folder: str) -> None:
    """A baseline hazard is one regression's; what it changes is asked of the regression."""
    paths = [path for path in SOURCES if path.is_relative_to(COMMON / folder)]
    assert paths
    for path in paths:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\b(cox|baselines?)\b", text, re.IGNORECASE), path


@pytest.mark.parametrize("face", methods().values(), ids=lambda face: face.short)
def test_no_list_of_the_project_names_an_analysis(face: Face) -> None:
    """A new one needs no line there."""
    for path in LISTS:
        text = path.read_text(encoding="utf-8")
        for name in {face.package, face.package.replace("_", "-"), face.method} - {face.short}:
            assert not re.search(rf"\b{re.escape(name)}\b", text), path


def test_a_name_is_seen_wherever_it_stands() -> None:
    (face, *_) = methods().values()
    for text in (
        f"import {face.package}",
        f"image {face.package.replace('_', '-')}:4",
        f'if name == "{face.short}":',
        f"fed.{face.short}(time=...)",
        f"v6-clinical run {face.short}",
        f"``{face.method}``",
        f"a {face.title.lower()}",
    ):
        assert named(text, face), text


def test_the_typed_methods_are_not_stale() -> None:
    assert GENERATED.read_text(encoding="utf-8") == typed.source(), "run 'make analyses'"
