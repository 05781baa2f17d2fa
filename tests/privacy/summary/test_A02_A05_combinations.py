"""Attacks with several columns of one answer: combinations, too many of them, one under two names.

And with the sums of one column of few different values, which are the counts of these.
"""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers import attacker
from helpers.attacker import OPEN, array, refusal, share_of_unknowns
from helpers.policies import ExactPolicy, exact
from helpers.summary_attacker import (
    PACKAGE,
    RNG,
    ages,
    describe,
    factor,
    numeric,
    tabulate,
)
from v6_clinical.disclosure import Policy
from v6_clinical.version import __version__

VICTIM = 7


class AnyCombination(ExactPolicy):
    """Combinations of columns are not looked at."""

    def allows_products(self, *_: Any) -> bool:
        """Let everything pass."""
        return True


def products(frame: pd.DataFrame, *names: str, policy: Policy | None = None) -> attacker.Array:
    """Return the pairs of a correlation, shape (pairs, 7); the last number is 1 where withheld."""
    asked = {"numeric": [numeric(name) for name in names], "correlation": True}
    return array(tabulate(frame, policy, **asked), "pairs")


@pytest.mark.parametrize("kind", ["dummies", "numbers", "three"])
def test_A02_products_with_columns_that_differ_in_one_patient(kind: str) -> None:
    """Attack: correlations with two such columns differ by that patient's value of any third."""
    a = RNG.permutation(np.arange(60) % 2) if kind == "dummies" else RNG.normal(size=60)
    mark = np.arange(60) == VICTIM
    frame = ages(60).assign(a=a, b=np.where(mark, 1 - a, a))
    names = ["a", "b", "age"]
    if kind == "three":  # no two of them do: a + c - b is the patient's
        frame = frame.assign(c=RNG.normal(size=60), b=lambda f: f["a"] + f["c"] + mark)
        names = ["a", "b", "c", "age"]

    def told(policy: Policy | None) -> attacker.Array:
        pairs = products(frame, *names, policy=policy)
        last = pairs[[k for k in range(len(pairs)) if k in LAST[len(names)]]]
        combined = np.array([1.0, -1.0, 1.0][: len(last)]) @ last
        return np.append(combined[5] / combined[1] if combined[1] else np.nan, last[:, 6].max())

    value, withheld = told(None)
    assert withheld == 1
    assert value != pytest.approx(frame["age"][VICTIM], rel=1e-3)
    value, withheld = told(AnyCombination())
    assert withheld == 0
    assert value == pytest.approx(frame["age"][VICTIM], rel=1e-9)  # the attack, unguarded


LAST = {3: (1, 2), 4: (2, 4, 5)}  # pairs of the other columns with the last one


def test_A02_other_pairs_are_told_all_the_same() -> None:
    frame = ages(60).assign(a=np.arange(60) % 2, x=RNG.normal(size=60), y=RNG.normal(size=60))
    frame["b"] = np.where(frame.index == VICTIM, 1 - frame["a"], frame["a"])
    pairs = products(frame, "age", "a", "x", "b", "y")
    assert pairs[:, 6].tolist() == [0, 0, 1, 0, 0, 1, 0, 1, 0, 1]  # those of b
    frame.loc[:20, "y"] = np.nan  # other rows, with the patient among those left out
    pairs = products(frame, "a", "b", "y")
    assert pairs[:, 6].tolist() == [1, 0, 0]


def test_A05_A20_correlations_of_as_many_columns_as_rows() -> None:
    """Attack: the products of ten columns of ten patients determine them but for a rotation."""
    frame = pd.DataFrame(RNG.normal(size=(10, 10)), columns=[f"x{k}" for k in range(10)])
    names = list(frame)
    assert products(frame, *names)[:, 6].sum() > 20  # 45 are told of 10 columns
    arguments = {"numeric": [numeric(name, 0, 0, 0) for name in names]}
    arguments |= {
        "categorical": [],
        "group": None,
        "correlation": True,
        "per_site": False,
        "finer": [],
    }
    asked = {"version": __version__, "step": "tabulate", "arguments": arguments}
    asked |= {"index": 0, "count": 2}
    assert share_of_unknowns(PACKAGE, frame, names, [asked]) < 0.5
    lifted = AnyCombination()
    assert share_of_unknowns(PACKAGE, frame, names, [asked], policy=lifted) > 0.6


