"""Newton's method on sums: solves, halves, and names what has no solution."""

from typing import Any

import numpy as np
import pytest

from v6_clinical.numerics.newton import Evaluation, Newton, SingularError, inverse, optimum, propose


def normal(rng: np.random.Generator, p: int = 5) -> Any:
    x = rng.normal(size=(40, p))
    return x.T @ x


def test_inverse_of_badly_scaled_matrices() -> None:
    information = normal(np.random.default_rng(1)) * np.outer(*[10.0 ** np.arange(-12, 13, 6)] * 2)
    scale = np.sqrt(np.diag(information))
    product = inverse(information) @ information
    # entries in units of the parameters' own scale: 1e-12, the matrix is well conditioned in them
    assert (product * np.outer(scale, 1 / scale)) == pytest.approx(np.eye(5), abs=1e-12)


@pytest.mark.parametrize("noise", [0.0, 1e-10])
def test_a_null_vector_names_its_parameters(noise: float) -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(50, 5))
    x[:, 3] = x[:, 0] - 2 * x[:, 1] + noise * rng.normal(size=50)
    with pytest.raises(SingularError) as caught:
        inverse(x.T @ x)
    assert caught.value.places == [0, 1, 3]


def test_an_empty_column_is_named() -> None:
    with pytest.raises(SingularError) as caught:
        inverse(np.diag([1.0, 0.0, 2.0]))
    assert caught.value.places == [1]


def test_a_quadratic_is_solved_in_one_step() -> None:
    information, top = normal(np.random.default_rng(3)), np.arange(5.0)

    def at(beta: Any) -> Evaluation:
        d = top - beta
        return Evaluation(-float(d @ information @ d) / 2, information @ d, information)

    state = Newton(np.zeros(5), 100.0)
    assert state.accept(at(state.beta))
    assert state.beta == pytest.approx(top, abs=1e-12)
    state.accept(at(state.beta))
    assert state.converged


def test_a_step_downhill_is_halved_three_times_then_taken() -> None:
    def flat(value: float) -> Evaluation:
        return Evaluation(value, np.array([1.0]), np.array([[1.0]]))

    state = Newton(np.array([0.0]), 100.0)
    state.accept(flat(0.0))
    places = []
    for _ in range(3):
        assert not state.accept(flat(-1.0))
        places.append(state.beta[0])
    assert places == [0.5, 0.25, 0.125]
    assert state.accept(flat(-1.0))  # no endless halving: rounding may look like downhill


def test_a_start_that_is_refused_ends_at_0() -> None:
    state, places = Newton(np.array([80.0]), 100.0), []
    while state.halve():
        places.append(state.beta[0])
    assert places == [40.0, 20.0, 0.0]


def test_a_start_downhill_of_0_with_a_longer_step_is_left_for_0() -> None:
    """Far out there is little information: Newton's step from there goes further still."""

    def told(value: float, score: float, information: float) -> Evaluation:
        return Evaluation(value, np.array([score]), np.array([[information]]))

    null = told(-10.0, 4.0, 4.0)
    for start, ends in [
        (told(-12.0, 1.0, 1e-3), 1.0),  # worse, step 1000: on from 0
        (told(-12.0, 1.0, 0.0), 1.0),  # worse, no step at all
        (told(-12.0, 1.0, 2.0), -29.5),  # worse, but a short step
        (told(-9.0, 1.0, 1e-3), 970.0),  # better
    ]:
        state = Newton(np.array([-30.0]), 100.0, null=null)
        assert state.accept(start)
        assert state.beta[0] == pytest.approx(ends)


def test_what_has_lost_its_information_has_run_away() -> None:
    null = Evaluation(0.0, np.zeros(3), np.diag([1.0, 1e-4, 1.0]))
    state = Newton(np.zeros(3), 100.0, null=null)
    assert state.lost(np.diag([1e-9, 1e-8, 0.0]), [0, 1]).tolist() == [0]
    assert Newton(np.zeros(3), 100.0).lost(np.zeros((3, 3)), [0]).tolist() == []


def test_landing_is_foreseen_where_the_quadratic_is_good() -> None:
    def sized(size: float) -> Evaluation:
        return Evaluation(0.0, np.array([size]), np.array([[1.0]]))

    for events, size, landing in [(50, 0.5, False), (50, 1e-3, True), (1e6, 0.01, True)]:
        state = Newton(np.array([0.0]), events)
        state.accept(sized(size))
        assert state.landing is landing


def test_an_infinite_estimate_is_told_from_a_large_one() -> None:
    def logistic(y: Any, x: Any) -> Any:
        def at(beta: Any) -> Evaluation:
            eta = x @ beta
            mu = 1 / (1 + np.exp(-eta))
            value = float(y @ eta - np.logaddexp(0, eta).sum())
            return Evaluation(value, x.T @ (y - mu), x.T @ (x * (mu * (1 - mu))[:, None]))

        return at

    z = np.linspace(-1, 1, 40)
    x = np.column_stack([np.ones(40), z])
    separated, steep = (z > 0).astype(float), (z > 0).astype(float)
    steep[19], steep[20] = 1.0, 0.0
    for y, infinite in [(separated, [1]), (steep, [])]:
        evaluate, state = logistic(y, x), Newton(np.zeros(2), 20.0)
        for _ in range(10):
            state.accept(evaluate(state.beta))
            if infinite:
                assert not state.converged
            else:
                assert state.running_away().tolist() == []
        assert state.running_away(refused=True).tolist() == infinite


def test_optimum_says_where_there_is_none() -> None:
    def runaway(beta: Any) -> Evaluation:
        rest = np.exp(-beta[0])
        return Evaluation(-float(rest), np.array([rest]), np.array([[rest]]))

    beta, covariance = optimum(runaway, np.zeros(1), np.zeros(1), 10.0)
    assert covariance is None
    beta, covariance = optimum(runaway, np.zeros(1), np.ones(1), 10.0)
    assert covariance is not None
    assert np.exp(-beta[0]) == pytest.approx(beta[0], rel=1e-9)


def test_a_proposal_measures_itself_in_standard_errors() -> None:
    found = propose(Evaluation(0.0, np.array([2.0, 0.0]), np.diag([4.0, 1.0])))
    assert found.step == pytest.approx([0.5, 0.0])
    assert found.standard_error == pytest.approx([0.5, 1.0])
    assert found.size == pytest.approx(1.0)
