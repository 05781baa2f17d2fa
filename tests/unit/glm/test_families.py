"""Each family's derivatives against differences, and its expected information against a sum."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from v6_glm.families import FAMILIES
from v6_glm.links import BOUNDED

ETA = np.linspace(0.2, 0.8, 13)  # inside of every link's domain
OUTCOMES = {
    "gaussian": np.linspace(-2, 3, 13),
    "poisson": np.arange(13.0) % 5,
    "gamma": np.linspace(0.3, 4, 13),
    "binomial": np.arange(13.0) % 2,
}
WEIGHTS = np.linspace(0.5, 2, 13)


def inside(which: tuple[str, str]) -> NDArray[np.float64]:
    """Return linear predictors that are means."""
    return -ETA if which == ("binomial", "log") else ETA


every_family = pytest.mark.parametrize("which", FAMILIES, ids="-".join)


@every_family
def test_derivatives(which: tuple[str, str]) -> None:
    family, y, step, eta = FAMILIES[which], OUTCOMES[which[0]], 1e-5, inside(which)
    _, first, second = family.rows(y, WEIGHTS, eta)
    up, down = family.rows(y, WEIGHTS, eta + step), family.rows(y, WEIGHTS, eta - step)
    assert WEIGHTS * (up[0] - down[0]) / (2 * step) == pytest.approx(first, rel=1e-7, abs=1e-9)
    assert up[0] == pytest.approx(family.value(y, eta + step), rel=1e-14)
    assert up[1] == pytest.approx(family.residuals(y, WEIGHTS, eta + step), rel=1e-14)
    assert -(up[1] - down[1]) / (2 * step) == pytest.approx(second, rel=1e-6, abs=1e-9)
    third = family.third(y, WEIGHTS, first, second)
    if third.any():
        assert (up[2] - down[2]) / (2 * step) == pytest.approx(third, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog", "log", "identity"])
def test_the_expected_information_is_that_over_both_outcomes(link: str) -> None:
    family, one, eta = FAMILIES["binomial", link], np.ones(13), inside(("binomial", link))
    mu = {
        "logit": 1 / (1 + np.exp(-eta)),
        "probit": stats.norm.cdf(eta),
        "cloglog": 1 - np.exp(-np.exp(eta)),
        "log": np.exp(eta),
        "identity": eta,
    }[link]
    mean = mu * family.rows(one, one, eta)[2] + (1 - mu) * family.rows(0 * one, one, eta)[2]
    assert family.expected(one, one, eta) == pytest.approx(mean, rel=1e-10)
    value = stats.bernoulli.logpmf(OUTCOMES["binomial"].astype(int), mu).sum()
    found = family.rows(OUTCOMES["binomial"], one, eta)[0].sum()
    assert found == pytest.approx(value, rel=1e-12)


def test_links_whose_means_are_bounded_are_those_of_the_request() -> None:
    assert {which for which, family in FAMILIES.items() if family.bounded} == BOUNDED


@every_family
def test_the_saturated_fit_has_no_deviance(which: tuple[str, str]) -> None:
    family, y = FAMILIES[which], OUTCOMES[which[0]]
    if which[0] == "binomial" or which == ("gamma", "inverse"):
        return
    y = np.where(y == 0, 1e-300, y)
    eta = y if which[0] == "gaussian" else np.log(y)
    value = WEIGHTS @ family.rows(y, WEIGHTS, eta)[0]
    assert value == pytest.approx(WEIGHTS @ family.saturated(y), abs=1e-12)


@pytest.mark.parametrize(
    ("which", "eta"),
    [
        (("gamma", "inverse"), -0.1),
        (("binomial", "identity"), 1.1),
        (("binomial", "identity"), 0.0),
    ],
)
def test_outside_of_the_domain_nothing_is_a_number(which: tuple[str, str], eta: float) -> None:
    family, y = FAMILIES[which], OUTCOMES[which[0]]
    for outcome in (y, y[::-1]):
        value = family.rows(outcome, WEIGHTS, np.where(np.arange(13) == 3, eta, ETA))[0]
        assert np.isnan(value).any()
