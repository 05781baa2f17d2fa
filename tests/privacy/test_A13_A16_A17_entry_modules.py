"""Attacks on the program: every attribute by name, code as text, values in errors and logs."""

import importlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analyses import CASES, Case
from platforms.helpers import wrapper
from privacy import attacker
from v6_clinical.disclosure import Policy
from v6_clinical.registry import load_site
from v6_clinical.site import answer
from v6_clinical.version import __version__

each_analysis = pytest.mark.parametrize("case", CASES, ids=lambda case: case.analysis)
CANARY = "737373"


@each_analysis
def test_A13_every_attribute_of_the_entry_module_called_by_name(case: Case) -> None:
    """On 4.x a task names any attribute of the module; the data frame may come with the call."""
    module = importlib.import_module(f"{case.package}.v{attacker.MAJOR}")
    public = [name for name in vars(module) if not name.startswith("_")]
    assert sorted(public) == sorted([case.method, f"{case.method}_partial"])
    frame = pd.DataFrame({"age": [f"canary-{CANARY}"] * 30})
    for name in dir(module):
        if name in ("__loader__", "__spec__"):
            continue
        for given in ((), (frame,), ("age",)):
            try:
                found = getattr(module, name)(*given)
            except (TypeError, AttributeError):
                continue
            assert CANARY not in repr(found), name


@pytest.mark.parametrize("method", ["os", "_platform", "__builtins__", "__dict__", "_platform.os"])
def test_A13_the_real_wrapper_gives_no_other_function(method: str, tmp_path: Path) -> None:
    case = CASES[0]
    frame = case.frames()[0].assign(secret=CANARY)
    found, done = wrapper(tmp_path, frame, {"method": method, "kwargs": {}}, case.package)
    assert not found or CANARY not in json.dumps(found)
    assert CANARY not in done.stdout + done.stderr


CODE = [
    "__import__('os').environ.__setitem__('V6C_HACKED', '1')",
    "age + __import__('os').environ.__setitem__('V6C_HACKED', '1')",
    "{age.__class__}",
    "lambda: os.system('true')",
    "`age`.values; import os",
    "@age",
    "$(id)",
    "%(age)s",
    "\x00age",
]


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


@each_analysis
def test_A16_code_in_every_text_of_a_question(case: Case) -> None:
    """Names of columns, kinds, levels, the step and the version: all are compared, none is run."""
    frame, message = case.frames()[0], case.first_message()
    tried = 0
    for path in _texts(message):
        for text in CODE:
            found, _ = attacker.call(case.package, "partial", _with(message, path, text), frame)
            assert found["status"] == "refused", (path, text)
            assert found["code"] != "INTERNAL", (path, text)
            tried += 1
    assert tried >= 4 * len(CODE)
    assert "V6C_HACKED" not in os.environ


@each_analysis
def test_A16_code_in_every_text_of_a_request(case: Case) -> None:
    frames = case.frames()
    extra = {"levels": {"horTh": ["no", "yes"]}, "on_refusal": "fail"}
    arguments = json.loads(json.dumps({**case.arguments, **extra}))
    for path in _texts(arguments):
        for text in CODE:
            found, _ = attacker.run(case.package, frames, _with(arguments, path, text))
            assert found["status"] in ("refused", "failed"), (path, text)
            assert found["error"]["code"] != "INTERNAL", (path, text)
    assert "V6C_HACKED" not in os.environ


VALUES: list[Any] = [f"canary-{CANARY}", float(CANARY), -7373.73, np.inf, "", " ", "7,37373"]
VALUES += [True, 1e80, "1973-07-03", f"[{CANARY}]", "=cmd()", "ÿ\ud7ff", None]


@each_analysis
def test_A17_500_corrupted_data_sets_leave_no_value(case: Case) -> None:
    """Strange values in any column of the question: no canary in answer, log or exception."""
    rng = np.random.default_rng(17)
    clean, message = case.frames()[1].iloc[:120], case.first_message()
    used = [name for name in clean if f'"{name}"' in json.dumps(message)]
    codes = set()
    for _ in range(500):
        frame = clean.astype(object)
        for name in rng.choice(used, int(rng.integers(1, 3)), replace=False):
            rows = rng.choice(len(frame), int(rng.choice([1, 2, 4])), replace=False)
            value = VALUES[int(rng.integers(len(VALUES)))]
            frame.iloc[rows, frame.columns.get_loc(name)] = value
        found, printed = attacker.call(case.package, "partial", message, frame)
        codes.add(found.get("code", "ok"))
        for text in (printed, json.dumps(found)):
            assert "canary" not in text
            assert CANARY not in text or found["status"] == "ok"
        assert len(printed.splitlines()) == 1
    assert len(codes) >= 4, codes


@each_analysis
def test_A17_unexpected_exceptions_leave_only_an_innocent_type(case: Case) -> None:
    class SecretPatientError(Exception):
        pass

    def explode(error: Exception) -> Any:
        def read(_: Policy) -> pd.DataFrame:
            raise error

        message = case.first_message() | {"version": __version__}
        return answer(load_site(case.package), message, Policy, read)

    assert explode(ValueError(CANARY))["where"] == ["ValueError"]
    assert explode(SecretPatientError(CANARY))["where"] == ["Exception"]
    assert CANARY not in json.dumps(explode(ValueError(CANARY)))  # R17: the text does not leave


@each_analysis
def test_A17_the_real_wrapper_logs_no_value(case: Case, tmp_path: Path) -> None:
    frame = case.frames()[0].astype({case.numeric_column: object})
    frame[case.numeric_column] = [f"{CANARY},{k}" for k in range(len(frame))]
    task = {"method": f"{case.method}_partial", "kwargs": case.first_message()}
    found, done = wrapper(tmp_path, frame, task, case.package)
    assert found["status"] == "refused"
    assert CANARY not in done.stdout + done.stderr + json.dumps(found)