@pytest.mark.parametrize("where", ["all", "group"])
def test_A10_power_sums_of_few_values_are_their_counts(where: str) -> None:
    """Attack: n and four sums of a score from 0 to 4 are five equations for its five counts."""
    counts = np.array([30, 20, 18, 1, 1])
    frame = pd.DataFrame({"score": np.repeat(np.arange(5.0), counts), "arm": "x"})
    other = pd.DataFrame({"score": np.repeat(np.arange(5.0), 10), "arm": "y"})
    group = None
    if where == "group":
        frame, group = pd.concat([frame, other], ignore_index=True), factor("arm", "x", "y")

    def told(policy: Policy | None = None) -> attacker.Array:
        found = tabulate(frame, policy, numeric=[numeric("score")], group=group)
        return np.atleast_2d(array(found, f"moments/0/{where}"))[0]

    assert told()[3:].tolist() == [0, 0, 70]
    powers = np.vander(np.arange(5.0), increasing=True).T
    lifted = told(exact(min_cell=1, min_spread=0.0))
    assert np.linalg.solve(powers, lifted[:5]) == pytest.approx(counts, abs=1e-9)  # unguarded
    frame["score"] += np.arange(len(frame)) / 64  # many values
    assert told()[5] == 0


def test_A10_r7_high_orders_of_a_small_group_are_not_left_over() -> None:
    """Attack: third and fourth power sums of all rows less those of the large group."""
    frame = ages(135).assign(arm=["x"] * 35 + ["y"] * 100)
    asked = {"numeric": [numeric("age")], "group": factor("arm", "x", "y")}
    found = tabulate(frame, **asked)
    assert array(found, "moments/0/all")[5] == 0
    assert array(found, "moments/0/group")[:, 5].tolist() == [35, 100]  # both withheld
    frame.loc[:35, "arm"] = None
    found = tabulate(frame, **asked | {"group": factor("arm", "y")})
    assert array(found, "moments/0/group")[:, 5].tolist() == [99]  # nor of those in no group
    sums = [array(tabulate(frame, OPEN, **asked), f"moments/0/{part}") for part in ("all", "group")]
    left = sums[0][:5] - sums[1][:, :5].sum(axis=0)
    ages_left = frame["age"][:36].to_numpy()
    assert left[3:] == pytest.approx([(ages_left**3).sum(), (ages_left**4).sum()], rel=1e-9)


def test_A07_one_column_under_two_names() -> None:
    """Attack: two ways to merge levels in one question; the counts differ by the rare one."""
    frame = pd.DataFrame({"v": ["a"] * 30 + ["b"] * 29 + ["rare"], "z": RNG.normal(size=60)})
    merged = [{"A": ["a", "rare"], "B": ["b"]}, {"A": ["a"], "B": ["b", "rare"]}]

    def asked(*names: str) -> list[dict[str, Any]]:
        pairs = zip(names, merged, strict=False)
        return [factor(name, "A", "B") | {"collapse": collapse} for name, collapse in pairs]

    assert refusal(tabulate(frame, categorical=asked("v", "v "))) == ("BAD_REQUEST", ["numeric"])
    assert refusal(describe(frame, "v", " v")) == ("BAD_REQUEST", ["names"])
    one, two = (tabulate(frame, categorical=[one]) for one in (*asked("v"), asked("", "v")[1]))
    gap = array(one, "counts/0/all") - array(two, "counts/0/all")
    assert gap[0].tolist() == [1, -1]  # what one question does not tell, two do: a known limit
