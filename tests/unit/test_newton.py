"""Newton's method on sums: solves, halves, and names what has no solution."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from v6_clinical.numerics.newton import (
    HALVINGS,
    WIDEST,
    Evaluation,
    Newton,
    SingularError,
    inverse,
    propose,
)
from v6_clinical.numerics.optimum import column_spread, optimum
from v6_clinical.numerics.separation import infinite, leading, lost


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


def test_a_step_downhill_is_cut_short_ten_times_then_taken() -> None:
    def flat(value: float) -> Evaluation:
        return Evaluation(value, np.array([1.0]), np.array([[1.0]]))

    state = Newton(np.array([0.0]), 100.0)
    state.accept(flat(0.0))
    places = []
    for _ in range(HALVINGS):
        assert not state.accept(flat(-1.0))
        places.append(state.beta[0])
    assert places == [0.5**k for k in range(1, 11)]
    assert state.accept(flat(-1.0))  # no endless halving: rounding may look like downhill


@pytest.mark.parametrize(("slope", "share"), [(-1.0, 0.5), (-3.0, 0.25), (-999.0, 0.1)])
def test_slopes_at_both_ends_foretell_where_a_step_should_have_ended(
    slope: float, share: float
) -> None:
    state = Newton(np.array([0.0]), 100.0)
    state.accept(Evaluation(0.0, np.array([1.0]), np.array([[1.0]])))
    assert not state.accept(Evaluation(-1.0, np.array([slope]), np.array([[1.0]])))
    assert state.beta[0] == pytest.approx(share)


def test_a_step_is_capped_by_what_it_adds_to_the_linear_predictor() -> None:
    """Columns that all but cancel may have steps as long as they need."""
    spread = np.array([[1.0, 0.999999], [0.999999, 1.0]])
    for step, taken in [([40.0, 40.0], WIDEST), ([40.0, -40.0], None), ([1.0, 1.0], None)]:
        state = Newton(np.zeros(2), 100.0, spread=spread)
        state.accept(Evaluation(-90.0, np.array(step), np.eye(2)))
        width = float(np.sqrt(state.beta @ spread @ state.beta))
        if taken is None:
            assert state.beta == pytest.approx(np.array(step))
        else:
            assert width == pytest.approx(taken)
            assert state.beta[0] == pytest.approx(state.beta[1])


def test_steps_that_go_well_may_grow() -> None:
    state = Newton(np.zeros(1), 100.0, spread=np.eye(1))
    places = []
    for value in range(4):
        state.accept(Evaluation(float(value), np.array([100.0]), np.array([[1.0]])))
        places.append(state.beta[0])
    assert places == pytest.approx([WIDEST, 3 * WIDEST, 7 * WIDEST, 15 * WIDEST])


def test_after_a_refusal_the_next_step_is_at_most_twice_what_went_well() -> None:
    steep = Evaluation(-9.0, np.array([100.0]), np.array([[1.0]]))
    state = Newton(np.zeros(1), 100.0, spread=np.eye(1))
    state.accept(steep)
    assert state.beta[0] == pytest.approx(WIDEST)
    assert state.retreat()
    assert state.retreat()
    assert state.beta[0] == pytest.approx(WIDEST / 8)
    state.accept(steep)
    assert state.beta[0] == pytest.approx(WIDEST / 8 + WIDEST / 4)
    state.accept(steep)
    assert state.beta[0] == pytest.approx(WIDEST / 8 + WIDEST / 4 + WIDEST / 2)


def test_steps_that_are_refused_shrink_to_a_thousandth_in_four_rounds() -> None:
    state, places = Newton(np.zeros(1), 100.0), []
    state.accept(Evaluation(0.0, np.array([1.0]), np.array([[1.0]])))
    while state.retreat():
        places.append(state.beta[0])
    assert places == [1 / 2, 1 / 8, 1 / 64, 1 / 1024]


def test_a_start_that_is_refused_ends_at_0() -> None:
    state, places = Newton(np.array([80.0]), 100.0), []
    while state.retreat():
        places.append(state.beta[0])
    assert places == [40.0, 20.0, 0.0]


@pytest.mark.parametrize(
    ("value", "information", "home"),
    [(-12.0, 1.0, True), (-9.0, 0.0, True), (-9.0, 1.0, False)],
)
def test_a_start_below_what_is_known_or_without_a_step_goes_home(
    value: float, information: float, home: bool
) -> None:
    state = Newton(np.array([-30.0]), 100.0, home=(np.array([0.5]), -10.0))
    start = Evaluation(value, np.array([1.0]), np.array([[information]]))
    assert state.accept(start) is not home
    assert state.beta[0] == (0.5 if home else -29.0)
    if home:  # once: what happens there is taken as it is
        assert state.accept(start if information else replace(start, information=np.eye(1)))


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
    null = np.diag([1.0, 1e-4, 1.0])
    assert lost(np.diag([1e-9, 1e-8, 0.0]), null, [0, 1]).tolist() == [0]


def test_landing_is_foreseen_where_the_quadratic_is_good() -> None:
    def sized(size: float) -> Evaluation:
        return Evaluation(0.0, np.array([size]), np.array([[1.0]]))

    for events, size, landing in [(50, 0.5, False), (50, 1e-3, True), (1e6, 0.01, True)]:
        state = Newton(np.array([0.0]), events)
        state.accept(sized(size))
        assert state.landing is landing


def logistic(y: Any, x: Any) -> Any:
    def at(beta: Any) -> Evaluation:
        eta = x @ beta
        mu = 1 / (1 + np.exp(-eta))
        value = float(y @ eta - np.logaddexp(0, eta).sum())
        return Evaluation(value, x.T @ (y - mu), x.T @ (x * (mu * (1 - mu))[:, None]))

    return at


def by_groups(*events: int) -> tuple[Any, Any]:
    """Return outcomes and dummies of groups of 10 with so many events, the first the reference."""
    y = np.concatenate([np.arange(10) < count for count in events]).astype(float)
    group = np.repeat(np.arange(len(events)), 10)
    x = (group[:, None] == np.arange(len(events))).astype(float)
    x[:, 0] = 1.0
    return y, x


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ((4, 5, 6, 3), []),
        ((4, 0, 6, 3), [1]),
        ((4, 0, 6, 10), [1, 3]),
        ((0, 5, 6, 3), [0, 1, 2, 3]),  # the reference: all are infinite against it
    ],
)
def test_every_infinite_estimate_is_told_and_no_other(
    events: tuple[int, ...], expected: list[int]
) -> None:
    y, x = by_groups(*events)
    evaluate, state = logistic(y, x), Newton(np.zeros(4), 20.0, spread=x.T @ x / len(x))
    found: list[int] = []
    for _ in range(25):
        state.accept(evaluate(state.beta))
        proposals = [proposal for _, proposal in state.history]
        found = infinite(proposals, state.gain).tolist()
        if found or state.converged:
            break
    assert found == expected
    assert state.converged is not bool(expected)


@pytest.mark.parametrize("gap", [1e-1, 1e-2, 1e-3, 1e-4, 1e-5])
def test_a_row_that_reaches_across_by_however_little_keeps_an_estimate_finite(gap: float) -> None:
    """Its optimum is far: the coefficient is about log(1 / gap), its variance that of 1 / gap."""
    x = np.column_stack([np.ones(22), np.r_[np.zeros(10), np.ones(11), gap]])
    y = np.r_[np.arange(10) < 4, np.ones(11), 0.0].astype(float)
    x[-1, 0] = 0.0  # the odd row speaks of the slope only
    evaluate, state = logistic(y, x), Newton(np.zeros(2), 7.0)
    for _ in range(30):
        state.accept(evaluate(state.beta))
        proposals = [proposal for _, proposal in state.history]
        assert infinite(proposals, state.gain).tolist() == []
        if state.converged:
            break
    assert state.converged


def test_of_terms_that_go_along_only_those_that_lead_are_told() -> None:
    assert leading(np.array([1.0, -0.05, 0.2]), np.ones(3)).tolist() == [0, 2]


def test_optimum_says_where_there_is_none() -> None:
    def runaway(beta: Any) -> Evaluation:
        rest = np.exp(-beta[0])
        return Evaluation(-float(rest), np.array([rest]), np.array([[rest]]))

    found = optimum(runaway, np.zeros(1), np.zeros(1), 10.0)
    assert found.infinite
    assert found.covariance is None
    found = optimum(runaway, np.zeros(1), np.ones(1), 10.0)
    assert found.covariance is not None
    assert np.exp(-found.beta[0]) == pytest.approx(found.beta[0], rel=1e-9)


@pytest.mark.parametrize("intercepts", [0, 1, 2])
def test_the_spread_of_columns_from_an_information(intercepts: int) -> None:
    """Weighted as in the information: the columns' covariance within the intercepts' rows."""
    rng = np.random.default_rng(4)
    x, w, group = rng.normal(size=(60, 3)), rng.uniform(size=60), np.arange(60) % max(intercepts, 1)
    ones = (group[:, None] == np.arange(intercepts)).astype(float)
    design = np.column_stack([ones, x])
    found = column_spread(design.T @ (design * w[:, None]), intercepts, float(w.sum()))
    centred = x.copy()
    for k in range(intercepts):
        centred[group == k] -= np.average(x[group == k], axis=0, weights=w[group == k])
    expected = (centred * w[:, None]).T @ centred / w.sum()
    assert found[intercepts:, intercepts:] == pytest.approx(expected)
    assert not found[:intercepts].any()


def test_a_proposal_measures_itself_in_standard_errors() -> None:
    found = propose(Evaluation(0.0, np.array([2.0, 0.0]), np.diag([4.0, 1.0])))
    assert found.step == pytest.approx([0.5, 0.0])
    assert found.standard_error == pytest.approx([0.5, 1.0])
    assert found.size == pytest.approx(1.0)
