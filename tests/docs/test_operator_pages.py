"""What the operator's pages and PRIVACY.md say of the settings is what the code does."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from extension import ready

from helpers.folders import ROOT
from v6_clinical.disclosure import Policy
from v6_clinical.platforms import local
from v6_clinical.platforms.node_config import read_node_config
from v6_clinical.protocol.registry import methods
from v6_clinical.settings import SETTINGS, problems

PRIVACY = (ROOT / "PRIVACY.md").read_text(encoding="utf-8")
FIRST_PAGE = PRIVACY.split("## The promise")[0]
OPERATOR = ready.PAGE.read_text(encoding="utf-8")
MOST_WORDS = 500


def plain(text: str) -> str:
    """Return markdown as it is read: without links' addresses and marks."""
    return re.sub(r"\]\([^)]*\)|[\[*#`|]", " ", text)


def test_the_first_page_is_read_in_five_minutes() -> None:
    assert 300 < len(plain(FIRST_PAGE).split()) <= MOST_WORDS
    for question in ("What leaves", "Who reads", "What can be learnt", "does the hospital decide"):
        assert question in FIRST_PAGE


def test_the_first_page_names_the_shipped_limits() -> None:
    shipped = Policy()
    assert f"at least {shipped.min_rows} patients" in FIRST_PAGE
    assert f"0 or at least {shipped.min_cell}" in FIRST_PAGE
    assert f"at least {100 * TOLD['V6C_BLUR']:g} % of a standard error" in FIRST_PAGE
    assert f"{SHARES[TOLD['V6C_BLUR_ROWS']]} of what the patient adds" in FIRST_PAGE


# The shipped noise as PRIVACY.md tells it, and the words for the share of a row.
(_R18,) = re.findall(r"^\| R18 \|[^|]*\| ([^|]*)\| ([^|]*)\|", PRIVACY, re.MULTILINE)
(_NUMBERS,) = re.findall(r"^(\.\d+) \(0\), (\.\d+) \(0\), none$", _R18[1].strip())
TOLD = dict(zip(re.findall(r"V6C_\w+", _R18[0])[:2], map(float, _NUMBERS), strict=True))
SHARES = {0.15: "three twentieths", 0.2: "a fifth", 0.25: "a quarter"}


def test_the_rule_of_the_noise_names_what_is_shipped() -> None:
    assert set(TOLD) == {"V6C_BLUR", "V6C_BLUR_ROWS"}
    for name, number in TOLD.items():
        assert float(SETTINGS[name].shipped) == number
    assert (Policy().blur, Policy().blur_rows) == tuple(TOLD.values())


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_is_among_the_rules(name: str) -> None:
    assert f"`{name}`" in PRIVACY


def test_there_are_three_ready_settings() -> None:
    assert list(ready.ready()) == ["strict", "shipped", "research"]


@pytest.mark.parametrize("name", ready.ready())
def test_ready_settings_can_be_copied(name: str) -> None:
    """As a configuration reads them; a secret is the operator's own."""
    (block,) = [text for kind, text in ready.BLOCK.findall(OPERATOR) if kind == name]
    found = read_node_config(yaml.safe_load(block))
    wrong = [said for said in problems(found.environment) if not said.startswith("V6C_SECRET is")]
    assert (found.wrong, wrong) == ((), [])
    assert ready.policy(ready.ready()[name])


# How a limit is tighter: a larger number, a smaller one, or off.
LARGER: Callable[[Any, Any], bool] = lambda ours, theirs: ours >= theirs  # noqa: E731
SMALLER: Callable[[Any, Any], bool] = lambda ours, theirs: ours <= theirs  # noqa: E731
TIGHTER = {
    "min_rows": LARGER,
    "min_cell": LARGER,
    "blur": LARGER,
    "blur_rows": LARGER,
    "max_parameters_per_row": SMALLER,
    "max_levels": SMALLER,
    "allow_per_site": SMALLER,
    "allow_min_max": SMALLER,
    "allow_event_times": SMALLER,
    "allow_small_missing": SMALLER,
    "allow_preprocessing": SMALLER,
}


def test_strict_is_stricter_and_research_looser_in_everything() -> None:
    strict, shipped, research = map(ready.policy, ready.ready().values())
    told = Policy(**{name.removeprefix("V6C_").lower(): value for name, value in TOLD.items()})
    assert (shipped.blur, shipped.blur_rows) == (told.blur, told.blur_rows)
    for name, tighter in TIGHTER.items():
        ours = getattr(told, name)
        assert tighter(getattr(strict, name), ours), name
        assert tighter(ours, getattr(research, name)), name
    assert strict.secret is not None
    assert shipped.secret is not None
    assert not research.noise.on
    assert ready.ready()["strict"]["V6C_ALLOWED_REQUESTS"] == ""


COST = re.compile(r"([\d.]+) in (?:a|the) (logistic|Cox|means|linear)")
ASKED = {"logistic": "logistic", "Cox": "cox", "means": "summary", "linear": "glm"}


def test_what_the_noise_costs_is_what_comes_out() -> None:
    """The examples of the faces, on the rows of the pages.

    How far d and e are rounded up depends on the key: by up to two and a half.
    """
    told = COST.findall(PRIVACY)
    assert [word for _, word in told] == list(ASKED)
    secret = bytes.fromhex(ready.SECRET)
    policy = Policy(blur=TOLD["V6C_BLUR"], blur_rows=TOLD["V6C_BLUR_ROWS"], secret=secret)
    (wider,) = re.findall(r"Intervals widen by (\d+), (\d+), (\d+) and (\d+) %", PRIVACY)
    for (number, word), percent in zip(told, wider, strict=True):
        face = methods()[ASKED[word]]
        found = local.run(face.short, ready.sites(), dict(face.example), policy=policy)
        assert 0.5 < found["precision"] / float(number) < 2
        assert int(percent) == pytest.approx(100 * (math.hypot(1, float(number)) - 1), abs=0.6)


def test_the_table_of_ready_settings_tries_every_analysis() -> None:
    lines = ready.table("").splitlines()
    names = [line.split("|")[1].strip(" `") for line in lines[2:]]
    assert names == [face.short for face in methods().values() if face.example]
    assert "research" in lines[0]


def test_commands_of_the_page_are_commands() -> None:
    from click.testing import CliRunner

    from v6_clinical.terminal.cli import main

    found = re.findall(r"^v6-clinical (.*)$", OPERATOR, re.MULTILINE)
    assert {line.split()[0] for line in found} == {"keys", "policy", "run"}
    for line in found:
        if "node.yaml" not in line:
            done = CliRunner().invoke(main, line.split())
            assert done.exit_code == 0, done.output
