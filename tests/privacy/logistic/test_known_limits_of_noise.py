"""What the shipped noise does not hide of a model, with its cost: PRIVACY.md names it."""

import numpy as np
import pytest

from helpers.attacker import array, costs, form, tally
from helpers.logistic_attacker import N, ask, at, patients, start
from helpers.policies import drawn

DRAWS = 24


def test_A10_known_limit_two_way_counts_despite_noise() -> None:
    """The rows of two levels, be it one: to about a row of a hundred."""
    rows = np.arange(N)
    frame = patients().assign(
        first=np.where(rows < 20, "yes", "no"),
        second=np.where((rows >= 19) & (rows < 70), "yes", "no"),  # one row has both
        y=((rows == 19) | (rows >= 50)).astype(int),
    )
    levels = {name: ["no", "yes"] for name in ("first", "second")}
    asked = at(0.0, [0.0, 0.0], "first", "second", levels=levels)
    with costs(DRAWS):
        found = [ask(frame, "evaluate", asked, drawn(draw)) for draw in range(DRAWS)]
    told = [4 * form(one, "information")("first[T.yes]", "second[T.yes]") for one in found]
    print(f"known limit: a two-way count of 1 row to {np.std(told):.1f} rows (sd)")
    assert 0.4 < np.std(told) < 3
    assert np.mean(told) == pytest.approx(1, abs=8 * np.std(told) / DRAWS**0.5)


def test_A07_known_limit_data_that_change_despite_noise() -> None:
    """Two answers about a row more: its outcome, which is a count; not its values."""
    frame = patients()
    outcomes, ages = [], []
    with costs(2 * DRAWS):
        for draw in range(DRAWS):
            pair = [start(some, "age", policy=drawn(draw)) for some in (frame.iloc[:-1], frame)]
            before, after = (array(found, "rows") for found in pair)
            outcomes.append((after - before).tolist())
            sums = [tally(found, "column_sum")["age"] for found in pair]
            ages.append(sums[1] - sums[0] - frame["age"][N - 1])
    assert {tuple(one) for one in outcomes} == {(1.0, 0.0, float(frame["y"][N - 1]))}
    spread = np.std(ages) / frame["age"].std()
    print(f"known limit: the outcome of one row exactly; its age to {spread:.1f} sd")
    assert spread > 0.4
