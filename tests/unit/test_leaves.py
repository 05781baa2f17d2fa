"""Every number in a real message is declared, every declaration is met, and the READMEs say so."""

from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner

from helpers.every_option import BLURRED, FITS, RARE, REFINED, frames
from helpers.folders import ROOT
from helpers.policies import EXACT
from v6_clinical.disclosure import Policy
from v6_clinical.platforms import local
from v6_clinical.protocol import centre as federation
from v6_clinical.protocol.registry import face_of, load_site, methods
from v6_clinical.terminal.cli import main
from v6_clinical.terminal.render.leaves import as_markdown, declared

OPEN = Policy.open()
ANALYSES = pytest.mark.parametrize("analysis", methods())


def sent(analysis: str, arguments: dict[str, Any]) -> dict[str, set[str]]:
    """Return the names in the messages of a fit, by step: their first parts."""
    policy = EXACT if arguments in (REFINED, RARE) else OPEN
    policy = replace(OPEN, blur=0.01, blur_rows=0.15) if arguments is BLURRED else policy
    found = local.run(analysis, frames(), arguments, policy=policy)
    assert found["status"] == "completed", found["error"]
    assert federation.empty_envelope(analysis).keys() <= found.keys()
    names: dict[str, set[str]] = {}
    for line in found["ledger"]:
        parts = {item.split(":")[0].split("/")[0] for item in line["what"].split(", ")}
        names.setdefault(line["step"], set()).update(parts)
    return names


@ANALYSES
def test_messages_hold_what_is_declared_and_no_more(analysis: str) -> None:
    """Of each fit nothing undeclared; of all fits together every declaration."""
    leaves, rounds = declared(analysis)
    whole = {step: set(names) for step, names in leaves.items()}
    union: dict[str, set[str]] = {}
    for arguments in [arguments for name, arguments in FITS if name == analysis]:
        for step, names in sent(analysis, arguments).items():
            assert names <= whole[step], arguments
            union.setdefault(step, set()).update(names)
    assert union == whole
    assert list(rounds) == list(whole) == list(load_site(face_of(analysis).package).steps)
    assert load_site(face_of(analysis).package).leaves == leaves


@ANALYSES
def test_the_readme_says_what_leaves(analysis: str) -> None:
    text = (ROOT / "algorithms" / face_of(analysis).package / "README.md").read_text()
    assert as_markdown(analysis) in text, f"print it: v6-clinical what-leaves {analysis} --markdown"


@ANALYSES
def test_the_command_prints_every_declaration(analysis: str) -> None:
    for options in ([], ["--markdown"]):
        done = CliRunner().invoke(main, ["what-leaves", analysis, *options])
        assert done.exit_code == 0, done.output
        flat = " ".join(done.output.split())
        for step, names in declared(analysis)[0].items():
            assert step in flat
            for name in names:
                assert name in flat
    assert as_markdown(analysis) in done.output
