"""Tests and intervals against scipy and statsmodels."""

import numpy as np
import pytest
from scipy import stats

from v6_clinical.numerics.inference import chi_square_tail, heterogeneity, sandwich, wald


def test_wald() -> None:
    found = wald(np.array([0.5, -2.0]), np.diag([0.04, 1.0]), 0.9)
    assert found.statistic == pytest.approx([2.5, -2.0], rel=1e-14)
    assert found.p_value == pytest.approx(2 * stats.norm.sf([2.5, 2.0]), rel=1e-13)
    reach = stats.norm.ppf(0.95)
    assert found.conf_low == pytest.approx([0.5 - 0.2 * reach, -2 - reach], rel=1e-13)
    assert found.conf_high == pytest.approx([0.5 + 0.2 * reach, -2 + reach], rel=1e-13)


def test_chi_square_tail() -> None:
    assert chi_square_tail(7.3, 3) == pytest.approx(stats.chi2.sf(7.3, 3), rel=1e-13)
    assert chi_square_tail(-1e-12, 3) == 1.0
    assert chi_square_tail(1.0, 0) is None


def test_sandwich_of_equal_bread_and_meat_is_the_bread() -> None:
    bread = np.array([[2.0, 0.3], [0.3, 1.0]])
    assert sandwich(bread, np.linalg.inv(bread)) == pytest.approx(bread, rel=1e-14)


@pytest.mark.parametrize("shift", [0.0, 1e3])
def test_heterogeneity_needs_no_common_origin(shift: float) -> None:
    b, w = np.array([0.1, 0.9, -0.4]), np.array([10.0, 30.0, 5.0])
    d = b - 0.3 + shift
    found = heterogeneity(3, w.sum(), w @ d, w @ d**2, w @ w)
    q = w @ (b - w @ b / w.sum()) ** 2
    # sums about a number 1e3 away lose six digits
    assert found.q == pytest.approx(q, rel=1e-8)
    assert found.i2 == pytest.approx((q - 2) / q, rel=1e-8)
    assert found.tau2 == pytest.approx((q - 2) / (w.sum() - w @ w / w.sum()), rel=1e-8)
    assert found.p_value == pytest.approx(stats.chi2.sf(q, 2), rel=1e-8)


def test_sites_that_agree_have_no_heterogeneity() -> None:
    found = heterogeneity(2, 3.0, 0.0, 1e-20, 5.0)
    assert (found.i2, found.tau2) == (0.0, 0.0)
