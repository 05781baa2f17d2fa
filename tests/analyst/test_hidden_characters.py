"""Hidden characters in what a server hands to the analyst's layer: printed and written safely."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from helpers.hidden_characters import clear, spoilt
from helpers.policies import EXACT
from helpers.three_sites import REQUESTS
from v6_clinical.analyst import Federation, result_of
from v6_clinical.analyst.manuscript import write
from v6_clinical.analyst.manuscript.sheet import Row, Sheet
from v6_clinical.platforms import local
from v6_clinical.text import clean


def evil(analysis: str, mark: str) -> dict[str, Any]:
    """Return the envelope of a central side that does not clean: every "II" bears the mark."""
    found = local.run(analysis, spoilt(""), REQUESTS[analysis], policy=EXACT)
    text = json.dumps(found).replace("II", json.dumps(f"I{mark}I")[1:-1])
    evil_result: dict[str, Any] = json.loads(text)
    return evil_result


@pytest.mark.parametrize("mark", ["\x1b[2J", "\x07", "\u202e", "|", "<b>", "[red]"], ids=ascii)
def test_print_report_and_tables_are_safe_F17(mark: str, tmp_path: Path) -> None:
    """What a server hands to the analyst's layer: terminal, HTML, markdown, LaTeX, Word."""
    for analysis in REQUESTS:
        result: Any = result_of(evil(analysis, mark))
        sheet = result.table1 if analysis == "summary" else result.table
        texts = [str(result), result._repr_html_(), json.dumps(result.to_dict())]
        texts += [sheet(form) for form in ("markdown", "html", "latex")]
        texts.append(result.report(tmp_path / "report.html").read_text())
        assert all(map(clear, texts))
        with zipfile.ZipFile(sheet("docx", tmp_path / "table.docx")) as word:
            assert clear(word.read("word/document.xml").decode())
        seen = f"I{clean(mark)}I"
        assert seen in texts[0]
        (row,) = [line for line in texts[3].splitlines() if "I" in line and seen[1] in line][:1]
        columns = texts[3].splitlines()[0].count("|")
        assert row.replace("\\|", "").count("|") == columns


def test_control_a_word_file_of_them_cannot_be_written_F17(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = Sheet(("a",), (Row(("\x1b[2J",)),))
    assert write.write(sheet, "docx", tmp_path / "a.docx")
    monkeypatch.setattr(write, "clean", lambda text: text)
    with pytest.raises(ValueError, match="XML"):
        write.write(sheet, "docx", tmp_path / "a.docx")


def test_names_of_files_and_organisations_are_cleaned_F17() -> None:
    names = [f"site {k}\x1b[2J" for k in (1, 2, 3)]
    federation = Federation.local(dict(zip(names, spoilt(""), strict=True)), EXACT)
    assert clear(str(federation.summary(columns=["age"])))
