"""In rising order: likelihood by hand, against R, score, information, estimates."""

import numpy as np
import pytest

from helpers.cox_models import NAMES, R, newton, rows
from v6_cox.kernel.partial_likelihood import evaluate
from v6_cox.kernel.sorted_data import prepare


def test_log_likelihood_by_hand():
    """Times 1, 2, 3 with x = 0, 1, 2; the second is censored: -log(1 + t + t^2), t = e^b."""
    data = prepare(np.array([3.0, 1, 2]), np.array([1, 1, 0]), np.array([[2.0], [0], [1]]))
    t = np.exp(0.5)
    found = evaluate(data, np.array([0.5]))
    whole = 1 + t + t**2
    mean = (t + 2 * t**2) / whole
    assert found.log_likelihood == pytest.approx(-np.log(whole), rel=1e-15)
    assert found.score == pytest.approx([-mean], rel=1e-15)
    assert found.information[0, 0] == pytest.approx((t + 4 * t**2) / whole - mean**2, rel=1e-14)


@pytest.mark.parametrize(("ties", "second"), [("efron", 3.0), ("breslow", 4.0)])
def test_tied_deaths_by_hand(ties, second):
    """Two of four die at once: the second sees 4 - 2/2 rows (Efron), or still 4 (Breslow)."""
    time, event = np.array([1.0, 1, 2, 3]), np.array([1, 1, 0, 0])
    data = prepare(time, event, np.arange(4.0)[:, None], ties=ties)
    assert evaluate(data, np.zeros(1)).log_likelihood == pytest.approx(
        -np.log(4) - np.log(second), rel=1e-15
    )


def test_at_risk_from_after_entry_to_time():
    """A row that enters at the time of a death is not at risk there, one that leaves then is."""
    time, entry = np.array([2.0, 2, 4, 3]), np.array([0.0, 0, 2, 1])
    data = prepare(time, np.array([1, 0, 0, 0]), np.zeros((4, 1)), entry)
    assert evaluate(data, np.zeros(1)).log_likelihood == pytest.approx(-np.log(3), rel=1e-15)


def test_weighted_ties_share_the_mean_weight():
    """As R: each of the tied deaths counts with the mean of their weights."""
    weights = np.array([1.0, 3, 2])
    data = prepare(np.ones(3), np.array([1, 1, 0]), np.zeros((3, 1)), weights=weights)
    expected = -2 * (np.log(6) + np.log(4))
    assert evaluate(data, np.zeros(1)).log_likelihood == pytest.approx(expected, rel=1e-15)


def test_a_shift_of_the_predictor_changes_nothing():
    """Offsets of 1e4 neither overflow nor move the estimate."""
    one = rows("lung_efron")
    shifted = prepare(one.time, one.event, one.design, offset=np.full(len(one.time), 1e4))
    beta = np.array([0.01, -0.2])
    plain, found = evaluate(one.sorted(), beta), evaluate(shifted, beta)
    assert found.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-12)
    assert found.information == pytest.approx(plain.information, rel=1e-11)


def test_a_predictor_that_overflows_is_not_finite():
    """The line search can see it; nothing is raised and no warning printed."""
    data = prepare(np.array([2.0, 1, 3]), np.ones(3), np.array([[0.0], [1e6], [-1e6]]))
    assert not np.isfinite(evaluate(data, np.ones(1)).log_likelihood)


@pytest.mark.parametrize("name", NAMES)
def test_evaluation_equals_r(name):
    case, data = R[name], rows(name).sorted()
    assert (len(data), data.event.sum()) == (case["n"], case["deaths"])
    found = evaluate(data, np.array(case["beta"]))
    sd = np.sqrt(np.diag(case["information"]))
    assert found.log_likelihood == pytest.approx(case["log_likelihood"], rel=1e-13)
    assert found.score / sd == pytest.approx(case["score"] / sd, abs=1e-12)
    scale = np.outer(sd, sd)
    assert found.information / scale == pytest.approx(case["information"] / scale, abs=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_score_is_the_gradient(name):
    data, beta = rows(name).sorted(), np.array(R[name]["beta"])
    found = evaluate(data, beta)
    for step in np.diag(1e-4 / np.sqrt(np.diag(found.information))):
        up, down = evaluate(data, beta + step), evaluate(data, beta - step)
        slope = (up.log_likelihood - down.log_likelihood) / 2e-4
        assert slope == pytest.approx(found.score @ step / 1e-4, abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_information_is_the_slope_of_the_score(name):
    data, beta = rows(name).sorted(), np.array(R[name]["beta"])
    found = evaluate(data, beta)
    scale = np.sqrt(np.diag(found.information))
    for step in np.diag(1e-4 / scale):
        up, down = evaluate(data, beta + step), evaluate(data, beta - step)
        slope = (down.score - up.score) / 2e-4 / scale
        assert slope == pytest.approx(found.information @ step / 1e-4 / scale, abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_newton_reaches_r(name):
    case = R[name]
    beta, found = newton(rows(name).sorted())
    errors = np.sqrt(np.diag(np.linalg.inv(found.information)))
    assert beta / errors == pytest.approx(case["coefficients"] / errors, abs=1e-10)
    assert errors == pytest.approx(case["standard_errors"], rel=1e-10)
    assert found.log_likelihood == pytest.approx(case["fitted_log_likelihood"], rel=1e-13)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ties": "exact"}, "ties must be"),
        ({"weights": np.ones(2)}, "of one length"),
        ({"entry": np.full(3, 9.0)}, "entry must be before"),
    ],
)
def test_wrong_arguments_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        prepare(np.arange(3.0), np.ones(3), np.ones((3, 1)), **change)
