"""Times that only rounding tells apart, as R's aeqSurv takes them."""

import numpy as np
import pytest

from v6_clinical.errors import AnalysisError
from v6_clinical.protocol.sums import Sums
from v6_clinical.survival.rounding import at_known, decimal, distinct, tied
from v6_cox.questions import MOST_TIMES
from v6_cox.shared_times import read_times

SUM = 0.1 + 0.2  # a little more than 0.3


def test_times_and_entries_become_the_first_of_those_within_rounding() -> None:
    time, entry = tied(np.array([SUM, 1.0, 0.5]), np.array([0.1, 0.3, SUM]))
    assert time.tolist() == [0.3, 1.0, 0.5]
    assert entry is not None
    assert entry.tolist() == [0.1, 0.3, 0.3]


def test_the_tolerance_is_r_s_1_5e_8_of_the_mean() -> None:
    """R: aeqSurv(Surv(c(1, 1 + 1.4e-8, 3, 3 + 3.2e-8), rep(1, 4))): 1, 1, 3, 3.000000032."""
    kept, same = distinct(np.array([1.0, 1 + 1.4e-8, 3, 3 + 3.2e-8]))
    assert kept.tolist() == [1.0, 3, 3 + 3.2e-8]
    assert same.tolist() == [1 + 1.4e-8]


@pytest.mark.parametrize("seed", range(4))
def test_many_random_times_are_not_tied_by_chance(seed: int) -> None:
    """R ties 80 of 100,000; days in years, computed from years of birth, are tied all the same."""
    rng = np.random.default_rng(seed)
    times = rng.exponential(size=100_000)
    assert tied(times, None)[0] is times
    born = rng.integers(1930 * 365, 1990 * 365, 100_000) / 365.25
    died = born + rng.integers(1, 9_000, 100_000) / 365.25
    assert len(np.unique(died - born)) > 9_000
    assert len(np.unique(tied(died - born, None)[0])) < 9_000


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e9])
def test_the_unit_of_time_does_not_matter(scale: float) -> None:
    """R's tolerance is also 1.5e-8 of any unit: microseconds in years would all be tied."""
    times = scale * np.array([0.3, SUM, 0.4])
    assert len(np.unique(tied(times, None)[0])) == 2


def test_times_without_rounding_are_left_alone() -> None:
    times = np.array([3.0, 1, 2, 1])
    assert tied(times, None)[0] is times
    assert tied(np.zeros(0), None)[0].tolist() == []


def test_a_site_s_times_move_to_the_federation_s_either_way() -> None:
    known = np.array([0.3, 0.5])
    assert at_known(np.array([SUM, 0.3 - 1e-12, 0.4, 0.5, 9]), known).tolist() == [
        0.3,
        0.3,
        0.4,
        0.5,
        9,
    ]
    assert at_known(np.array([1.0]), np.zeros(0)).tolist() == [1.0]
    assert at_known(np.zeros(0), known).tolist() == []


def test_a_question_s_times_cannot_pull_a_site_s_together() -> None:
    """A time of 1e15 in the question: 1.5e-8 of the mean would be longer than any follow-up."""
    own = np.array([3.0, 5.0, 9.0])
    assert at_known(own, np.array([4.0, 1e15])).tolist() == own.tolist()


def test_event_times_of_sites_are_merged_within_strata() -> None:
    total = Sums(tallies={f"times/{s}": {repr(t): 1.0 for t in (SUM, 0.3, 2.0)} for s in "ab"})
    found = read_times(total)
    assert [times.tolist() for times in found.times] == [[2.0, 0.3], [2.0, 0.3]]


def test_too_many_event_times_are_named_before_any_site_is_asked_again() -> None:
    times = {repr(float(t)): 1.0 for t in range(1, MOST_TIMES + 2)}
    with pytest.raises(AnalysisError, match=f"{MOST_TIMES + 1} event times") as error:
        read_times(Sums(tallies={"times/": times}))
    assert error.value.code == "BAD_REQUEST"
    assert error.value.remedy is not None
    assert "baseline='site'" in error.value.remedy


def test_decimals_are_what_a_grid_of_decimals_holds() -> None:
    grid = np.array([float(f"{units}e{power}") for power in range(-9, 12) for units in (1, 3, 17)])
    for rounding in (-2.0, 0.0, 2.0):
        assert decimal(grid * (1 + rounding * 2**-52)).tolist() == grid.tolist()
    assert decimal(np.array([-np.inf, -1.0, 0.0])).tolist() == [-np.inf, -1.0, 0.0]


def test_decimals_keep_the_order() -> None:
    times = np.sort(np.random.default_rng(1).exponential(size=100_000))
    assert (np.diff(decimal(times)) >= 0).all()
