"""Score residuals and robust variance, against R and against the score that they add up to."""

import numpy as np
import pytest

from helpers.cox_models import NAMES, R, rows
from v6_cox.kernel.partial_likelihood import evaluate
from v6_cox.kernel.residuals import meat, score_residuals


@pytest.mark.parametrize("name", NAMES)
def test_residuals_equal_r(name):
    case, one = R[name], rows(name)
    found = score_residuals(one.sorted(), np.array(case["coefficients"]))
    scale = np.abs(found).max(axis=0)
    some = [0, 1, 6, len(found) - 1]
    assert found[some] / scale == pytest.approx(case["score_residuals"] / scale, abs=1e-12)
    products = np.array(case["score_products"])
    sd = np.sqrt(np.diag(products))
    assert meat(found, one.weights) == pytest.approx(products, abs=1e-11 * sd.max() ** 2)


@pytest.mark.parametrize("name", NAMES)
def test_weighted_residuals_add_up_to_the_score(name):
    one, beta = rows(name), np.array(R[name]["beta"])
    weights = np.ones(len(one.time)) if one.weights is None else one.weights
    found = evaluate(one.sorted(), beta)
    total = weights @ score_residuals(one.sorted(), beta)
    sd = np.sqrt(np.diag(found.information))
    assert total / sd == pytest.approx(found.score / sd, abs=1e-11)


@pytest.mark.parametrize("name", [name for name in NAMES if R[name]["robust_variance"]])
def test_robust_variance_equals_r(name):
    case, one = R[name], rows(name)
    beta, data = np.array(case["coefficients"]), one.sorted()
    bread = np.linalg.inv(evaluate(data, beta).information)
    found = bread @ meat(score_residuals(data, beta), one.weights, one.cluster) @ bread
    assert found == pytest.approx(np.array(case["robust_variance"]), rel=1e-10)


def test_a_cluster_is_summed_first():
    residuals = np.array([[1.0, 2], [3, 4], [5, 6]])
    clusters = np.array(["b", "a", "b"])
    expected = np.array([[6.0, 8], [3, 4]])
    assert meat(residuals, None, clusters) == pytest.approx(expected.T @ expected)
