"""The command line: readable tables, JSON, and errors that name the option."""

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest
from click.testing import CliRunner

from helpers.face_examples import without_origin
from helpers.policies import EXACT, EXACT_SETTINGS
from helpers.summary_cases import dataset, split
from v6_clinical.disclosure import Policy
from v6_clinical.face.demo import Beside
from v6_clinical.platforms import local
from v6_clinical.platforms.polling import ROUND_SECONDS
from v6_clinical.protocol.registry import methods
from v6_clinical.settings import PREFIX, SETTINGS
from v6_clinical.terminal import demo
from v6_clinical.terminal.cli import main


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    paths = [tmp_path / name for name in ("a.csv", "b.parquet", "c.csv")]
    for path, frame in zip(paths, split(dataset("gbsg2"), "three"), strict=True):
        if path.suffix == ".csv":
            frame.to_csv(path, index=False)
        else:
            frame.to_parquet(path)
    return [word for path in paths for word in ("--site", str(path))]


def run(*words: str) -> tuple[int, str, str]:
    done = CliRunner(mix_stderr=False, env=EXACT_SETTINGS).invoke(main, ["run", "summary", *words])
    return done.exit_code, done.stdout, done.stderr


def test_a_readable_table_and_a_line_per_round(files: list[str]) -> None:
    code, out, err = run(*files, "--columns", "age,tgrade", "--group-by", "horTh")
    assert code == 0
    for word in ("age", "53.052", "welch_t", "-7.271", "chi_square", "tgrade", "III"):
        assert word in out
    assert err.splitlines()[:2] == ["round 1: describe, 3 sites", "round 2: tabulate, 3 sites"]


def test_json_is_the_result_itself(files: list[str]) -> None:
    code, out, _ = run(*files, "--columns", "age", "--json")
    assert code == 0
    expected = local.run(
        "summary", split(dataset("gbsg2"), "three"), {"columns": ["age"]}, policy=EXACT
    )
    assert without_origin(json.loads(out)) == expected
    assert [site["name"] for site in json.loads(out)["sites"]] == ["a", "b", "c"]


def test_a_refusal_prints_code_sites_and_remedy(files: list[str]) -> None:
    code, out, _ = run(*files, "--columns", "height")
    assert code == 1
    assert "COLUMN_MISSING" in out
    assert "a: COLUMN_MISSING (height)" in out  # the file's name is the site's
    assert "Remedy" in out


def test_logistic_prints_what_r_users_expect(files: list[str]) -> None:
    """The rows, the columns and the digits of R's summary(glm)."""
    words = ["run", "logistic", *files, "--outcome", "cens", "--predictors", "age,tsize,pnodes"]
    found = CliRunner(env=EXACT_SETTINGS).invoke(
        main, [*words, "--robust", "HC0", "--levels", "cens=0,1"]
    )
    assert found.exit_code == 0, found.output
    for text in ("Estimate", "Std. Error", "Robust SE", "z value", "Pr(>|z|)", "odds ratio"):
        assert text in found.output
    for text in ("Null deviance: 939.6781  on 685 degrees", "Residual deviance", "AIC", "Brier"):
        assert text in found.output
    assert "cens ~ age + tsize + pnodes" in found.output


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--columns", "age", "--levels", "stage"], "--levels"),
        (["--columns", "age", "--quantiles", "half"], "--quantiles"),
        (["--columns", "age", "--site", "nowhere.csv"], "nowhere.csv"),
    ],
)
def test_wrong_options_are_named(files: list[str], words: list[str], named: str) -> None:
    code, _, err = run(*files, *words)
    assert code != 0
    assert named in err
    assert "Traceback" not in err


