"""Names from data hold escape codes or turn text around: nothing of it is printed or written."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest

from helpers.failing_server import Fault
from helpers.fault_runs import ANALYSES, ended, run
from helpers.hidden_characters import HIDDEN, clear, spoilt
from helpers.policies import EXACT
from helpers.three_sites import REQUESTS
from platforms.faults.test_sites import at, put, refusal
from v6_clinical import labels as naming
from v6_clinical import table
from v6_clinical.platforms import local
from v6_clinical.protocol import plausible
from v6_clinical.text import clean, cleaned, is_clean

ALL = pytest.mark.parametrize("analysis", ANALYSES)


def here(name: str) -> Any:
    return pytest.mark.skipif(name not in ANALYSES, reason="an image of another analysis")


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
    found = local.run(analysis, spoilt(mark), REQUESTS[analysis], policy=EXACT)
    plain = local.run(analysis, spoilt(clean(mark)), REQUESTS[analysis], policy=EXACT)
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
