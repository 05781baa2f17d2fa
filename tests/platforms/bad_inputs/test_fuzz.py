"""Columns, questions, answers and formulas that nobody thought of: a result or a code, no value.

Every value that is not harmless holds a canary; none may be seen in a result that ended, in a
refusal, in what is printed, or in the text of an exception.
"""

from __future__ import annotations

import contextlib
import io
import json
import warnings
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.three_sites import OPEN, REQUESTS, good, run
from v6_clinical.disclosure import Policy
from v6_clinical.errors import CODES, SITE_CODES, AnalysisError
from v6_clinical.model.errors import FormulaError
from v6_clinical.model.formula import parse
from v6_clinical.protocol.registry import face_of, load_site, methods
from v6_clinical.protocol.site import answer
from v6_clinical.protocol.sums import Sums
from v6_clinical.version import __version__

CANARY = "canary737373"
NUMBER = 737373.125
CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.dates(),
    st.timedeltas(),
    st.decimals(allow_nan=False),
    st.binary(max_size=3),
    st.complex_numbers(),
    st.lists(st.integers(), max_size=2),
    st.sampled_from([pd.NaT, pd.NA, CANARY, NUMBER, f"{NUMBER}", b"canary", (CANARY,), {CANARY}]),
)
COLUMNS = {
    "summary": ["age", "stage"],
    "logistic": ["y", "age", "stage", "w", "o", "c"],
    "cox": ["y", "t", "age", "stage", "w", "o", "c"],
    "glm": ["y", "age", "stage", "w", "o", "c"],
}
MORE: dict[str, dict[str, Any]] = {
    "summary": {"correlation": True},
    "logistic": {"weights": "w", "offset": "o", "cluster": "c"},
    "cox": {"weights": "w", "offset": "o", "cluster": "c", "time_horizon": 100},
    "glm": {"weights": "w", "offset": "o", "cluster": "c"},
}
EACH = pytest.mark.parametrize("analysis", methods())
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=8,
)


def silently(work: Any) -> tuple[Any, str]:
    """Return what a call gives, and all that it printed or warned of."""
    out = io.StringIO()
    with warnings.catch_warnings(record=True) as told, contextlib.redirect_stdout(out):
        warnings.simplefilter("always")
        with contextlib.redirect_stderr(out):
            found = work()
    return found, out.getvalue() + "".join(str(warning.message) for warning in told)


@EACH
@settings(max_examples=30)
@given(data=st.data())
def test_any_column_gives_a_result_or_a_code(analysis: str, data: Any) -> None:
    cells = data.draw(st.lists(CELLS, min_size=20, max_size=40))
    name = data.draw(st.sampled_from(COLUMNS[analysis]))
    lax = data.draw(st.booleans())
    third = good(3).iloc[: len(cells)].assign(**{name: pd.Series(cells, dtype=object)})
    frames = [good(1), good(2), third]
    policy = OPEN if lax else Policy()
    found, printed = silently(lambda: run(analysis, frames, policy, **MORE[analysis]))
    assert "canary" not in printed
    assert "737373" not in printed
    text = json.dumps(found, allow_nan=False)
    if found["status"] != "completed":
        assert found["error"]["code"] in set(CODES) - {"INTERNAL"}, found["error"]
        # a level of one row may be told where limits are lifted
        assert lax or ("canary" not in text and "737373" not in text)


@EACH
@settings(max_examples=100)
@given(data=st.data())
def test_any_question_gives_an_answer_or_a_refusal(analysis: str, data: Any) -> None:
    """Whoever may create tasks calls a partial with any JSON."""
    site = load_site(face_of(analysis).package)
    message = {
        "version": __version__,
        "step": data.draw(st.sampled_from(list(site.steps))),
        "arguments": data.draw(st.dictionaries(st.text(max_size=8), JSON, max_size=4)),
        "index": data.draw(st.integers(-1, 2)),
        "count": data.draw(st.integers(-1, 3)),
    } | data.draw(st.dictionaries(st.sampled_from(["step", "arguments", "note"]), JSON, max_size=1))
    frame = good(1).assign(age=NUMBER, stage=CANARY)
    found, printed = silently(lambda: answer(site, message, Policy, lambda _: frame))
    assert found["status"] == "refused"
    assert set(found) == {"schema", "status", "code", "where"}
    assert found["code"] in set(SITE_CODES) - {"INTERNAL"}, found
    text = json.dumps(found, allow_nan=False) + printed
    assert "737373" not in text


@settings(max_examples=300)
@given(JSON | st.fixed_dictionaries({"arrays": JSON, "tallies": JSON, "forms": JSON}))
def test_any_answer_is_sums_or_a_bad_answer(message: Any) -> None:
    try:
        sums = Sums.from_json(message)
    except AnalysisError as error:
        assert error.code == "BAD_ANSWER"
        return
    assert Sums.from_json(json.loads(json.dumps(sums.to_json(), allow_nan=False))).is_finite()


PARTS = "C( ref= bs( ns( df=3 knots= I( log( scale( x**2 poly2( age __import__ lambda \n é \x00"
WORDS = st.sampled_from([*"+-:*^()~/,=[]`'\"0123456789. ", *PARTS.split(" ")])


@settings(max_examples=500)
@given(st.lists(WORDS, max_size=12).map("".join) | st.text(max_size=30))
def test_any_formula_is_read_or_refused(text: str) -> None:
    try:
        parse(text)
    except FormulaError as error:
        assert error.remedy


def test_requests_of_these_tests_complete() -> None:
    """Else the tests above would be of refusals only."""
    for analysis in REQUESTS:
        more = {k: v for k, v in MORE[analysis].items() if k != "cluster"}
        frames = [good(k) for k in (1, 2, 3)]
        assert run(analysis, frames, OPEN, **more)["status"] == "completed"
