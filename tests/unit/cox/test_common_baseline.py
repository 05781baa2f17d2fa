"""One baseline for all sites: the sites' sums give what the pooled rows give."""

from dataclasses import fields

import numpy as np
import pytest

from helpers.cox_models import NAMES, R, rows
from v6_cox.kernel.baseline import baseline
from v6_cox.kernel.partial_likelihood import Point, evaluate
from v6_cox.kernel.proportional_hazards import PHSums, ph_sums
from v6_cox.kernel.residuals import score_residuals
from v6_cox.kernel.shared_baseline import (
    EventTimes,
    RiskSums,
    combine,
    combine_ph,
    combine_steps,
    jumps_of,
    moved,
    risk_sums,
    shared_score_residuals,
)
from v6_cox.kernel.sorted_data import with_event_times


def split(name):
    """Return the pooled rows, three uneven sites and which rows are whose."""
    one = rows(name)
    site = np.searchsorted([0.6, 0.9], np.random.default_rng(3).random(len(one.time)))
    return one, [one.take(site == s) for s in range(3)], site


def event_times(*sites):
    """Return the distinct event times of sorted rows of all sites, as the federation has them."""
    strata = np.concatenate([site.sets.strata for site in sites])
    times = np.concatenate([site.sets.times for site in sites])
    both = np.unique(np.column_stack([strata, -times]), axis=0)  # the last time first
    return EventTimes(both[:, 0].astype(strata.dtype), -both[:, 1])


def summed(one, sites, beta, origin=None):
    times = event_times(*(site.sorted() for site in sites))
    parts = [risk_sums(site.sorted(), beta, times, origin) for site in sites]
    total = RiskSums(*(sum(getattr(part, f.name) for part in parts) for f in fields(RiskSums)))
    return times, total


@pytest.mark.parametrize("name", NAMES)
def test_likelihood_equals_the_pooled_one(name):
    one, sites, _ = split(name)
    beta = np.array(R[name]["beta"])
    _, total = summed(one, sites, beta, one.design.mean(axis=0))
    found, expected = combine(total, one.ties), evaluate(one.sorted(), beta)
    sd = np.sqrt(np.diag(expected.information))
    scale = np.outer(sd, sd)
    assert found.log_likelihood == pytest.approx(expected.log_likelihood, rel=1e-13)
    assert found.score / sd == pytest.approx(expected.score / sd, abs=1e-11)
    assert found.information / scale == pytest.approx(expected.information / scale, abs=1e-11)


@pytest.mark.parametrize("name", ["veteran", "heart_weighted", "rossi_efron"])
def test_proportional_hazards_need_no_further_question(name):
    one, sites, _ = split(name)
    beta = np.array(R[name]["beta"])
    times, total = summed(one, sites, beta, one.design.mean(axis=0))
    found, expected = combine_ph(total, times, one.ties), ph_sums(Point(one.sorted(), beta))
    for field in fields(PHSums):
        values = getattr(expected, field.name)
        assert getattr(found, field.name) == pytest.approx(values, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("name", ["lung_weighted", "rossi_efron", "rossi_breslow", "heart_efron"])
def test_residuals_at_common_steps_equal_the_pooled_ones(name):
    one, sites, where = split(name)
    beta, origin = np.array(R[name]["beta"]), one.design.mean(axis=0)
    times, total = summed(one, sites, beta, origin)
    steps = combine_steps(total, one.ties)
    expected = score_residuals(one.sorted(), beta)
    for s, site in enumerate(sites):
        found = shared_score_residuals(site.sorted(), beta, times, steps, origin)
        assert found == pytest.approx(expected[where == s], rel=1e-10, abs=1e-10)


@pytest.mark.parametrize("name", ["lung_weighted", "rossi_efron", "heart_efron"])
def test_the_next_steps_are_foreseen_to_second_order(name):
    """A tenth of the distance leaves a hundredth of the error."""
    one, sites, _ = split(name)
    beta, origin = np.array(R[name]["beta"]), one.design.mean(axis=0)
    sd = one.design.std(axis=0)
    errors = []
    for size in (1e-2, 1e-3):
        step = size / sd
        _, here = summed(one, sites, beta, origin)
        _, there = summed(one, sites, beta + step, origin)
        found = combine_steps(moved(here, step), one.ties)
        expected = combine_steps(there, one.ties)
        errors.append(np.abs(found.mean - expected.mean).max() / np.abs(expected.mean).max())
    assert errors[0] < 1e-3
    assert errors[1] < 0.02 * errors[0]


def test_the_common_hazard_is_the_pooled_one():
    one, sites, _ = split("rossi_efron")
    beta = np.array(R["rossi_efron"]["beta"])
    times, total = summed(one, sites, beta)
    found = np.cumsum(jumps_of(total, one.ties).hazard[::-1])
    grid = times.times[::-1]
    assert found == pytest.approx(
        baseline(one.sorted(), beta, grid).cumulative_hazard[0], rel=1e-12
    )


def test_an_event_time_that_nobody_agreed_on_is_an_error():
    data = rows("gehan").sorted()
    times = event_times(data)
    with pytest.raises(ValueError, match="not among the given"):
        _ = with_event_times(data, times.strata[1:], times.times[1:]).sets
