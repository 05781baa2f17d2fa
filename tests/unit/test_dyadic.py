"""Coefficients on a grid of powers of two: who computes them comes to the same bits."""

from typing import Any

import numpy as np
import pytest

from v6_clinical.numerics.dyadic import (
    COARSEST,
    OF_STEP,
    OF_TOLERANCE,
    grid_steps,
    is_near,
    on_grid,
)
from v6_clinical.numerics.newton import Evaluation, Newton

SEEDS = range(20)


@pytest.mark.parametrize(
    ("size", "tolerance", "share"),
    [(1e9, 1e-6, COARSEST), (8.0, 1e-7, OF_STEP * 8), (0.0, 2.0**-20, OF_TOLERANCE * 2.0**-20)],
)
def test_a_step_is_the_power_of_two_below_its_share_of_a_standard_error(
    size: float, tolerance: float, share: float
) -> None:
    error = np.array([1.0, 3.0, 1e-9, 5e11])
    found = grid_steps(np.diag(error**-2), size, tolerance)
    assert (np.log2(found) % 1 == 0).all()
    assert (found <= share * error).all()
    assert (found > share * error / 2).all()


def test_columns_without_information_have_a_step_all_the_same() -> None:
    assert grid_steps(np.zeros((2, 2)), 1.0, 1e-6).tolist() == [OF_STEP] * 2


@pytest.mark.parametrize("seed", SEEDS)
def test_rounding_hides_the_last_bits_of_linear_algebra(seed: int) -> None:
    rng = np.random.default_rng(seed)
    beta, steps = rng.normal(size=200) * 100, np.ldexp(1.0, rng.integers(-30, 5, 200))
    noise = steps * 1e-8 * rng.choice([-1, 1], 200)
    clear = np.abs(beta / steps - np.floor(beta / steps) - 0.5) > 1e-7
    grid = on_grid(beta, steps)
    assert (grid / steps == np.round(grid / steps)).all()
    assert (on_grid(beta + noise, steps) == grid)[clear].all()
    assert (on_grid(grid, steps) == grid).all()


def test_only_near_the_middle_is_there_a_second_point() -> None:
    steps = np.array([0.25])

    def near(found: float, own: float) -> bool:
        return bool(is_near(np.array([found]), np.array([own]), steps, 1e-6)[0])

    middle = 0.125
    assert near(0.0, middle - 1e-9)
    assert near(0.25, middle - 1e-9)
    assert near(0.0, middle - 1e-3)
    assert not near(0.25, middle - 1e-3)
    assert not near(0.5, middle)
    assert not near(0.1, 0.1)  # not on the grid


def logistic(seed: int, like: float) -> tuple[Any, Any]:
    """Return the evaluation of a logistic model, and the spread of its columns."""
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(80), rng.normal(size=(80, 3))])
    x[:, 3] = x[:, 2] + like * x[:, 3]
    y = (rng.random(80) < 1 / (1 + np.exp(-x[:, 1]))).astype(float)

    def at(beta: Any) -> Evaluation:
        eta = x @ beta
        mu = 1 / (1 + np.exp(-eta))
        value = float(y @ eta - np.logaddexp(0, eta).sum())
        return Evaluation(value, x.T @ (y - mu), x.T @ (x * (mu * (1 - mu))[:, None]))

    return at, x.T @ x / len(x)


@pytest.mark.parametrize("like", [1.0, 1e-3])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_fit_on_the_grid_has_the_same_estimates_and_no_more_rounds(
    seed: int, like: float
) -> None:
    """Also where two columns are all but one."""
    evaluate, spread = logistic(seed, like)
    fits = []
    for grid in (None, grid_steps(evaluate(np.zeros(4)).information, 1.0, 1e-6)):
        state, points = Newton(np.zeros(4), 40.0, spread=spread, grid=grid), []
        while not state.converged:
            steps = state.grid
            points.append(state.point)
            assert steps is None or (state.point / steps == np.round(state.point / steps)).all()
            state.accept(evaluate(state.point))
        fits.append((state, points))
    (plain, exact), (gridded, rounded) = fits
    assert plain.proposal is not None
    assert len(rounded) == len(exact)
    assert (np.abs(gridded.beta - plain.beta) / plain.proposal.standard_error).max() < 1e-7
