"""Attacks that succeed under the shipped limits, with what each costs: PRIVACY.md names them."""

from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers import attacker
from helpers.attacker import array, costs, refusal
from helpers.summary_attacker import PACKAGE, RNG, ages, describe, factor, numeric, tabulate
from v6_summary.moments import FirstSums

VICTIM = 7


def group_sums(frame: pd.DataFrame, group: Any) -> attacker.Array:
    found = tabulate(frame, numeric=[numeric("age")], group=group)
    return array(found, "moments/0/group")[:, 1]


def test_A07_known_limit_two_groupings() -> None:
    """Two columns put one patient in different groups."""
    frame = ages(60).assign(arm=np.resize(["x", "y"], 60))
    frame["given"] = np.where(frame.index == VICTIM, "x", frame["arm"])
    assert frame["arm"][VICTIM] == "y"
    with costs(2):
        one, two = (group_sums(frame, factor(name, "x", "y")) for name in ("arm", "given"))
    assert two[0] - one[0] == pytest.approx(frame["age"][VICTIM], rel=1e-9)


def test_A07_known_limit_collapse_moves_a_rare_level() -> None:
    frame = ages(60).assign(arm=np.resize(["p", "q"], 60).astype(object))
    frame.loc[VICTIM, "arm"] = "rare"
    merged = ({"A": ["p", "rare"], "B": ["q"]}, {"A": ["p"], "B": ["q", "rare"]})
    with costs(2):
        one, two = (
            group_sums(frame, factor("arm", "A", "B") | {"collapse": collapse})
            for collapse in merged
        )
    assert one[0] - two[0] == pytest.approx(frame["age"][VICTIM], rel=1e-9)


def test_A12_known_limit_a_codebook_asks_for_a_level() -> None:
    """Whether a site has a label that it would not name, even in one row."""
    frame = pd.DataFrame({"v": ["a"] * 30 + ["b"] * 29 + ["rare"]})
    guesses = {"rare": "ok", "other": "UNKNOWN_LEVEL"}
    for guess, code in guesses.items():
        with costs(1):
            found = describe(frame, "v", levels={"v": ["a", "b", guess]})
        assert found.get("code", "ok") == code


def possible(total: float, squares: float, values: range) -> set[tuple[int, ...]]:
    """Return the sets of five whole numbers with this sum and sum of squares."""
    pairs: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for a, b in combinations_with_replacement(values, 2):
        pairs.setdefault((a + b, a * a + b * b), []).append((a, b))
    found = set()
    for rest in combinations_with_replacement(values, 3):
        left = round(total) - sum(rest), round(squares) - sum(x * x for x in rest)
        found |= {tuple(sorted((*rest, *pair))) for pair in pairs.get(left, ())}
    return found


def test_A07_known_limit_small_whole_numbers() -> None:
    """The ages of a group of five: which they are of some dozens of sets, not whose."""
    five = [41.0, 47.0, 52.0, 60.0, 75.0]
    frame = ages(60).assign(arm=["x"] * 5 + ["y"] * 55)
    frame.loc[:4, "age"] = five
    with costs(1):
        found = tabulate(frame, numeric=[numeric("age")], group=factor("arm", "x", "y"))
    n, total, squares, third, fourth, withheld = array(found, "moments/0/group")[0]
    assert (n, third, fourth, withheld) == (5, 0, 0, 5)
    sets = possible(total, squares, range(18, 100))
    print(f"known limit: {len(sets)} sets of five ages have this mean and sd")
    assert tuple(five) in sets
    assert 50 < len(sets) < 150
    assert FirstSums(*array(describe(frame, "age"), "moments")[0]).whole == 1


def test_A10_known_limit_three_values() -> None:
    """Mean and sd of a score of three values give how many patients have each, be it one."""
    counts = [30, 29, 1]
    frame = pd.DataFrame({"score": np.repeat([0.0, 1.0, 2.0], counts)})
    with costs(1):
        found = array(tabulate(frame, numeric=[numeric("score")]), "moments/0/all")
    powers = np.vander(np.arange(3.0), increasing=True).T
    assert np.linalg.solve(powers, found[:3]) == pytest.approx(counts, abs=1e-9)


def test_A02_known_limit_one_large_value_in_a_group() -> None:
    """A group's sum is nearly one patient's value where all others of the group have little."""
    frame = ages(60).assign(arm=["x"] * 5 + ["y"] * 55, crp=RNG.uniform(1, 300, 60))
    frame.loc[:4, "crp"] = [288.0, 1.1, 2.3, 1.9, 0.7]
    with costs(1):
        found = tabulate(frame, numeric=[numeric("crp")], group=factor("arm", "x", "y"))
    told = array(found, "moments/0/group")[0, 1]
    print(f"known limit: {told:.0f} is told of a patient's 288")
    assert abs(told - 288.0) < 0.03 * 288.0


def test_A10_known_limit_a_withheld_missing_count_is_left_over() -> None:
    frame = ages(60).assign(lab=RNG.normal(size=60))
    frame.loc[:1, "lab"] = np.nan
    with costs(1):
        found = tabulate(frame, numeric=[numeric("age"), numeric("lab")])
    assert found["n"] is None
    assert array(found, "missing/1/all").tolist() == [[0], [1]]
    n = [array(found, f"moments/{i}/all")[0] for i in (0, 1)]
    assert n[0] - n[1] == 2  # and yet


def test_A10_known_limit_a_withheld_level_is_there() -> None:
    """Withheld are levels of 1 to 4 rows, and the smallest other one: no level of no row."""
    frame = pd.DataFrame({"v": ["a"] * 40 + ["b"] * 17 + ["c"] * 3})
    with costs(1):
        found = tabulate(frame, categorical=[factor("v", "a", "b", "c", "d")])
    assert array(found, "counts/0/all")[1].tolist() == [0, 1, 1, 0]
    with costs(1):
        found = describe(frame.assign(z=[1.0] + [0.0] * 59), "z")
    assert refusal(found) == ("RARE_VALUE", ["z"])  # so 1 to 4 rows are off the commonest value


def test_A07_known_limit_data_that_change() -> None:
    """Two answers about a row more. Data frames of a session of 5.x are simulated so, too.

    A filter that another image applied is such a difference; a site sees its data frame only.
    """
    frame = ages(60)
    with costs(2):
        found = [tabulate(rows, numeric=[numeric("age")]) for rows in (frame.iloc[:59], frame)]
    before, after = (array(one, "moments/0/all")[1] for one in found)
    assert after - before == pytest.approx(frame["age"][59], rel=1e-9)


def test_A07_known_limit_two_sites_subtract() -> None:
    """A site takes its own rows' sum off the pooled one, at no call of its own."""
    frames = [ages(60), ages(40)]
    found, _ = attacker.run(PACKAGE, frames, {"columns": ["age"]})
    (row,) = (one for one in found["numeric"] if one["variable"] == "age")
    own = frames[1]["age"]
    assert row["n"] - len(own) == 60
    total = row["mean"] * row["n"] - own.sum()
    assert total == pytest.approx(frames[0]["age"].sum(), rel=1e-9)
