"""The command line's saved results, formats and exit codes: 0 done, 1 refused, 2 used wrongly."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from docx import Document

from helpers.face_examples import CASES
from helpers.policies import EXACT_SETTINGS
from v6_clinical.analyst import load
from v6_clinical.settings import SETTINGS
from v6_clinical.terminal.cli import main
from v6_clinical.terminal.render.policy import MEANINGS

MODEL = ["--time", "time", "--event", "cens", "--predictors", "age,horTh"]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("sites")
    words = []
    for name, frame in zip(("delft", "leiden", "breda"), CASES[0].frames(), strict=True):
        frame.to_csv(folder / f"{name}.csv", index=False)
        words += ["--site", str(folder / f"{name}.csv")]
    return words


@pytest.fixture(scope="module")
def saved(files: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Save a Cox result and a summary; return their folder."""
    folder = tmp_path_factory.mktemp("results")
    columns = ["--columns", "age,tgrade", "--group-by", "horTh"]
    assert run("run", "cox", *files, *MODEL, "--save", f"{folder}/cox.json").exit_code == 0
    summary = run("run", "summary", *files, *columns, "--save", f"{folder}/summary.json")
    assert summary.exit_code == 0
    return folder


def run(*words: str | Path) -> Result:
    return CliRunner(mix_stderr=False, env=EXACT_SETTINGS).invoke(
        main, [str(word) for word in words]
    )


def test_a_saved_result_is_the_printed_one(saved: Path, files: list[str]) -> None:
    found = load(saved / "cox.json")
    assert [site["name"] for site in found["sites"]] == ["delft", "leiden", "breda"]
    printed = run("run", "cox", *files, *MODEL)
    assert run("show", saved / "cox.json").stdout == printed.stdout
    assert "horTh[T.yes]" in printed.stdout


def test_a_table_on_the_screen(saved: Path) -> None:
    done = run("table", saved / "cox.json", "--label", "age=Age, years", "--digits", "3")
    assert done.exit_code == 0
    assert "| Age, years | 1.00" in done.stdout
    assert "HR (95% CI)" in done.stdout


def test_table_1_with_medians_and_levels(saved: Path) -> None:
    words = ["--median", "age", "--label", "tgrade=III=Grade 3", "--format", "latex"]
    done = run("table", saved / "summary.json", *words)
    assert done.exit_code == 0
    assert "age, median [Q1, Q3]" in done.stdout
    assert r"\quad Grade 3" in done.stdout


def test_a_word_file_beside_the_result(saved: Path) -> None:
    done = run("table", saved / "cox.json", "--format", "docx", "--title", "Table 2")
    assert done.stdout == f"wrote {saved / 'cox.docx'}\n"
    assert Document(str(saved / "cox.docx")).paragraphs[0].text == "Table 2"


def test_the_outputs_ending_says_the_format(saved: Path, tmp_path: Path) -> None:
    assert run("table", saved / "cox.json", "-o", tmp_path / "t.html").exit_code == 0
    assert (tmp_path / "t.html").read_text().startswith("<table")


def test_a_refused_result_ends_with_1_wherever_it_is_used(files: list[str], tmp_path: Path) -> None:
    path = tmp_path / "refused.json"
    done = run("run", "summary", *files, "--columns", "height", "--save", path)
    assert done.exit_code == 1
    assert json.loads(path.read_text())["status"] == "refused"
    for command in ("show", "table"):
        done = run(command, path)
        assert done.exit_code == 1
        assert "COLUMN_MISSING" in done.stderr
        assert "leiden" in done.stderr
        assert "Remedy" in done.stderr


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["run", "cox", "--site", "nowhere.csv", *MODEL], "nowhere.csv"),
        (["run", "cox", *MODEL], "--site"),
        (["run", "lasso"], "lasso"),
        (["show", "nowhere.json"], "nowhere.json"),
        (["table", "{saved}/cox.json", "--median", "age"], "--median"),
        (["table", "{saved}/cox.json", "--format", "pdf"], "--format"),
        (["table", "{saved}/cox.json", "--label", "age"], "--label"),
        (["show", "{broken}"], "no JSON"),
        (["store-json", "cox"], "--major"),
        (["run", "cox", "{files}", *MODEL, "--save", "{saved}/no/where.json"], "--save"),
    ],
)
def test_wrong_use_ends_with_2(
    words: list[str], named: str, saved: Path, files: list[str], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    given = [
        part
        for word in words
        for part in (files if word == "{files}" else [word.format(saved=saved, broken=broken)])
    ]
    done = run(*given)
    assert done.exit_code == 2, done.output
    assert named in done.stderr
    assert "Traceback" not in done.stderr


def commands(group: click.Group, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        found += (
            commands(command, (*path, name))
            if isinstance(command, click.Group)
            else [(*path, name)]
        )
    return found


@pytest.mark.parametrize("path", commands(main), ids=" ".join)
def test_every_command_has_a_help_with_an_example(path: tuple[str, ...]) -> None:
    done = run(*path, "--help")
    assert done.exit_code == 0
    if len(path) == 2 or path[0] in ("show", "table", "policy", "store-json"):
        assert f"v6-clinical {' '.join(path)}" in done.stdout.partition("Examples:")[2]


def test_the_shell_is_told_how_to_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the help says, click does."""
    assert "_V6_CLINICAL_COMPLETE=bash_source" in run("--help").stdout
    for name, value in {
        "_V6_CLINICAL_COMPLETE": "bash_complete",
        "COMP_WORDS": "v6-clinical ta",
        "COMP_CWORD": "1",
    }.items():
        monkeypatch.setenv(name, value)
    done = CliRunner().invoke(main, [], prog_name="v6-clinical")
    assert "table" in done.output


def test_policy_explains_every_setting() -> None:
    assert set(MEANINGS) == set(SETTINGS)
    shown = run("policy").stdout
    assert "least rows behind any answer" in shown
