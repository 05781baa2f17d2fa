"""Pairs and bounds of the AUC against counting every pair; cells never below the limit."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from v6_logistic.risk import (
    RiskCounts,
    Risks,
    auc_bounds,
    calibration,
    concordance,
    exact_cells,
    pairs_of_rows,
    risk_counts,
    risk_grid,
    roc,
)

SEEDS = st.integers(0, 10**6)


def rows(seed: int, n: int) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(seed)
    eta = np.sort(rng.normal(0, 1, n).round(2))
    return eta, (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(float), rng.uniform(0.5, 2, n)


def by_hand(eta: Any, events: Any, weights: Any) -> Any:
    found = np.zeros(3)
    for i in np.flatnonzero(events == 1):
        for j in np.flatnonzero(events == 0):
            pair = weights[i] * weights[j]
            found += pair * np.array([eta[i] > eta[j], eta[i] == eta[j], 1])
    return found


@given(SEEDS, st.integers(0, 40))
def test_every_pair_is_counted(seed: int, n: int) -> None:
    eta, events, weights = rows(seed, n)
    found = concordance(eta, events, weights)
    assert found == pytest.approx(by_hand(eta, events, weights), rel=1e-12, abs=1e-12)


@given(SEEDS, st.integers(1, 40))
def test_every_row_has_its_part_of_the_pairs(seed: int, n: int) -> None:
    """A row's part is what the pairs lose without it."""
    eta, events, weights = rows(seed, n)
    whole, each = concordance(eta, events, weights), pairs_of_rows(eta, events, weights)
    for k in range(n):
        rest = [np.delete(x, k) for x in (eta, events, weights)]
        lost = whole - concordance(*rest)
        assert each[k] == pytest.approx(lost[0] + lost[1] / 2, rel=1e-9, abs=1e-9)


def test_equal_covariates_stay_tied_whatever_their_last_bits() -> None:
    eta = np.sort(np.array([0.3, np.nextafter(0.3, 1), 0.7]))
    assert concordance(eta, np.array([0.0, 1.0, 1.0]), np.ones(3), 1e-15).tolist() == [1, 1, 2]


@settings(deadline=None)
@given(SEEDS, st.lists(st.integers(0, 120), min_size=1, max_size=4), st.sampled_from([1, 3, 5]))
def test_the_pooled_auc_is_always_within_its_bounds(seed: int, sizes: Any, cell: int) -> None:
    grid = risk_grid(0.0, 1.0)
    assert grid is not None
    parts = [rows(seed + k, n) for k, n in enumerate(sizes)]
    mus = [1 / (1 + np.exp(-eta)) for eta, _, _ in parts]
    found = (risk_counts(*part, mu, grid, cell) for part, mu in zip(parts, mus, strict=True))
    counts = RiskCounts.read(sum(each.array() for each in found))  # as sums of messages add
    eta, events, weights = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    totals = weights @ (1 - events), weights @ events, weights @ np.concatenate(mus)
    pairs = by_hand(eta, events, weights)
    found = auc_bounds(Risks(grid.points(), counts, *totals))
    if pairs[2] == 0:
        assert found is None
        return
    assert found is not None
    truth = (pairs[0] + pairs[1] / 2) / pairs[2]
    assert found[0] - 1e-12 <= truth <= found[1] + 1e-12
    if cell == 1 and len(eta) > 60:
        assert found[1] - found[0] < 0.2


@settings(deadline=None)
@given(SEEDS, st.integers(0, 200), st.sampled_from([3, 5]))
def test_no_shown_cell_is_small_R2(seed: int, n: int, cell: int) -> None:
    eta, events, _ = rows(seed, n)
    assume(all(size == 0 or size >= cell for size in (events.sum(), n - events.sum())))  # R6
    grid = risk_grid(0.0, 1.0)
    assert grid is not None
    found = risk_counts(eta, events, np.ones(n), np.zeros(n), grid, cell)
    for low, high, total in [
        (found.least_zeros, found.most_zeros, n - events.sum()),
        (found.least_ones, found.most_ones, events.sum()),
    ]:
        for bound in (low, high):
            steps = np.diff(np.concatenate([[0.0], bound, [total]]))
            assert ((steps == 0) | (steps >= cell)).all()


def test_the_first_and_last_rows_are_not_located_R10() -> None:
    """Points below the lowest cell's end say nothing: an empty cell would tell the minimum."""
    eta = np.concatenate([[-5.0], np.linspace(0, 2, 99), [6.0]])
    grid = risk_grid(0.0, 1.0)
    assert grid is not None
    events = (np.arange(101) % 2).astype(float)
    found = risk_counts(eta, events, np.ones(101), np.zeros(101), grid, 5)
    moved = risk_counts(
        np.concatenate([[-0.5], eta[1:-1], [2.5]]), events, np.ones(101), np.zeros(101), grid, 5
    )
    low, high = (counts.array()[:, [0, -1]] for counts in (found, moved))
    assert (low == high).all()


def test_roc_and_calibration_of_exact_cells() -> None:
    rng = np.random.default_rng(8)
    eta = np.sort(rng.normal(0, 1, 20_000))
    mu = 1 / (1 + np.exp(-eta))
    events = (rng.random(20_000) < mu).astype(float)
    grid = risk_grid(0.0, 1.0)
    assert grid is not None
    counts = risk_counts(eta, events, np.ones(20_000), mu, grid, 5)
    totals = (1 - events).sum(), events.sum(), mu.sum()
    risks = Risks(grid.points(), counts, *totals)
    _, cells = exact_cells(risks)
    assert cells.sum(axis=1) == pytest.approx(totals, rel=1e-12)
    curve = roc(risks)
    pairs = zip(curve["threshold"], curve["true_positive_rate"], strict=True)
    for threshold, tpr in list(pairs)[::40]:
        assert tpr == pytest.approx(events[mu > threshold].sum() / events.sum(), abs=1e-12)
    table = calibration(risks)
    assert len(table) == 10
    assert sum(row["n"] for row in table) == 20_000
    for row in table:
        assert abs(row["observed"] - row["mean_predicted"]) < 0.05
        assert 1_700 < row["n"] < 2_300


@pytest.mark.parametrize("sd", [0.0, 1e-12, float("nan")])
def test_a_constant_risk_has_no_grid(sd: float) -> None:
    assert risk_grid(2.0, sd) is None
