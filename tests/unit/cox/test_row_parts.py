"""What single rows and patients add to score, information, likelihood and pairs, by definition."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.newton import inverse
from v6_cox.kernel import passage
from v6_cox.kernel.coarse_parts import coarse_parts, find_runs
from v6_cox.kernel.concordance import concordance, pairs_of_rows
from v6_cox.kernel.partial_likelihood import Point
from v6_cox.kernel.row_likelihood import row_likelihoods
from v6_cox.kernel.row_parts import Parts, largest_parts
from v6_cox.kernel.sorted_data import SortedData, prepare

BETA = np.array([0.3, -0.2, 0.1])


def rows(n: int, seed: int, *given: str, ties: Any = "efron") -> SortedData:
    rng = np.random.default_rng(seed)
    time = rng.exponential(10, n) + 0.01
    if "days" in given:
        time = np.ceil(time)
    weights = rng.uniform(0.5, 2, n) if "weights" in given else None
    return prepare(
        time,
        rng.random(n) < 0.6,
        rng.normal(size=(n, 3)) + 5,
        time * rng.uniform(0, 0.9, n) if "entry" in given else None,
        rng.integers(0, 3, n) if "strata" in given else None,
        weights,
        None if weights is None else rng.normal(0, 0.3, n),
        ties,
    )


def by_definition(
    point: Point, whitener: Array, g: Array | None, patients: Array | None
) -> tuple[Parts, float]:
    """Return the largest parts, risk set by risk set and death by death, and the sum of scores."""
    data, scores = point.data, point.risk.scores
    strata = np.zeros(len(data)) if data.strata is None else data.strata
    found, traces = np.zeros((len(data), len(whitener))), np.zeros(len(data))
    for k, (time, stratum) in enumerate(zip(data.sets.times, data.sets.strata, strict=True)):
        at = (data.time >= time) & (strata == stratum)
        if data.entry is not None:
            at &= data.entry < time
        dead = at & data.event & (data.time == time)
        m, factors = data.weights[dead].mean(), [1.0] if g is None else [1.0, g[k]]
        for share in np.arange(dead.sum()) / dead.sum() * (data.ties == "efron"):
            risk = scores * (at - share * dead)
            mean = risk @ data.design / risk.sum()
            away = np.hstack([factor * (data.design - mean) for factor in factors])
            found += (dead * data.weights / dead.sum() - risk * m / risk.sum())[:, None] * away
            lengths = np.square(away @ whitener).sum(axis=1)
            traces += at * scores * m / risk.sum() * lengths
    if patients is not None:
        found = np.array([found[patients == one].sum(axis=0) for one in np.unique(patients)])
        traces = np.array([traces[patients == one].sum() for one in np.unique(patients)])
    lengths = np.sqrt(np.square(found @ whitener).sum(axis=1))
    return Parts(lengths.max(), traces.max()), found.sum(axis=0)


GIVEN = [
    [name for name, on in zip(("days", "entry", "strata", "weights"), marks, strict=True) if on]
    for marks in product([False, True], repeat=4)
]


@pytest.mark.parametrize("given", GIVEN, ids="-".join)
@pytest.mark.parametrize("patients", [False, True])
@pytest.mark.parametrize("timed", [False, True])
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_largest_parts_in_runs_of_a_few_rows(
    given: list[str], patients: bool, timed: bool, ties: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passage, "NUMBERS", 9)
    monkeypatch.setattr(passage, "FEWEST", 7)
    data = rows(60, len(given), *given, ties=ties)
    rng = np.random.default_rng(7)
    whitener = rng.normal(size=(6, 6) if timed else (3, 3))
    codes = np.unique(rng.integers(0, 25, 60), return_inverse=True)[1] if patients else None
    g = np.sqrt(data.sets.times) if timed else None
    for beta in (np.zeros(3), BETA):
        point = Point(data, beta)
        found = largest_parts(point, whitener, g, codes)
        expected, total = by_definition(point, whitener, g, codes)
        assert total[:3] == pytest.approx(point.evaluation.score, abs=1e-9)
        assert found.score == pytest.approx(expected.score, rel=1e-9)
        # of deaths together the spread of their means is left out
        rel = 0.05 if ties == "efron" and "days" in given else 1e-9
        assert found.information == pytest.approx(expected.information, rel=rel)


@pytest.mark.parametrize("days", [False, True])
def test_parts_of_many_rows_in_runs(days: bool) -> None:
    """To a fiftieth, of prognostic columns, a rare one and one with a long tail."""
    rng, n = np.random.default_rng(5), 12_000
    x = rng.normal(size=(n, 5))
    x[:, 3], x[:, 4] = rng.random(n) < 0.02, rng.exponential(size=n) ** 2
    time = rng.exponential(size=n) * np.exp(-x[:, :3] @ [0.8, 0.5, -0.5])
    data = prepare(np.ceil(50 * time) if days else time, rng.random(n) < 0.6, x)
    point = Point(data, np.zeros(5))
    runs = find_runs(point)
    assert runs is not None
    about = runs.information
    assert np.abs(np.diag(about) / np.diag(point.information) - 1).max() < 0.02
    whitener = np.linalg.cholesky(inverse(point.information))
    found, exact = coarse_parts(point, runs, whitener), largest_parts(point, whitener)
    assert abs(found.score / exact.score - 1) < 0.02
    assert abs(found.information / exact.information - 1) < 0.02


@pytest.mark.parametrize("given", GIVEN, ids="-".join)
def test_what_rows_add_to_the_likelihood_adds_up_to_it(given: list[str]) -> None:
    point = Point(rows(60, 3, *given), BETA)
    assert row_likelihoods(point).sum() == pytest.approx(point.log_likelihood, rel=1e-12)


@pytest.mark.parametrize("given", GIVEN, ids="-".join)
def test_what_a_row_adds_to_the_likelihood_is_about_what_it_changes(given: list[str]) -> None:
    """Without it: but for terms of second order, of the share of a risk set that it is.

    Rows that leave before half of the others are small shares of the risk sets that they are in.
    """
    data = rows(300, 4, *given, ties="breslow")
    point, every = Point(data, BETA), np.arange(300)
    strata = data.strata
    columns = (data.time, data.event, data.design, data.entry, strata, data.weights, data.offset)
    changes, early = [], np.argsort(data.time)[80:180:10]
    for row in early.tolist():
        rest = [None if c is None else c[every != row] for c in columns]
        less = prepare(*rest, ties="breslow")  # type: ignore[arg-type]
        changes.append(point.log_likelihood - Point(less, BETA).log_likelihood)
    parts = row_likelihoods(point) - data.weights * data.event
    assert changes == pytest.approx(parts[early], rel=1e-3, abs=0.15)


@pytest.mark.parametrize("given", GIVEN, ids="-".join)
def test_pairs_of_rows_count_each_comparable_pair_twice(given: list[str]) -> None:
    data = rows(60, 6, *given)
    found = concordance(data, BETA)
    comparable = found.concordant + found.discordant + found.tied_x
    assert pairs_of_rows(data).sum() == pytest.approx(2 * comparable, rel=1e-12)
    first = rows(60, 6, *given)
    each = pairs_of_rows(first)
    strata = np.zeros(60) if first.strata is None else first.strata
    entry = np.full(60, -np.inf) if first.entry is None else first.entry

    def outlives(one: int, other: int) -> bool:
        later = first.time[other] > first.time[one] or (
            first.time[other] == first.time[one] and not first.event[other]
        )
        there = entry[other] < first.time[one] and strata[one] == strata[other]
        return bool(first.event[one] and later and there)

    for row in range(0, 60, 7):
        expected = sum(
            first.weights[row] * first.weights[other]
            for other in range(60)
            if other != row and (outlives(row, other) or outlives(other, row))
        )
        assert each[row] == pytest.approx(expected, rel=1e-9)
