"""Attacks on the program: every attribute by name, and code as text in every question and request.

Each scan is also run where the guard is lifted: an entry module that offers more than its two
functions, and names and formulas that are evaluated instead of compared and parsed.
"""

import importlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import pandas as pd
import pytest

from helpers import attacker
from helpers.client_and_wrapper import wrapper
from helpers.evaluated_code import RUNS, evaluated, has_run
from helpers.face_examples import CASES, Case
from v6_clinical.platforms.readers import READERS
from v6_clinical.protocol.registry import faces, partial_name

each_analysis = pytest.mark.parametrize("case", CASES, ids=lambda case: case.analysis)
CANARY = "737373"
READER = """
def patients():
    import os
    import pandas
    session = os.environ.get("SESSION_FOLDER")
    if session:
        return pandas.read_parquet(f"{session}/patients.parquet").to_dict("list")
    return pandas.read_csv(os.environ["DEFAULT_DATABASE_URI"]).to_dict("list")
"""
EXTRACTION = {4: set(), 5: {reader.name for reader in READERS}}  # a session's data frames


def entry_module(case: Case) -> ModuleType:
    return importlib.import_module(f"{case.package}.v{attacker.MAJOR}")


def with_a_public_reader(case: Case) -> ModuleType:
    """Return the entry module as it would be if what it reads the rows with had a public name."""
    module = ModuleType("open")
    vars(module).update({n: v for n, v in vars(entry_module(case)).items() if n != "__loader__"})
    exec(READER, vars(module))  # noqa: S102 - our own source
    return module


def with_an_open_import(case: Case) -> ModuleType:
    """Return the entry module as ``from pandas import DataFrame`` would have made it."""
    module = with_a_public_reader(case)
    del module.patients
    module.DataFrame = pd.DataFrame  # type: ignore[attr-defined]
    return module


def giving_data(module: ModuleType, frame: pd.DataFrame) -> list[str]:
    """Call every attribute by name as a task may; return those that gave the canary back."""
    found = []
    with mock.patch.dict(os.environ, attacker.node(frame)):
        for name in dir(module):
            if name in ("__loader__", "__spec__"):
                continue
            for given in ((), (frame,), ("age",)):
                try:
                    told: object = getattr(module, name)(*given)
                except Exception as error:
                    told = error
                if CANARY in repr(told):
                    found.append(name)
    return found


@each_analysis
def test_A13_every_attribute_of_the_entry_module_called_by_name(case: Case) -> None:
    """On 4.x a task names any attribute of the module; the data frame may come with the call."""
    public = {name for name in vars(entry_module(case)) if not name.startswith("_")}
    central = {face.method for face in faces(case.package)}
    assert public == central | {partial_name(case.package)} | EXTRACTION[attacker.MAJOR]
    frame = pd.DataFrame({"age": [f"canary-{CANARY}"] * 30})
    assert giving_data(entry_module(case), frame) == []
    assert giving_data(with_a_public_reader(case), frame) == ["patients"]  # unguarded
    assert giving_data(with_an_open_import(case), frame) == ["DataFrame"]


METHODS = ["os", "_platform", "__builtins__", "__dict__", "_platform.os", "patients"]


def by_name(folder: Path, case: Case, method: str, package: str) -> str:
    """Name a method in a task for the real wrapper; return all that it gives and prints."""
    frame = case.frames()[0].assign(secret=CANARY)
    task = {"method": method, "kwargs": {}}
    found, done = wrapper(folder, frame, task, package)
    return json.dumps(found) + done.stdout + done.stderr


@pytest.mark.parametrize("number", range(len(METHODS)), ids=METHODS)
def test_A13_the_real_wrapper_gives_no_other_function(number: int, tmp_path: Path) -> None:
    case = CASES[number % len(CASES)]
    assert CANARY not in by_name(tmp_path, case, METHODS[number], case.package)


def test_A13_the_real_wrapper_runs_what_an_entry_module_offers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "modules" / "open_analysis"
    package.mkdir(parents=True)
    (package / "v4.py").write_text(READER)
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    found = by_name(tmp_path, CASES[0], "patients", "open_analysis")
    assert CANARY in found  # the attack, unguarded


CODE = [
    RUNS,
    f"age + {RUNS}",
    "{age.__class__}",
    "lambda: os.system('true')",
    "`age`.values; import os",
    "@age",
    "$(id)",
    "%(age)s",
    "\x00age",
]
Found = tuple[str, attacker.Answer, bool]


def _texts(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return where in some JSON the texts are."""
    if isinstance(value, str):
        return [here]
    parts: Any = value.items() if isinstance(value, dict) else enumerate(value)
    inner = [(k, v) for k, v in parts if isinstance(v, str | dict | list)]
    return [path for key, part in inner for path in _texts(part, (*here, key))]


def _with(value: Any, path: tuple[Any, ...], text: str) -> Any:
    copy = json.loads(json.dumps(value))
    target = copy
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = text
    return copy


def inject(asked: Any, ask: Callable[[Any], attacker.Answer]) -> Iterator[Found]:
    """Put code in every text; yield the text's place, the answer, and whether the code was run."""
    for path in _texts(asked):
        for text in CODE:
            found = ask(_with(asked, path, text))
            yield "/".join(map(str, path)), found, has_run()


def question(case: Case) -> Iterator[Found]:
    """Put code in every text of an analysis's first question."""
    frame = case.frames()[0]

    def ask(message: Any) -> attacker.Answer:
        return attacker.call(case.package, "partial", message, frame)[0]

    return inject(case.first_message(), ask)


def request(case: Case, **more: Any) -> Iterator[Found]:
    """Put code in every text of a request."""
    frames = case.frames()

    def ask(arguments: Any) -> attacker.Answer:
        return attacker.run(case.package, frames, arguments)[0]

    levels = {"levels": {"horTh": ["no", "yes"]}, "on_refusal": "fail"}
    asked = json.loads(json.dumps({**case.arguments, **levels, **more}))
    return inject({name: part for name, part in asked.items() if part is not None}, ask)


@each_analysis
def test_A16_code_in_every_text_of_a_question(case: Case) -> None:
    """Names of columns, kinds, levels, the step and the version: all are compared, none is run."""
    tried = list(question(case))
    assert len(tried) >= 4 * len(CODE)
    for place, found, ran in tried:
        assert (found["status"], ran) == ("refused", False), place
        assert found["code"] != "INTERNAL", place
    with evaluated():
        places = {place for place, _, ran in question(case) if ran}
    assert len(places) >= 3  # the attack, unguarded: every name of a column


@each_analysis
def test_A16_code_in_every_text_of_a_request(case: Case) -> None:
    formula = {"formula": "age + tsize + horTh", "predictors": None}
    requests: list[dict[str, Any]] = [{}] + ([formula] if case.analysis != "summary" else [])
    for more in requests:
        for place, found, ran in request(case, **more):
            assert (found["status"] in ("refused", "failed"), ran) == (True, False), place
            assert found["error"]["code"] != "INTERNAL", place
        with evaluated():
            places = {place for place, _, ran in request(case, **more) if ran}
        assert "formula" in places if more else len(places) >= 3  # the attack, unguarded
