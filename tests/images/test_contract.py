"""What a node can rely on: data in, data out, exit 0, and no value in the log."""

import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from helpers import keys
from helpers.canaries import scan
from helpers.face_examples import CASES, Case, worst
from helpers.policies import SHIPPED_SETTINGS, shipped
from images.containers import Image, Run, docker, run
from v6_clinical.protocol.registry import load_site, methods, partial_name
from v6_clinical.protocol.site import answer
from v6_clinical.settings import sha256

CANARY = "737373"


def case_of(image: Image) -> Case:
    return next(case for case in CASES if case.package == image.package)


def partial(image: Image, folder: Path, frame: Any = None, **more: Any) -> Run:
    case = case_of(image)
    frame = case.frames()[0] if frame is None else frame
    message = more.pop("message", case.first_message())
    return run(image, folder, frame, partial_name(case.package), message, **more)


def code(done: Run) -> str:
    assert done.code == 0, done.log
    assert set(done.result) == {"schema", "status", "code", "where"}, done.result
    assert done.result["status"] == "refused"
    return str(done.result["code"])


def test_every_analysis_has_a_case() -> None:
    assert sorted(case.analysis for case in CASES) == sorted(methods())


def test_a_good_question_is_answered_as_in_process_F12(image: Image, tmp_path: Path) -> None:
    case = case_of(image)
    done = partial(image, tmp_path, settings={"V6C_MIN_ROWS": "12", **SHIPPED_SETTINGS})
    assert done.code == 0, done.log
    expected = answer(
        load_site(image.package),
        case.first_message(),
        lambda: shipped(min_rows=12),
        lambda _: case.frames()[0],
    )
    assert worst(done.result, json.loads(json.dumps(expected))) < 1e-12
    assert done.log.count(f"v6-clinical {load_site(image.package).name} ") == 1


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"V6C_MIN_ROWS": "1"}, "BAD_SETTING"),
        ({"V6C_MIN_ROW": "10"}, "BAD_SETTING"),
        ({"V6C_ALLOWED_COLUMNS": ""}, "COLUMN_DENIED"),
        ({"V6C_ALLOWED_COLUMNS": "AGEGROUP"}, "COLUMN_DENIED"),
        ({"V6C_MIN_ROWS": "100000"}, "MIN_ROWS"),
    ],
)
def test_limits_from_the_nodes_algorithm_env(
    image: Image, tmp_path: Path, settings: dict[str, str], expected: str
) -> None:
    assert code(partial(image, tmp_path, settings=settings)) == expected


def test_a_plain_setting_among_encoded_ones_refuses_everything(
    image: Image, tmp_path: Path
) -> None:
    done = partial(image, tmp_path, plain={"V6C_DENIED_COLUMNS": "AGEGROUP"})
    assert code(done) == "BAD_SETTING"
    assert done.result["where"] == ["V6C_DENIED_COLUMNS"]


def test_plain_settings_given_by_hand_are_obeyed(image: Image, tmp_path: Path) -> None:
    """Whoever runs the image by hand gives plain variables; AGEGROUP is valid base32."""
    case = case_of(image)
    frame = case.frames()[0].rename(columns={case.numeric_column: "AGEGROUP"})
    message = json.loads(json.dumps(case.first_message()).replace(case.numeric_column, "AGEGROUP"))
    method = partial_name(case.package)
    folder = tmp_path
    frame.to_csv(folder / "data.csv", index=False)
    frame.to_parquet(folder / "patients.parquet")
    body = message if image.major == 5 else {"method": method, "kwargs": message}
    (folder / "input").write_text(json.dumps(body))
    environment = {
        "INPUT_FILE": "/given/input",
        "OUTPUT_FILE": "/given/output",
        "USER_REQUESTED_DATABASE_LABELS": "default",
        "DEFAULT_DATABASE_URI": "/given/data.csv",
        "DEFAULT_DATABASE_TYPE": "csv",
        "SESSION_FOLDER": "/given",
        "USER_REQUESTED_DATAFRAMES": "patients",
        "FUNCTION_ACTION": "federated_compute",
        "ALGORITHM_METHOD": method,
        "V6C_DENIED_COLUMNS": "AGEGROUP",
    }
    words = [word for name, value in environment.items() for word in ("--env", f"{name}={value}")]
    done = docker("run", "--rm", "--volume", f"{folder}:/given", *words, image.name)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((folder / "output").read_text())
    assert (found["code"], found["where"]) == ("COLUMN_DENIED", ["AGEGROUP"])


