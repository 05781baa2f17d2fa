"""The derivatives of each family's log-likelihood, against differences."""

import numpy as np
import pytest

from v6_clinical.regression.families.binomial import BINOMIAL
from v6_clinical.regression.families.family import Family
from v6_clinical.regression.glm.likelihood import Data, Point, pointwise, third_weights

RNG = np.random.default_rng(3)
N, P = 200, 3
DESIGN = np.column_stack([np.ones(N), RNG.normal(size=(N, P - 1))])
OUTCOMES = {"binomial": (BINOMIAL, (RNG.random(N) < 0.3).astype(float))}
WEIGHTS, OFFSET = RNG.uniform(0.5, 2.0, N), RNG.normal(size=N)
BETA = np.array([-0.5, 0.8, -0.3])
FAMILIES = pytest.mark.parametrize(("family", "outcome"), OUTCOMES.values(), ids=OUTCOMES)


@FAMILIES
def test_score_and_information(family: Family, outcome: np.ndarray) -> None:
    """Central differences of value and score are right to h^2."""
    data, h = Data(family, DESIGN, outcome, WEIGHTS, OFFSET), 1e-5
    found = Point(data, BETA).unchecked()
    for i, e in enumerate(h * np.eye(P)):
        above, below = (Point(data, BETA + s * e).unchecked() for s in (1, -1))
        slope = (above.log_likelihood - below.log_likelihood) / (2 * h)
        assert slope == pytest.approx(found.score[i], rel=1e-6)
        rows = (below.score - above.score) / (2 * h)
        assert rows == pytest.approx(found.information[i], rel=1e-6)


@FAMILIES
def test_third_weights(family: Family, outcome: np.ndarray) -> None:
    """For C = v v' X' third is - d^2 score(b + t v) / dt^2; differences are right to h^2."""
    data = Data(family, DESIGN, outcome, WEIGHTS, OFFSET)
    v, h = np.array([0.3, -0.7, 0.5]), 1e-3
    at = pointwise(family, outcome, WEIGHTS, DESIGN @ BETA + OFFSET)
    third = third_weights(data, at, np.outer(v, v)) @ DESIGN
    above, here, below = (Point(data, BETA + t * v).unchecked().score for t in (h, 0, -h))
    second = (above - 2 * here + below) / h**2
    assert np.abs(third + second).max() < 1e-5 * np.abs(third).max()
