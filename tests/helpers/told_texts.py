"""Texts of a node, a command and the analyst's layer, to be scanned for what nobody may see."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

from helpers import attacker, five
from helpers.face_examples import CASES, Case
from v6_clinical.analyst.federation import Federation
from v6_clinical.errors import AnalysisError
from v6_clinical.terminal.cli import main


class Calls(NamedTuple):
    """What a node with some settings answers to a partial and a central call, and prints."""

    given: Mapping[str, str]
    found: dict[str, Any]
    ended: dict[str, Any]
    printed: tuple[str, str]


def calls_of_a_node(
    case: Case,
    major: int,
    settings: Sequence[Mapping[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Calls]:
    """Call the entry module of a major under each of some settings."""
    other = major != attacker.MAJOR
    if other and attacker.MAJOR == 5:
        pytest.skip("this image is of 5.x")
    monkeypatch.setattr(attacker, "MAJOR", major)
    attacker.KEPT.clear()
    message, rows = case.first_message(), case.frames()[0]
    with five.importable() if other else nullcontext():
        for given in settings:
            found, said = attacker.call(case.package, "partial", message, rows, None, given)
            ended, more = attacker.call(case.package, "central", {}, rows, None, given)
            yield Calls(given, found, ended, (said, more))
    attacker.KEPT.clear()


def printed_by(words: list[str], settings: Mapping[str, str]) -> str:
    """Return what a command prints under some settings, and how it ends."""
    done = CliRunner(mix_stderr=True, env=dict(settings)).invoke(main, words)
    return done.output + repr(done.exception)


def error_of_the_layer(settings: Mapping[str, str]) -> tuple[str, ...]:
    """Return all that the analyst's layer says where it refuses settings."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output), pytest.raises(AnalysisError) as caught:
        Federation.local(CASES[0].frames(), settings)
    return str(caught.value), repr(caught.value), output.getvalue()
