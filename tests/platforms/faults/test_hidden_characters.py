"""Names from data hold escape codes or turn text around: nothing of it is printed or written."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from helpers.failing_server import Fault
from helpers.fault_runs import ANALYSES, ended, run
from helpers.three_sites import REQUESTS, good
from platforms.faults.test_sites import at, put, refusal
from v6_clinical import labels as naming
from v6_clinical import table
from v6_clinical.analyst import Federation
from v6_clinical.analyst.manuscript import write
from v6_clinical.platforms import local
from v6_clinical.protocol import plausible
from v6_clinical.text import clean, cleaned, is_clean

ALL = pytest.mark.parametrize("analysis", ANALYSES)
HIDDEN = ["\x1b[2J", "\x07", "\u202e", "\u2066", "\u200b", "\ufeff", "\x00", "\x9b", "\ud800"]


def here(name: str) -> Any:
    return pytest.mark.skipif(name not in ANALYSES, reason="an image of another analysis")


def spoilt(mark: str) -> list[pd.DataFrame]:
    """Return three sites that call a level by a name with hidden characters in it."""
    frames = [good(k) for k in (1, 2, 3)]
    return [f.assign(stage=f["stage"].replace("II", f"I{mark}I")) for f in frames]


def clear(text: str) -> bool:
    """Tell whether a text holds none of the marks, be they as they are or as JSON writes them."""
    written = [json.dumps(mark[0])[1:-1] for mark in HIDDEN]
    return not any(mark[0] in text for mark in HIDDEN) and not any(w in text for w in written)


@pytest.mark.parametrize("mark", HIDDEN, ids=ascii)
def test_a_name_is_cleaned_once_and_for_all_F17(mark: str) -> None:
    found = clean(f"a{mark}b")
    assert is_clean(found)
    assert not is_clean(f"a{mark}b")
    assert clean(found) == found
    assert cleaned({f"{mark}x": [mark, 1, None, True]})["x" if mark != "\x1b[2J" else "[2Jx"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a\tb", "a b"), ("yes\r", "yes "), ("a\r\nb", "a b"), ("naïve — 50 %", "naïve — 50 %")]
    + [(name, name) for name in ("می\u200cخواهم", "日本", "\u00a0", "👩\u200d⚕", "")],
    ids=ascii,
)
def test_what_belongs_to_writing_stays_F17(name: str, expected: str) -> None:
    assert clean(name) == expected


@ALL
@pytest.mark.parametrize("mark", ["\x1b[2J", "\u202e", "\ufeff"], ids=ascii)
def test_no_hidden_character_leaves_a_site_F17(analysis: str, mark: str) -> None:
    """A level of every site: the digits are those of the name as it can be seen."""
    found = local.run(analysis, spoilt(mark), REQUESTS[analysis])
    plain = local.run(analysis, spoilt(clean(mark)), REQUESTS[analysis])
    assert found == plain
    assert clear(json.dumps(found))


@here("summary")
def test_control_without_cleaning_they_leave_F17(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(naming, "clean", lambda text: text)
    monkeypatch.setattr(plausible, "is_clean", lambda text: True)
    assert not clear(json.dumps(local.run("summary", spoilt("\x1b[2J"), REQUESTS["summary"])))


def test_a_value_of_hidden_characters_only_is_missing_F17() -> None:
    column = pd.DataFrame({"a": ["x", "\u200b", "\x00\x1b", "\ufeff ", " "]})
    (found,) = table.select(column, ["a"]).values()
    assert found.notna().tolist() == [True, False, False, False, False]


@ALL
@pytest.mark.parametrize("kind", ["arrays", "tallies"])
def test_a_site_that_sends_them_is_named_F17(analysis: str, kind: str) -> None:
    name = "levels/1" if analysis == "summary" else "level/stage"
    label = put({"I": 1, "I\x1b[2JI": 1}, "sums", "tallies", name)
    other = put({"shape": [1], "data": [1]}, "sums", "arrays", "rows/\u202e")
    fault = Fault(change=label if kind == "tallies" else other)
    ended(run(analysis, at(20, fault, 1)), "BAD_ANSWER", [20])


@ALL
def test_a_refusal_is_cleaned_F17(analysis: str) -> None:
    done = run(analysis, at(20, Fault(change=refusal("MIN_ROWS", "age\x1b[2J\u202e"))))
    ended(done, "MIN_ROWS", [20])
    assert clear(json.dumps(done.result))


@ALL
def test_a_request_names_nothing_by_them_F17(analysis: str) -> None:
    for more in (
        {"levels": {"stage": ["I", "I\x1b[2JI"]}},
        {"collapse": {"a\u202e": {"b": ["c"]}}},
    ):
        found = local.run(analysis, spoilt(""), REQUESTS[analysis] | more)
        assert found["error"]["code"] == "BAD_REQUEST"
        assert clear(json.dumps(found["error"]))


def evil(analysis: str, mark: str) -> dict[str, Any]:
    """Return the envelope of a central side that does not clean: every "II" bears the mark."""
    found = local.run(analysis, spoilt(""), REQUESTS[analysis])
    text = json.dumps(found).replace("II", json.dumps(f"I{mark}I")[1:-1])
    evil_result: dict[str, Any] = json.loads(text)
    return evil_result


@pytest.mark.parametrize("mark", ["\x1b[2J", "\x07", "\u202e", "|", "<b>", "[red]"], ids=ascii)
def test_print_report_and_tables_are_safe_F17(mark: str, tmp_path: Path) -> None:
    """What a server hands to the analyst's layer: terminal, HTML, markdown, LaTeX, Word."""
    from v6_clinical.analyst import result_of

    for analysis in ANALYSES:
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
    from v6_clinical.analyst.manuscript.sheet import Row, Sheet

    sheet = Sheet(("a",), (Row(("\x1b[2J",)),))
    assert write.write(sheet, "docx", tmp_path / "a.docx")
    monkeypatch.setattr(write, "clean", lambda text: text)
    with pytest.raises(ValueError, match="XML"):
        write.write(sheet, "docx", tmp_path / "a.docx")


def test_names_of_files_and_organisations_are_cleaned_F17() -> None:
    names = [f"site {k}\x1b[2J" for k in (1, 2, 3)]
    federation = Federation.local(dict(zip(names, spoilt(""), strict=True)))
    assert clear(str(federation.summary(columns=["age"])))
