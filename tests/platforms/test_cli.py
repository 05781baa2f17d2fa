"""The command line: readable tables, JSON, and errors that name the option."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from sites import dataset, split
from v6_clinical.platforms import local
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
    done = CliRunner(mix_stderr=False).invoke(main, ["run", "summary", *words])
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
    assert json.loads(out) == local.run(
        "summary", split(dataset("gbsg2"), "three"), {"columns": ["age"]}
    ) | {"request": json.loads(out)["request"]}


def test_a_refusal_prints_code_sites_and_remedy(files: list[str]) -> None:
    code, out, _ = run(*files, "--columns", "height")
    assert code == 1
    assert "COLUMN_MISSING" in out
    assert "organisation 1" in out
    assert "Remedy" in out


def test_logistic_prints_what_r_users_expect(files: list[str]) -> None:
    """The rows, the columns and the digits of R's summary(glm)."""
    words = ["run", "logistic", *files, "--outcome", "cens", "--predictors", "age,tsize,pnodes"]
    found = CliRunner().invoke(main, [*words, "--robust", "HC0", "--levels", "cens=0,1"])
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


def test_the_demo_agrees_with_the_pooled_rows() -> None:
    done = CliRunner().invoke(main, ["demo"])
    assert done.exit_code == 0, done.output
    assert "largest relative difference" in done.output
