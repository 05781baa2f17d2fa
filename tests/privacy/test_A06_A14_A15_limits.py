"""Attacks on the limits themselves: the node's settings, filters, arguments that pose as either."""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import fields
from pathlib import Path
from typing import Any
from unittest import mock

import pandas as pd
import pytest

from helpers import attacker
from helpers.client_and_wrapper import wrapper
from helpers.face_examples import CASES, Case
from helpers.policies import EXACT, exact
from v6_clinical.disclosure import Policy
from v6_clinical.errors import RefusalError
from v6_clinical.settings import SETTINGS, sha256

each_analysis = pytest.mark.parametrize("case", CASES, ids=lambda case: case.analysis)


def first(case: Case, frame: pd.DataFrame | None = None, **more: Any) -> attacker.Answer:
    """Put an analysis's honest first question to one site."""
    message = case.first_message()
    rows = case.frames()[0] if frame is None else frame
    return attacker.ask(case.package, rows, message["step"], message["arguments"], **more)


def mean_age(settings: dict[str, str]) -> attacker.Answer:
    """Ask for the ages of the rows that the task's filter leaves."""
    question = {"names": ["age"], "group_by": None, "levels": {}, "collapse": {}}
    message = {"version": attacker.__version__, "step": "describe", "arguments": question}
    message |= {"index": 0, "count": 2}
    frame = CASES[0].frames()[0]
    return attacker.call("v6_summary", "partial", message, frame, settings=settings)[0]


def total(found: attacker.Answer) -> float:
    return float(attacker.array(found, "moments")[0, 1])


def test_A06_preprocessing_that_leaves_one_patient_out() -> None:
    """Attack: the task's own preprocessing with two bounds, between which the oldest patient is."""
    ages = CASES[0].frames()[0]["age"].sort_values().to_numpy()
    oldest = ages[-1]

    def below(bound: float, **settings: str) -> attacker.Answer:
        parameters = {"column": "age", "max_": float(bound)}
        steps = [{"function": "filter_range", "parameters": parameters}]
        return mean_age({"DEFAULT_PREPROCESSING": json.dumps(steps), **settings})

    assert attacker.refusal(below(oldest)) == ("PREPROCESSING", [])
    lifted = {"V6C_ALLOW_PREPROCESSING": "true"}
    gap = total(below(oldest + 1, **lifted)) - total(below(oldest, **lifted))
    assert gap == pytest.approx(oldest * (ages == oldest).sum(), rel=1e-12)  # unguarded


@pytest.mark.filterwarnings("ignore")  # of SQLAlchemy 1.4, which vantage6's reader uses
def test_A06_queries_that_differ_by_one_patient(tmp_path: Path) -> None:
    """Attack: SQL with and without a patient, whose age is the difference of the sums."""
    frame, file = CASES[0].frames()[0], tmp_path / "hospital.sqlite"
    with closing(sqlite3.connect(file)) as connection:
        frame.assign(id=range(len(frame))).to_sql("patients", connection, index=False)
    queries = ["select age from patients", "select age from patients where id <> 7"]

    def ask(query: str, *listed: str) -> attacker.Answer:
        settings = {"V6C_ALLOWED_QUERIES": ",".join(map(sha256, listed))} if listed else {}
        database = {"DEFAULT_DATABASE_URI": f"sqlite:///{file}", "DEFAULT_DATABASE_TYPE": "sql"}
        return mean_age(database | {"DEFAULT_QUERY": query} | settings)

    for query in (queries[1], queries[0] + " ", queries[0].upper()):
        assert attacker.refusal(ask(query, queries[0])) == ("QUERY", [])
    assert ask(queries[0])["code"] == "QUERY"
    with pytest.raises(RefusalError):
        EXACT.check_query(None)  # on 5.x a task may give anything for a query
    gap = total(ask(queries[0], *queries)) - total(ask(queries[1], *queries))
    assert gap == pytest.approx(frame["age"].iloc[7], rel=1e-12)  # the operator listed both


