"""The site's ledger: a line for each call, refused or not, with no value and no analyst's text."""

import re
from pathlib import Path
from typing import Any

import pytest

from helpers.client_and_wrapper import wrapper
from helpers.face_examples import CASES, Case

LINE = re.compile(
    r"info > v6-clinical (?P<method>\w+) step=(?P<step>\w+) request=(?P<hash>[0-9a-f]{16}) "
    r"(?P<outcome>\w+) numbers=(?P<numbers>\d+)"
)
CANARY = "canary737373"
EACH = pytest.mark.parametrize("case", CASES, ids=lambda case: case.analysis)


def call(folder: Path, case: Case, message: dict[str, Any], **settings: str) -> tuple[Any, Any]:
    """Return the answer of a partial, and its one line in the ledger."""
    question = {"method": f"{case.method}_partial", "kwargs": message}
    frame = case.frames()[0].assign(note=CANARY)
    found, done = wrapper(folder, frame, question, case.package, **settings)
    assert done.returncode == 0
    lines = [line for line in done.stdout.splitlines() if "v6-clinical" in line]
    assert len(lines) == 1
    assert CANARY not in done.stdout + done.stderr
    match = LINE.fullmatch(lines[0])
    assert match is not None, lines[0]
    assert match["method"] == case.method
    return found, match


def numbers(part: Any) -> int:
    """Count the JSON numbers of sums, shapes aside."""
    if isinstance(part, dict):
        return sum(numbers(value) for name, value in part.items() if name != "shape")
    return sum(map(numbers, part)) if isinstance(part, list) else int(not isinstance(part, str))


@EACH
def test_an_answer_is_logged_with_its_step_and_count(tmp_path: Path, case: Case) -> None:
    message = case.first_message()
    found, line = call(tmp_path, case, message)
    assert found["status"] == line["outcome"] == "ok"
    assert line["step"] == message["step"]
    sums = {name: part for name, part in found["sums"].items() if name != "noise"}
    assert int(line["numbers"]) == numbers(sums) > 0


REFUSED: list[tuple[dict[str, Any], dict[str, str], str, str | None]] = [
    ({}, {"V6C_DENIED_COLUMNS": "age"}, "COLUMN_DENIED", None),
    ({}, {"V6C_MIN_ROWS": "ten"}, "BAD_SETTING", None),
    ({}, {"V6C_MIN_ROWS": "100000"}, "MIN_ROWS", None),
    ({"step": CANARY}, {}, "BAD_STEP", "unknown"),
    ({"step": {"a": CANARY}}, {}, "BAD_STEP", "unknown"),
    ({"arguments": {CANARY: [CANARY]}}, {}, "BAD_REQUEST", None),
    ({"version": f"0 {CANARY}"}, {}, "VERSION", None),
    ({"note": 1}, {}, "BAD_REQUEST", None),
    ({"mock_data": [{"age": [1]}]}, {}, "BAD_REQUEST", None),
]


@pytest.mark.parametrize(
    ("case", "change", "settings", "outcome", "step"),
    [
        # each kind once and each analysis once: what logs them is the same for all
        pytest.param(case, *refused, marks=[] if once else [pytest.mark.repeats])
        for case in CASES
        for refused in REFUSED
        for once in [case is CASES[0] or refused is REFUSED[0]]
    ],
    ids=lambda value: value.analysis if isinstance(value, Case) else str(value)[:40],
)
def test_a_refusal_is_logged_too(
    tmp_path: Path,
    case: Case,
    change: dict[str, Any],
    settings: dict[str, str],
    outcome: str,
    step: str | None,
) -> None:
    message = case.first_message()
    found, line = call(tmp_path, case, message | change, **settings)
    assert found["code"] == line["outcome"] == outcome
    assert line["step"] == (message["step"] if step is None else step)
    assert line["numbers"] == "0"


@EACH
def test_equal_questions_have_equal_hashes_and_others_not(tmp_path: Path, case: Case) -> None:
    """So that a node operator sees who asks the same again, or nearly the same very often."""
    message = case.first_message()
    turned = dict(reversed(message.items()))
    first, again, other = (
        call(tmp_path, case, m)[1]["hash"] for m in (message, turned, message | {"index": 1})
    )
    assert first == again != other
