"""Counts of pairs, against R and against a loop over all pairs."""

import numpy as np
import pytest
from hypothesis import given, settings

from helpers.cox_models import NAMES, R, rows
from helpers.cox_tables import tables
from v6_cox.kernel.concordance import concordance, inversions


def counted(one, predictor):
    """Return the five counts by a loop over all pairs."""
    n = len(one.time)
    weights = np.ones(n) if one.weights is None else one.weights
    entry = np.full(n, -np.inf) if one.entry is None else one.entry
    strata = np.zeros(n) if one.strata is None else one.strata
    counts = np.zeros(5)
    for i in np.flatnonzero(one.event):
        for j in range(n):
            if i == j or strata[i] != strata[j] or entry[j] >= one.time[i]:
                continue
            higher = np.sign(predictor[i] - predictor[j])
            if one.time[j] > one.time[i] or (one.time[j] == one.time[i] and not one.event[j]):
                counts[{1: 0, -1: 1, 0: 2}[int(higher)]] += weights[i] * weights[j]
            elif one.time[j] == one.time[i] and i < j:
                counts[3 if higher else 4] += weights[i] * weights[j]
    return counts


def test_inversions_by_hand():
    """3 before 1 and 2, 2 before 2 not: 3 * (10 + 20 + 40)."""
    key, first = np.array([3, 1, 2, 2]), np.array([3.0, 0, 1, 1])
    assert inversions(key, first, np.array([0.0, 10, 20, 40])) == 210


@pytest.mark.parametrize("length", [0, 1, 2, 3, 31, 32, 33])
def test_inversions_of_any_length(length):
    key = np.arange(length)[::-1].copy()
    assert inversions(key, np.ones(length), np.ones(length)) == length * (length - 1) / 2


@pytest.mark.parametrize("name", NAMES)
def test_counts_equal_r(name):
    found = concordance(rows(name).sorted(), np.array(R[name]["coefficients"]))
    exact = 0 if rows(name).weights is None else 1e-13
    assert list(vars(found).values()) == pytest.approx(R[name]["concordance"], rel=exact, abs=exact)


@settings(deadline=None, max_examples=60)
@given(tables())
def test_counts_equal_a_loop_over_pairs(one):
    """Integer covariates and coefficients: ties of the predictor are exact."""
    beta = np.arange(1.0, one.design.shape[1] + 1)
    found = concordance(one.sorted(), beta)
    offset = 0 if one.offset is None else one.offset
    expected = counted(one, np.round(one.design @ beta + offset, 9))
    assert list(vars(found).values()) == pytest.approx(expected, rel=1e-12, abs=1e-9)
