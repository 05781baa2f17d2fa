"""What a CSV file or an Excel sheet is to every platform: labels stay, and so do missing values."""

from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.policies import EXACT
from v6_clinical.platforms.files import read_csv, read_excel
from v6_clinical.platforms.vantage6_v4 import _frame
from v6_clinical.terminal.commands.files import _read

# R: read.csv(text = ..., na.strings = c("NA", "")); what R reads as text besides is said beside it.
COLUMNS: dict[str, tuple[list[str], list[Any]]] = {
    "labels": (["None", "Heavy", "null", "n/a"], ["None", "Heavy", "null", "n/a"]),
    "labels and missing": (["None", "NA", "Heavy", ""], ["None", np.nan, "Heavy", np.nan]),
    "one label": (["None", "None", "NA", "None"], ["None", "None", np.nan, "None"]),
    "no value": (["NULL", "nan", "NA", ""], [np.nan] * 4),  # R: labels
    "numbers": (["1", "NULL", "2.5", "NaN"], [1.0, np.nan, 2.5, np.nan]),  # R: text
    "whole numbers": (["1", "2", "NA", "3"], [1.0, 2.0, np.nan, 3.0]),
    "flags": (["True", "None", "false", "TRUE"], [True, np.nan, False, True]),  # R: text
    "words": (["1", "None", "x", "2"], ["1", "None", "x", "2"]),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_word_is_a_label_unless_the_column_holds_numbers(name: str) -> None:
    cells, expected = COLUMNS[name]
    found = read_csv(StringIO("\n".join(["a,b", *(f"{cell},1" for cell in cells)])))
    for ours, theirs in zip(found["a"], expected, strict=True):
        assert ours == theirs or (pd.isna(ours) and pd.isna(theirs))
    if "numbers" in name:
        assert found["a"].dtype == np.float64


def test_numbers_are_those_of_pandas_reader() -> None:
    text = "x,y,s\n1,0.1,a\n2,1e-3,b\n,7.25,\n"
    pd.testing.assert_frame_equal(read_csv(StringIO(text)), pd.read_csv(StringIO(text)))


def test_columns_of_one_name_are_kept_apart() -> None:
    assert list(read_csv(StringIO("a,a\nNone,1\nx,2\n")).columns) == ["a", "a.1"]


def test_all_platforms_read_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The node of vantage6 4.x, the session of 5.x and the command line read with one function."""
    file = tmp_path / "site.csv"
    file.write_text("alcohol,age\nNone,50\nHeavy,60\nNA,NULL\n")
    monkeypatch.setenv("USER_REQUESTED_DATABASE_LABELS", "default")
    monkeypatch.setenv("DEFAULT_DATABASE_URI", str(file))
    monkeypatch.setenv("DEFAULT_DATABASE_TYPE", "csv")
    for found in (_frame(EXACT), _read(str(file)), read_csv(file)):
        assert found["alcohol"].dropna().tolist() == ["None", "Heavy"]
        assert found["age"].dropna().tolist() == [50.0, 60.0]


def test_an_excel_sheet_follows_the_same_rules(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    sheet = pd.DataFrame({"alcohol": ["None", "Heavy", "NA"], "age": [50, 60, None]})
    sheet.to_excel(tmp_path / "site.xlsx", index=False)
    found = read_excel(tmp_path / "site.xlsx")
    assert found["alcohol"].dropna().tolist() == ["None", "Heavy"]
    assert found["age"].dropna().tolist() == [50.0, 60.0]
