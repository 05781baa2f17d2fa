"""Attacks that wait for the program to quote a value: corrupted data, refusals with a number.

Each scan is also run where the guard is lifted: readers that quote what they cannot read, an entry
point that lets exceptions out, refusals that count.
"""

import importlib
import importlib.util
import json
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import pytest

from helpers import attacker
from helpers.client_and_wrapper import wrapper
from helpers.face_examples import CASES, Case
from v6_clinical.disclosure import Policy
from v6_clinical.errors import RefusalError
from v6_clinical.protocol.registry import load_site
from v6_clinical.protocol.site import answer, refused
from v6_clinical.version import __version__

each_analysis = pytest.mark.parametrize("case", CASES, ids=lambda case: case.analysis)
CANARY = "737373"
VALUES: list[Any] = [f"canary-{CANARY}", float(CANARY), -7373.73, np.inf, "", " ", "7,37373"]
VALUES += [True, 1e80, "1973-07-03", f"[{CANARY}]", "=cmd()", "ÿ\ud7ff", None]


def corrupted(case: Case, count: int) -> Iterator[pd.DataFrame]:
    """Yield data with strange values in some columns of the question."""
    rng = np.random.default_rng(17)
    clean, message = case.frames()[1].iloc[:120], case.first_message()
    used = [name for name in clean if f'"{name}"' in json.dumps(message)]
    for _ in range(count):
        frame = clean.astype(object)
        for name in rng.choice(used, int(rng.integers(1, 3)), replace=False):
            rows = rng.choice(len(frame), int(rng.choice([1, 2, 4])), replace=False)
            value = VALUES[int(rng.integers(len(VALUES)))]
            frame.iloc[rows, frame.columns.get_loc(name)] = value
        yield frame


def quoting(case: Case, count: int) -> tuple[list[str], set[str]]:
    """Ask about corrupted data; return the texts that quote a canary, and the codes.

    Looked at are the answer, what is printed, and the traceback of an exception.
    """
    found, codes = [], set()
    for frame in corrupted(case, count):
        try:
            told, printed = attacker.call(case.package, "partial", case.first_message(), frame)
        except Exception:
            told, printed = {"status": "raised"}, traceback.format_exc()
        codes.add(told.get("code", told["status"]))
        summed = told["status"] == "ok"  # the sum of a column may have these digits
        texts = [printed, json.dumps(told)]
        found += [t for t in texts if "canary" in t or (CANARY in t and not summed)]
        assert told["status"] == "raised" or len(printed.splitlines()) == 1
    return found, codes


@contextmanager
def naive_readers() -> Iterator[None]:
    """Read numbers as pandas does, which quotes the text that is none."""
    modules = ("v6_summary.site", "v6_clinical.regression.site.rows")
    modules += ("v6_clinical.survival.follow_up", "v6_clinical.regression.families.classes")

    def numbers(column: pd.Series, name: str) -> Any:
        return column.astype(float).to_numpy()

    with ExitStack() as stack:
        for module in modules:
            if not importlib.util.find_spec(module.partition(".")[0]):
                continue
            stack.enter_context(mock.patch(f"{module}.numbers", numbers))
            if hasattr(importlib.import_module(module), "kind_of"):
                stack.enter_context(mock.patch(f"{module}.kind_of", return_value="numeric"))
        yield


def unguarded(site: Any, message: Mapping[str, Any], read_policy: Any, read_frame: Any) -> Any:
    """Answer as the site does, but let exceptions out."""
    policy = read_policy()
    step = site.steps[message["step"]]
    try:
        step(read_frame(policy), message["arguments"], policy, None)
    except RefusalError as refusal:
        return refused(refusal.code, refusal.where)
    return refused("INTERNAL")


@each_analysis
def test_A17_500_corrupted_data_sets_leave_no_value(case: Case) -> None:
    """Strange values in any column of the question: no canary in answer, log or exception."""
    texts, codes = quoting(case, 500)
    assert texts == []
    assert len(codes) >= 4, codes
    with naive_readers():  # one guard is left: the text of an exception does not leave
        texts, codes = quoting(case, 50)
        assert texts == []
        assert "INTERNAL" in codes
        with mock.patch("v6_clinical.platforms.entry.answer", unguarded):
            texts, codes = quoting(case, 50)
    assert "raised" in codes
    assert len(texts) >= 3  # the attack, unguarded


def exploding(case: Case, error: Exception) -> Any:
    """Return a site's answer where reading the data ends in an exception."""

    def read(_: Policy) -> pd.DataFrame:
        raise error

    message = case.first_message() | {"version": __version__}
    return answer(load_site(case.package), message, Policy, read)


@each_analysis
def test_A17_unexpected_exceptions_leave_only_an_innocent_type(case: Case) -> None:
    class SecretPatientError(Exception):
        pass

    assert exploding(case, ValueError(CANARY))["where"] == ["ValueError"]
    assert exploding(case, SecretPatientError(CANARY))["where"] == ["Exception"]
    assert CANARY not in json.dumps(exploding(case, ValueError(CANARY)))
    with mock.patch("v6_clinical.protocol.site.innocent_name", repr):  # R17
        assert CANARY in json.dumps(exploding(case, ValueError(CANARY)))  # unguarded


NAIVE = """
def {method}(**_):
    import os
    import pandas
    return pandas.read_csv(os.environ["DEFAULT_DATABASE_URI"])["{column}"].astype(float).sum()
"""


def through_the_wrapper(folder: Path, case: Case, package: str) -> str:
    """Ask about text in a numeric column; return all that the wrapper gives and prints."""
    frame = case.frames()[0].astype({case.numeric_column: object})
    frame[case.numeric_column] = [f"{CANARY},{k}" for k in range(len(frame))]
    task = {"method": f"{case.method}_partial", "kwargs": case.first_message()}
    found, done = wrapper(folder, frame, task, package)
    assert not found or found["status"] == "refused"
    return done.stdout + done.stderr + json.dumps(found)


@each_analysis
def test_A17_the_real_wrapper_logs_no_value(case: Case, tmp_path: Path) -> None:
    assert CANARY not in through_the_wrapper(tmp_path, case, case.package)


def test_A17_the_real_wrapper_logs_what_an_entry_point_lets_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = CASES[0]
    package = tmp_path / "modules" / "naive_analysis"
    package.mkdir(parents=True)
    program = NAIVE.format(method=f"{case.method}_partial", column=case.numeric_column)
    (package / "v4.py").write_text(program)
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    found = through_the_wrapper(tmp_path, case, "naive_analysis")
    assert CANARY in found  # the attack, unguarded


class Counting(Policy):
    """A refusal says how many rows there are."""

    def check_rows(self, n: int, *where: str) -> None:
        """Refuse few rows, with their number among the names."""
        if 0 < n < self.min_rows:
            raise RefusalError("MIN_ROWS", [*where, f"{n} rows"])


@each_analysis
def test_A19_a_number_beside_a_refusal_is_noticed(case: Case) -> None:
    """The scan of every refusal in these tests finds none; here it has one to find."""
    few, message = case.frames()[0].iloc[:9], case.first_message()

    def told(policy: Policy | None = None) -> tuple[str, Sequence[str]]:
        found, _ = attacker.call(case.package, "partial", message, few, policy)
        return found["code"], attacker.surplus(found, message)

    assert told() == ("MIN_ROWS", [])
    assert told(Counting()) == ("MIN_ROWS", ["9"])  # unguarded: how many patients there are
    with mock.patch("v6_clinical.protocol.site.refused", lambda *given: refused(*given) | {"n": 9}):
        assert told() == ("MIN_ROWS", ["n"])