def test_a_missing_column_is_a_refusal(image: Image, tmp_path: Path) -> None:
    case = case_of(image)
    frame = case.frames()[0].drop(columns=case.numeric_column)
    assert code(partial(image, tmp_path, frame)) == "COLUMN_MISSING"


@pytest.mark.parametrize("broken", ["text", "file"])
def test_no_value_reaches_log_or_answer_A17(image: Image, tmp_path: Path, broken: str) -> None:
    case = case_of(image)
    frame: Any = case.frames()[0].astype({case.numeric_column: object})
    frame[case.numeric_column] = [f"{CANARY},{k}" for k in range(len(frame))]
    if broken == "file":
        frame = f'age,x\n"{CANARY}\n{CANARY},1,2,3\n'.encode() + b"\xff\xfe"
    done = partial(image, tmp_path, frame)
    code(done)
    assert CANARY not in done.log + json.dumps(done.result)


@pytest.mark.parametrize("mode", ["off", "on", "required", "wrong"])
def test_no_private_key_reaches_log_or_answer_A17(image: Image, tmp_path: Path, mode: str) -> None:
    given = keys.settings(1, 3, "off" if mode == "wrong" else mode)
    if mode == "wrong":
        given |= {"V6C_PRIVATE_KEY": given["V6C_PRIVATE_KEY"] + "x"}
    done = partial(image, tmp_path, settings=given)
    assert done.code == 0, done.log
    assert (done.result.get("code") == "BAD_SETTING") == (mode == "wrong")
    assert not scan({bytes(keys.pair(1).seed)}, done.log, done.result)


@pytest.mark.parametrize(
    "change",
    [
        {"step": "nothing"},
        {"version": "0"},
        {"arguments": 7},
        {"index": -1},
        {"mock_data": [{"age": [1]}]},
        {"extra": 1},
    ],
    ids=str,
)
def test_bad_questions_are_refused(image: Image, tmp_path: Path, change: dict[str, Any]) -> None:
    message = case_of(image).first_message() | change
    assert code(partial(image, tmp_path, message=message)) in ("BAD_STEP", "BAD_REQUEST", "VERSION")


def test_a_method_that_is_not_there_gives_no_data(image: Image, tmp_path: Path) -> None:
    frame = case_of(image).frames()[0].assign(secret=CANARY)
    done = run(image, tmp_path, frame, "os", {})
    assert done.code != 0
    assert done.result == b""
    assert CANARY not in done.log


def test_the_central_side_ends_with_data_too(image: Image, tmp_path: Path) -> None:
    case = case_of(image)
    settings = {"V6C_MIN_ROWS": "ten"}
    done = run(
        image, tmp_path, case.frames()[0], case.method, dict(case.arguments), settings=settings
    )
    assert done.code == 0, done.log
    assert done.result["status"] == "failed"
    assert done.result["error"]["code"] == "BAD_SETTING"