LOOSE = [
    *[("V6C_MIN_ROWS", text) for text in ("", " ", "-1", "ten", "2", "10.0", "1e1", "٣")],
    *[("V6C_MIN_CELL", text) for text in ("0", "2", "nan", "inf", "0x5")],
    *[("V6C_MAX_PARAMETERS_PER_ROW", text) for text in ("0.34", "1", "0", "", "-0.1", "x")],
    *[("V6C_MAX_LEVELS", text) for text in ("0", "41", "many")],
    *[("V6C_ALLOW_MIN_MAX", text) for text in ("", "maybe", "2")],
    *[("V6C_ALLOWED_COLUMNS", text) for text in ("[1]", "[", "a\x07b")],
    *[("V6C_TIME_GRID", text) for text in ("", "1-2-5")],  # no setting any more
    *[("V6C_BLUR", text) for text in ("", "0.11", "-0.01", "1e-2", "1%", "nan", "1", "00")],
    *[("V6C_BLUR_ROWS", text) for text in ("", "0.51", "-.1", "1", "inf", ".")],
    *[("V6C_SECRET", text) for text in ("", "ab" * 31, "c2hvcnQ=", "a" * 64, "ä" * 64, "?" * 44)],
    *[("V6C_SECRET", f"{'0f1e2d3c4b5a6978' * 4} {text}") for text in ("x", "=")],
    *[("V6C_ALLOWED_REQUESTS", text) for text in ("all", "ab" * 31, f"{'ab' * 32};{'cd' * 32}")],
    *[("V6C_ROUND_TIMEOUT", text) for text in ("0", "-1", "soon")],
    *[(name, "10") for name in ("V6C_MIN_ROW", "v6c_min_rows", "V6C_", "V6C_MINROWS")],
]


@each_analysis
def test_A14_bad_settings_fail_closed(case: Case) -> None:
    """Misspelt, unreadable and too loose settings: the site refuses everything, and names them."""
    rows = case.frames()[0]
    for name, value in LOOSE:
        found = first(case, rows, settings={name: value})
        assert found["code"] == "BAD_SETTING", (name, value)
        shown = "".join(found["where"])
        assert value.strip() in ("", "10", "0", "1", "2") or value not in shown
    with pytest.raises(RefusalError):
        Policy.from_environment({"V6C_MIN_ROWS": "ten", "HOME": "irrelevant"})
    assert (
        first(case, rows, settings={"V6C_MIN_CELL": "3"})["status"] == "ok"
    )  # as loose as it gets


def lenient(environment: Mapping[str, str]) -> Policy:
    """Read settings as many programs do: what is unknown or unreadable stays at its default."""
    values = {}
    for field in fields(Policy):
        if type(field.default) in (int, float):
            with suppress(KeyError, ValueError, OverflowError):
                text = environment[f"V6C_{field.name.upper()}"]
                values[field.name] = type(field.default)(float(text))
    return exact(**values)


@each_analysis
def test_A14_settings_read_leniently_would_not_be_the_operators(case: Case) -> None:
    """A limit that is misspelt is no limit, and one that is too loose lets few rows through."""
    rows = case.frames()[0]
    few, cell = rows.iloc[:9], {"V6C_MIN_CELL": "1", "V6C_MAX_PARAMETERS_PER_ROW": "9"}
    misspelt = {"V6C_MIN_ROW": str(len(rows) + 1)}

    def codes() -> list[str]:
        asked = [(few, cell | {"V6C_MIN_ROWS": "1"}), (rows, misspelt)]
        return [first(case, some, settings=given).get("code", "ok") for some, given in asked]

    assert codes() == ["BAD_SETTING", "BAD_SETTING"]
    with mock.patch.object(Policy, "from_environment", lenient):
        assert codes()[1] == "ok"  # unguarded
        assert codes()[0] != "MIN_ROWS"


def test_A14_good_settings_are_read_robustly() -> None:
    policy = Policy.from_environment(
        {
            "V6C_MIN_ROWS": " 12 ",
            "V6C_MAX_PARAMETERS_PER_ROW": "0.1",
            "V6C_ALLOWED_COLUMNS": " age , sex",
            "V6C_DENIED_COLUMNS": '["a,b"]',
            "V6C_ALLOW_PER_SITE": "No",
            "V6C_ROUND_TIMEOUT": "60",
            "V6C_BLUR": " 0 ",
            "V6C_BLUR_ROWS": ".5",
            "V6C_ALLOWED_REQUESTS": f" {'AB' * 32} ,{'12' * 32},",
        }
    )
    assert (policy.min_rows, policy.max_parameters_per_row) == (12, 0.1)
    assert policy.allowed_columns == {"age", "sex"}
    assert policy.denied_columns == {"a,b"}
    assert (policy.blur, policy.blur_rows) == (0.0, 0.5)
    assert policy.allowed_requests == {"ab" * 32, "12" * 32}
    assert not policy.allow_per_site
    fixed = {"levels_per_row", "min_clusters", "min_spread", "min_weight_share"}
    fixed |= {"widest_predictor", "masked", "question"}
    assert set(SETTINGS) >= {f"V6C_{name.upper()}" for name in set(vars(policy)) - fixed}