def test_limits_come_from_the_environment(
    files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("V6C_DENIED_COLUMNS", "age")
    code, out, _ = run(*files, "--columns", "age")
    assert (code, "COLUMN_DENIED" in out) == (1, True)
    monkeypatch.setenv("V6C_MIN_ROWS", "one")
    code, _, err = run(*files, "--columns", "age")
    assert (code, "V6C_MIN_ROWS" in err) == (1, True)


def test_policy_prints_what_is_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("V6C_MIN_ROWS", "25")
    done = CliRunner().invoke(main, ["policy"])
    assert done.exit_code == 0
    assert "V6C_MIN_ROWS" in done.stdout
    assert "25" in done.stdout


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("V6C_MIN_ROWS", "2", "V6C_MIN_ROWS is '2': it must be a whole number, 3 or more"),
        ("V6C_MIN_ROWS", " ", "V6C_MIN_ROWS is empty: it must be a whole number"),
        ("V6C_MIN_CELL", "five", "not set, it is 5."),
        ("V6C_MAX_LEVELS", "41", "a whole number, 1 to 40"),
        ("V6C_MAX_PARAMETERS_PER_ROW", "0.5", "at most 0.33"),
        ("V6C_MAX_PARAMETERS_PER_ROW", "10%", "a decimal number"),
        ("V6C_ALLOW_PER_SITE", "perhaps", "true or false; not set, it is true."),
        ("V6C_ALLOWED_COLUMNS", "[1]", "names separated by commas, or a JSON list"),
        ("V6C_BLUR", "0.2", "V6C_BLUR is '0.2': it must be a decimal number, 0 to 0.1"),
        ("V6C_BLUR_ROWS", "1", "a decimal number, 0 to 0.5"),
        ("V6C_SECRET", "abc", "V6C_SECRET is wrong: it must be 32 bytes or more"),
        ("V6C_ALLOWED_REQUESTS", "cox", "sha256 digests in hexadecimal"),
        ("V6C_ROUND_TIMEOUT", "0", "1 to 86400; not set, it is 900."),
        ("V6C_MINROWS", "10", "V6C_MINROWS is no setting. Did you mean V6C_MIN_ROWS?"),
        ("v6c_min_cell", "5", "v6c_min_cell is no setting. Did you mean V6C_MIN_CELL?"),
        ("V6C_ALLOW_EVENTTIMES", "1", "Did you mean V6C_ALLOW_EVENT_TIMES?"),
        ("V6C_TIME_GRID", "1-2-5", "V6C_TIME_GRID is no setting."),
    ],
)
def test_policy_says_what_is_wrong_with_a_setting(
    name: str, text: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, text)
    monkeypatch.setenv("V6C_DENIED_COLUMNS", "name")  # is right, and not spoken of
    done = CliRunner().invoke(main, ["policy"])
    assert done.exit_code == 1
    assert words in done.output
    assert "V6C_DENIED_COLUMNS is" not in done.output


def test_a_setting_of_another_value_is_told_with_all_that_are_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("V6C_MIN_ROWS", "one")
    monkeypatch.setenv("V6C_MIN_CELL", "two")
    told = CliRunner().invoke(main, ["policy"]).output
    assert "V6C_MIN_ROWS is 'one'" in told
    assert "V6C_MIN_CELL is 'two'" in told


def test_what_is_said_to_be_shipped_is_shipped() -> None:
    for field in fields(Policy):
        setting = SETTINGS.get(PREFIX + field.name.upper())
        if setting is not None and type(field.default) in (bool, int, float):
            assert setting(setting.shipped) == field.default
    assert float(SETTINGS["V6C_ROUND_TIMEOUT"].shipped) == ROUND_SECONDS


def test_the_demo_ends_with_a_verdict_and_names_its_reports(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["demo", "-o", str(tmp_path / "demo")])
    assert done.exit_code == 0, done.output
    *lines, last = done.output.splitlines()
    count = len([face for face in methods().values() if face.example])
    assert last == f"Verdict: all {count} federated results agree with the pooled rows."
    named = [Path(line.split(": ", 1)[1]) for line in lines if line.startswith("  Its report: ")]
    assert len(named) == count
    for report in named:
        assert "<h1>" in report.read_text(encoding="utf-8")
    assert not re.search(r"(below|up to|\[)-\d", done.output.replace(" ", ""))


def test_a_demo_that_does_not_agree_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    face = methods()["logistic"]
    monkeypatch.setattr(demo, "methods", lambda: {face.short: face})
    wrong = Beside("another program", "relative", 1e-7, [("age", 1.0, 2.0, 0.5)])
    monkeypatch.setattr(demo, "_beside", lambda *_: wrong)
    done = CliRunner().invoke(main, ["demo", "-o", str(tmp_path)])
    assert done.exit_code == 1
    assert done.output.splitlines()[-1] == (
        "Verdict: no agreement with the pooled rows in logistic."
    )