def test_where_the_seconds_of_a_sites_run_go(image: Image, tmp_path: Path) -> None:
    """Printed, not judged: container and interpreter, imports, question to answer."""

    def seconds(work: Callable[[], object]) -> float:
        start = time.perf_counter()
        work()
        return time.perf_counter() - start

    def python(program: str) -> float:
        given = ("run", "--rm", "--network", "none", image.name, "python", "-c", program)
        return min(seconds(lambda: docker(*given)) for _ in range(3))

    start = python("pass")
    imports = python(
        "from vantage6.algorithm.tools.wrap import wrap_algorithm; import pandas; "
        f"import v6_clinical.platforms.launch, {image.package}.v{image.major}, {image.package}.site"
    )
    done: list[Run] = []
    whole = min(seconds(lambda: done.append(partial(image, tmp_path))) for _ in range(3))
    print(
        f"\n{image.name}, a site's run of {whole:.2f} s: container and interpreter {start:.2f}, "
        f"imports {imports - start:.2f}, files and answer {whole - imports:.2f}; "
        "the round's rest is the node's and our polling"
    )
    assert all(one.code == 0 for one in done)


@pytest.mark.major(5)
def test_a_partial_started_as_another_step_is_refused(image: Image, tmp_path: Path) -> None:
    done = partial(image, tmp_path, variables={"FUNCTION_ACTION": "central_compute"})
    assert (code(done), done.result["where"]) == ("BAD_REQUEST", ["action"])


@pytest.mark.major(5)
@pytest.mark.parametrize("name", ["../patients", "a/b", "", "patients;more", "patients,more"])
def test_one_data_frame_of_the_session_and_no_path(image: Image, tmp_path: Path, name: str) -> None:
    done = partial(image, tmp_path, variables={"USER_REQUESTED_DATAFRAMES": name})
    assert (code(done), done.result["where"]) == ("BAD_REQUEST", ["databases"])


@pytest.mark.major(5)
def test_extraction_makes_the_sessions_data_frame(image: Image, tmp_path: Path) -> None:
    frame = case_of(image).frames()[0]
    done = run(image, tmp_path, frame, "read_csv", {})
    assert done.code == 0, done.log
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "output"), frame, check_dtype=False)


@pytest.mark.major(5)
@pytest.mark.parametrize(
    ("method", "arguments", "word"),
    [
        ("read_sql_database", {"query": "select * from t where id = 7"}, "QUERY"),
        ("read_sparql_database", {"query": "select"}, "QUERY"),
        ("read_sql_database", {}, "QUERY"),
        ("read_csv", {"uri": "/etc/passwd"}, "BAD_REQUEST"),
        ("read_parquet", {}, "cannot be read"),
    ],
)
def test_extraction_that_is_not_allowed_or_fails_R16(
    image: Image, tmp_path: Path, method: str, arguments: dict[str, str], word: str
) -> None:
    frame = pd.DataFrame({"age": [f"canary-{CANARY}"]})
    done = run(image, tmp_path, frame, method, arguments)
    assert done.code != 0
    assert done.result == b""
    assert word in done.log
    assert CANARY not in done.log


@pytest.mark.major(5)
def test_a_query_that_the_operator_listed_is_run_R16(image: Image, tmp_path: Path) -> None:
    query = "select age from patients where age > 40"
    frame = pd.DataFrame({"age": [30, 41, 52]})
    with closing(sqlite3.connect(tmp_path / "hospital.sqlite")) as connection:
        frame.to_sql("patients", connection, index=False)
    (tmp_path / "session").mkdir()
    (tmp_path / "session" / "hospital.sqlite").write_bytes(
        (tmp_path / "hospital.sqlite").read_bytes()
    )
    listed = {"V6C_ALLOWED_QUERIES": sha256(query)}
    uri = {"DATABASE_URI": "/app/vantage6/task/session/hospital.sqlite", "DATABASE_TYPE": "sql"}
    for settings, code in ((listed, 0), ({}, 1)):
        method, arguments = "read_sql_database", {"query": query}
        done = run(image, tmp_path, frame, method, arguments, settings=settings, variables=uri)
        assert done.code == code, done.log
        assert "hospital.sqlite" not in done.log
        if code == 0:
            assert pd.read_parquet(tmp_path / "output")["age"].tolist() == [41, 52]
