"""What refusals and strange questions tell: codes, and names of the request."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers import attacker
from helpers.attacker import array
from helpers.policies import ExactPolicy, exact
from helpers.summary_attacker import ages, ask, describe, factor, numeric, tabulate
from v6_clinical.disclosure import Policy
from v6_clinical.errors import SITE_CODES, RefusalError


@pytest.mark.parametrize("step", ["describe", "tabulate", "refine"])
def test_r12_denied_columns_are_never_touched(step: str) -> None:
    frame = ages().assign(arm=["x", "y"] * 30)
    window = {"level": 0, "first": 0, "last": 9}
    questions = {
        "describe": {"names": ["age", "arm"], "group_by": "arm", "levels": {}, "collapse": {}},
        "tabulate": {
            "numeric": [numeric("age")],
            "categorical": [],
            "group": factor("arm", "x", "y"),
            "correlation": False,
            "per_site": False,
            "finer": [],
        },
        "refine": {
            "names": ["age", "arm"],
            "windows": [{"name": "age", "group": None, "window": window}],
            "group": factor("arm", "x", "y"),
        },
    }
    for policy in (
        exact(denied_columns=frozenset({"arm"})),
        exact(allowed_columns=frozenset({"age"})),
    ):
        found = ask(frame, step, questions[step], policy)
        assert (found["code"], found["where"]) == ("COLUMN_DENIED", ["arm"])


def test_r1_a_table_of_few_rows_tells_not_even_their_number() -> None:
    """Attack: a column without any value passes the checks of columns, and the answer holds n."""
    few = ages().iloc[:7].assign(age=np.nan)
    assert attacker.refusal(describe(few, "age")) == ("MIN_ROWS", [])

    class OfColumns(ExactPolicy):
        def check_rows(self, n: int, *where: str) -> None:
            """Look at columns only."""
            if where:
                super().check_rows(n, *where)

    assert describe(few, "age", policy=OfColumns())["n"] == 7  # unguarded


def test_r13_free_text_is_not_listed() -> None:
    names = pd.DataFrame({"v": [f"patient {k}" for k in range(60)]})
    found = describe(names, "v")
    assert (found["code"], found["where"]) == ("TOO_MANY_LEVELS", ["v"])
    rare = pd.DataFrame({"v": ["a"] * 56 + ["secret"] * 4})
    found = describe(rare, "v")
    assert (found["code"], found["where"]) == ("RARE_LEVEL", ["v"])
    found = describe(rare, "v", levels={"v": ["a", "b"]})
    assert found["code"] == "UNKNOWN_LEVEL"
    assert "secret" not in json.dumps(found)
    found = describe(rare, "v", policy=exact(max_levels=1))
    assert found["code"] == "TOO_MANY_LEVELS"


def test_r15_a_site_may_keep_its_own_results() -> None:
    question = {"numeric": [numeric("age")], "per_site": True}
    assert tabulate(ages(), exact(allow_per_site=False), **question)["code"] == "PER_SITE"
    found = tabulate(ages(), **question)
    assert any(name.startswith("site/0/") for name in found["sums"]["arrays"])


BAD: list[Any] = [None, [], {}, "x", 3, True, 1e308, {"names": "age"}, {"names": [["age"]]}]


@pytest.mark.parametrize("step", ["describe", "tabulate", "refine", "nothing", None, 3, ["x"]])
@pytest.mark.parametrize("arguments", BAD, ids=range(len(BAD)))
def test_A19_B24_odd_questions_are_refused_without_numbers(step: Any, arguments: Any) -> None:
    found = ask(ages(), step, arguments)
    assert found["code"] in ("BAD_REQUEST", "BAD_STEP")
    assert set(found) == {"schema", "status", "code", "where"}


def test_A12_r17_refusals_echo_only_names_of_the_request() -> None:
    frame = ages().assign(secret=["canary"] * 60)
    for name in ("nothing", "__class__", "x" * 150, "'; drop", "ägé"):
        found = describe(frame, name)
        assert (found["code"], found["where"]) == ("COLUMN_MISSING", [name])
        assert "secret" not in json.dumps(found)
    assert found["code"] in SITE_CODES


class Extremes(ExactPolicy):
    """R11 by a value: a shift is refused where it lies beyond the largest one."""

    def check_shift(self, about: Any, shift: Any, *where: str) -> None:
        """Refuse a shift that no row reaches."""
        if (np.asarray(shift) > about.high).any():
            raise RefusalError("BAD_REQUEST", where)


Windows = list[tuple[float, attacker.Answer]]


def windows(frame: pd.DataFrame, count: int, policy: Policy | None = None) -> Windows:
    """Ask for random windows about random shifts near 61; return shifts and answers."""
    rng, found = np.random.default_rng(12), []
    for _ in range(count):
        level, near = int(rng.integers(-8, 5)), float(rng.normal(61, 3))
        first = int(np.ldexp(near, -level)) - int(rng.integers(0, 30))
        asked = numeric("age", level, first, first + 30) | {"shift": near}
        found.append((near, tabulate(frame, policy, numeric=[asked])))
    return found


def fewest(found: Windows) -> float:
    """Return the fewest rows between two counts that some answer tells."""
    curves = [array(answer, "curve/0/all") for _, answer in found]
    return float(min(np.diff(np.unique(low[low == high])).min(initial=99) for low, high in curves))


def test_A12_random_windows_and_shifts_are_answered_alike() -> None:
    """1,000 requests around the oldest patient's age: two sites that differ in it refuse alike.

    Nor do counts tell it: the cells are those of one fixed tree, and hold five rows or more.
    """
    frame = ages(80).assign(age=lambda f: f["age"].clip(upper=60))
    frame.loc[7, "age"] = 61.0
    other = frame.assign(age=frame["age"].replace(61.0, 62.0))
    for found in (windows(frame, 500), windows(other, 500)):
        assert {answer["status"] for _, answer in found} == {"ok"}
        assert fewest(found) >= 5
    assert fewest(windows(frame, 100, exact(min_cell=1, min_spread=0.0))) == 1  # unguarded
    one, two = windows(frame, 500, Extremes()), windows(other, 500, Extremes())
    refused = [
        [at for at, answer in found if answer["status"] == "refused"] for found in (one, two)
    ]
    assert len(refused[0]) - len(refused[1]) > 40  # the attack, unguarded: refusals differ,
    accepted = [at for at, answer in one if answer["status"] == "ok"]
    assert max(accepted) <= 61.0 < min(refused[0]) < max(accepted) + 0.1  # and tell the age
