"""The baseline hazard against R's basehaz, and the counts that guard it."""

import numpy as np
import pytest

from helpers.cox_models import NAMES, R, rows
from v6_cox.kernel.baseline import baseline, survival
from v6_cox.kernel.sorted_data import prepare


@pytest.mark.parametrize("name", NAMES)
def test_hazard_equals_r(name):
    """R's curve is at the weighted mean of the offset, ours at offset 0."""
    case, one = R[name], rows(name)
    curve = baseline(one.sorted(), np.array(case["coefficients"]), np.array(case["grid"]))
    mean = 0 if one.offset is None else np.average(one.offset, weights=one.weights)
    expected = np.array(case["baseline"]) * np.exp(-mean)
    assert curve.cumulative_hazard == pytest.approx(expected, rel=1e-11)


def test_a_reference_moves_the_curve_not_the_prediction():
    case, one = R["veteran"], rows("veteran")
    beta, grid = np.array(case["coefficients"]), np.array(case["grid"])
    profiles = one.design[:3]
    at_zero = baseline(one.sorted(), beta, grid)
    at_mean = baseline(one.sorted(), beta, grid, one.design.mean(axis=0))
    assert at_mean.cumulative_hazard != pytest.approx(at_zero.cumulative_hazard)
    found = survival(at_mean, beta, profiles)
    assert found.shape == (3, 1, len(grid))
    assert found == pytest.approx(survival(at_zero, beta, profiles), rel=1e-12)


def test_cells_count_who_dies_leaves_enters_and_stays():
    """Cells (-inf, 2], (2, 4]; two strata, one of them without the other's late entry."""
    data = prepare(
        time=np.array([1.0, 2, 5, 4, 3]),
        event=np.array([1, 0, 1, 1, 0]),
        design=np.zeros((5, 1)),
        entry=np.array([0.0, 0, 3, 0, 0]),
        strata_codes=np.array([7, 7, 7, 9, 9]),
    )
    curve = baseline(data, np.zeros(1), np.array([2.0, 4]))
    assert curve.strata.tolist() == [7, 9]
    assert curve.events.tolist() == [[1, 0], [0, 1]]
    assert curve.leavers.tolist() == [[1, 0], [0, 1]]
    assert curve.entries.tolist() == [[2, 1], [2, 0]]
    assert curve.at_risk.tolist() == [[0, 1], [2, 0]]
    assert curve.cumulative_hazard.tolist() == [[0.5, 0.5], [0, 1]]
