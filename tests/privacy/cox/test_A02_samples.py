"""Attacks on the sample in which a large site looks for a starting point."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.cox_attacker import ask, opening
from helpers.policies import exact
from v6_clinical.regression.site.sample import SAMPLE_ROWS
from v6_cox import likelihood

N, LIFTED = 2 * SAMPLE_ROWS, exact(min_cell=1, min_spread=0)


@pytest.mark.parametrize(
    ("kind", "fitted"),
    [
        ("plain", N // 2),
        ("rare level", N),
        ("few of a level", N),
        ("columns that differ in one row", N),
        ("parameters", N),
        ("stratum", N),
        ("weights", N),
    ],
)
def test_A02_r5_a_sample_that_would_be_refused_is_not_fitted(
    kind: str, fitted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The quadratic is sent at the optimum of these rows, which can be solved for."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"t": rng.exponential(10, N), "e": (rng.random(N) < 0.6).astype(int)})
    frame = frame.assign(age=rng.normal(60, 12, N), w=rng.uniform(1, 2, N), arm=0)
    rare = rng.choice(N // 2, 8, replace=False) * 2 + 1
    frame.loc[rare[1:], "arm"] = 1
    frame.loc[rare[0] - 1, "arm"] = 1  # the only one of every second row
    if kind == "few of a level":
        frame.loc[rare[1:3] - 1, "arm"] = 1  # three of every second row
    frame["twin"] = rng.permutation(np.resize([0, 1], N))
    frame["other"] = (frame["twin"] != frame["arm"]).astype(int)  # differs in the rows of arm
    frame["half"] = np.resize(["x", "y"], N)
    rows: list[int] = []
    own_start = likelihood.own_start
    monkeypatch.setattr(
        likelihood,
        "own_start",
        lambda data, every: (rows.append(len(data)), own_start(data, every))[1],
    )
    more: dict[str, Any] = {}
    if kind == "stratum":
        more["strata"] = ["half"]
    if kind == "weights":
        more["weights"] = "w"
    terms = {
        "rare level": ["age", "arm"],
        "few of a level": ["age", "arm"],
        "columns that differ in one row": ["twin", "other"],
    }.get(kind, ["age"])
    # as many parameters as all rows carry, and twice as many as every second row does
    policy = exact(max_parameters_per_row=3.5 / N) if kind == "parameters" else None
    found = ask(frame, "start", opening(*terms, **more), policy)
    assert found["status"] == "ok", found
    assert rows == [fitted]
    if kind not in ("plain", "stratum", "weights"):
        assert ask(frame, "start", opening(*terms), LIFTED)["status"] == "ok"
        assert rows[1] == N // 2  # unguarded
