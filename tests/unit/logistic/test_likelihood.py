"""The third derivative of the logistic log-likelihood, against differences of its score."""

import numpy as np

from v6_logistic import likelihood

RNG = np.random.default_rng(3)
N, P = 200, 3
DESIGN = np.column_stack([np.ones(N), RNG.normal(size=(N, P - 1))])
EVENTS = (RNG.random(N) < 0.3).astype(float)
WEIGHTS, OFFSET = RNG.uniform(0.5, 2.0, N), RNG.normal(size=N)
BETA = np.array([-0.5, 0.8, -0.3])


def score(beta: np.ndarray) -> np.ndarray:
    eta = likelihood.linear_predictor(DESIGN, beta, OFFSET)
    return likelihood.evaluate(DESIGN, likelihood.pointwise(EVENTS, WEIGHTS, eta)).score


def test_third_weights() -> None:
    """For C = v v' X' third is - d^2 score(b + t v) / dt^2; differences are right to h^2."""
    v, h = np.array([0.3, -0.7, 0.5]), 1e-3
    found = likelihood.pointwise(EVENTS, WEIGHTS, DESIGN @ BETA + OFFSET)
    third = likelihood.third_weights(DESIGN, found, EVENTS, WEIGHTS, np.outer(v, v)) @ DESIGN
    second = (score(BETA + h * v) - 2 * score(BETA) + score(BETA - h * v)) / h**2
    assert np.abs(third + second).max() < 1e-5 * np.abs(third).max()
