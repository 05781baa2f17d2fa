"""CSV files of other countries: columns that no comma separates are refused by that name."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from helpers import attacker
from helpers.face_examples import CASES
from v6_clinical.errors import RefusalError
from v6_clinical.platforms.files import read_csv
from v6_clinical.terminal.cli import main

SEPARATORS = {";": "a semicolon", "\t": "a tab", "|": "a bar"}
each_separator = pytest.mark.parametrize("separator", SEPARATORS)


def written(folder: Path, separator: str, **options: Any) -> Path:
    """Write patients into a file with this between its columns."""
    file = folder / "hospital.csv"
    frame = pd.DataFrame({"age": [54.2, 53.8, 60.8, 72.5] * 9, "y": [0, 1, 0, 1] * 9})
    frame.to_csv(file, sep=separator, index=False, **options)
    return file


@each_separator
@pytest.mark.parametrize("decimal", [",", "."])
def test_another_separator_is_refused_by_name(separator: str, decimal: str, tmp_path: Path) -> None:
    """The one reader of the command line, of 4.x nodes and of 5.x extraction."""
    file = written(tmp_path, separator, decimal=decimal)
    with pytest.raises(RefusalError) as refused:
        read_csv(file)
    assert (refused.value.code, refused.value.where) == ("SEPARATOR", ())


@each_separator
def test_the_command_line_names_the_separator(separator: str, tmp_path: Path) -> None:
    file = str(written(tmp_path, separator, decimal=","))
    words = ["run", "logistic", "--site", file, "--site", file, "--outcome", "y"]
    done = CliRunner().invoke(main, [*words, "--formula", "age"])
    assert done.exit_code == 2
    assert f"separated by {SEPARATORS[separator]}" in done.output


def test_a_node_refuses_such_a_file(tmp_path: Path) -> None:
    file, case = str(written(tmp_path, ";", decimal=",")), CASES[0]
    message = case.first_message()
    settings = {"DEFAULT_DATABASE_URI": file, "DEFAULT_DATABASE_TYPE": "csv"}
    if attacker.MAJOR == 4:
        step, arguments = message["step"], message["arguments"]
        found = attacker.ask(case.package, case.frames()[0], step, arguments, settings=settings)
        assert (found["code"], found["where"]) == ("SEPARATOR", [])


def test_commas_quotes_and_semicolons_in_labels_are_read(tmp_path: Path) -> None:
    file = tmp_path / "hospital.csv"
    file.write_text('age,"note; long"\n54.2,"a;b"\n53.8,"c,d"\n')
    frame = read_csv(file)
    assert list(frame.columns) == ["age", "note; long"]
    assert frame["note; long"].tolist() == ["a;b", "c,d"]