@each_analysis
def test_A14_a_denied_column_whose_name_is_valid_base32(case: Case) -> None:
    """vantage6 decodes whatever looks encoded; AGEGROUP looks so, and must stay denied."""
    frame = case.frames()[0].rename(columns={case.numeric_column: "AGEGROUP"})
    message = json.loads(json.dumps(case.first_message()).replace(case.numeric_column, "AGEGROUP"))

    def ask(**settings: str) -> attacker.Answer:
        step, arguments = message["step"], message["arguments"]
        return attacker.ask(case.package, frame, step, arguments, settings=settings)

    assert attacker.refusal(ask(V6C_DENIED_COLUMNS=" AGEGROUP ")) == ("COLUMN_DENIED", ["AGEGROUP"])
    assert ask(V6C_ALLOWED_COLUMNS="")["code"] == "COLUMN_DENIED"
    assert ask()["status"] == "ok"


@each_analysis
def test_A15_no_argument_loosens_a_limit(case: Case) -> None:
    few = case.frames()[0].iloc[:9]
    message = case.first_message()
    step, honest = message["step"], message["arguments"]
    assert first(case, few)["code"] == "MIN_ROWS"
    tries = [{"V6C_MIN_ROWS": 1}, {"min_rows": 1}, {"policy": {"min_cell": 1}}, {"settings": {}}]
    tries += [{"environment": {"V6C_MIN_ROWS": "3"}}, {"mock_policy": "open"}]
    for extra in tries:
        found = attacker.ask(case.package, few, step, honest | extra)
        assert found["code"] in ("BAD_REQUEST", "MIN_ROWS")
        beside = dict.fromkeys(("version", "step", "arguments", "index", "count")) | message | extra
        found, _ = attacker.call(case.package, "partial", beside, few)
        assert found["code"] == "BAD_REQUEST"
        found, asked = attacker.run(case.package, [few, few], {**case.arguments, **extra})
        assert (found["error"]["code"], asked) == ("BAD_REQUEST", [])
    # the place of a site and names of columns that sound like settings move nothing either
    found = attacker.ask(case.package, few, step, honest, index=9_999, count=10_000)
    assert found["code"] == "MIN_ROWS"
    named = few.assign(V6C_MIN_ROWS=1.0, min_cell=0.5)
    assert attacker.ask(case.package, named, step, honest)["code"] == "MIN_ROWS"
    lifted = attacker.ask(case.package, few, step, honest, attacker.OPEN)
    assert lifted["status"] == "ok"  # what the limit stops


WRAPPED = [
    ({"V6C_MIN_ROWS": "1"}, "BAD_SETTING"),
    ({"V6C_MIN_ROW": "10"}, "BAD_SETTING"),
    ({"V6C_MAX_PARAMETERS_PER_ROW": "0.9"}, "BAD_SETTING"),
    ({"V6C_DENIED_COLUMNS": " AGEGROUP , age"}, "COLUMN_DENIED"),
    ({"V6C_ALLOWED_COLUMNS": "  "}, "COLUMN_DENIED"),
    ({"DEFAULT_QUERY": "select 1"}, "QUERY"),
    ({"DEFAULT_PREPROCESSING": '[{"function": "filter_range"}]'}, "PREPROCESSING"),
]


@pytest.mark.parametrize("number", range(len(WRAPPED)))
def test_A06_A14_the_real_wrapper(number: int, tmp_path: Path) -> None:
    (settings, code), case = WRAPPED[number], CASES[number % len(CASES)]
    task = {"method": f"{case.method}_partial", "kwargs": case.first_message()}
    found, done = wrapper(tmp_path, case.frames()[0], task, case.package, **settings)
    assert (done.returncode, found["code"]) == (0, code)
    assert set(found) == {"schema", "status", "code", "where"}
