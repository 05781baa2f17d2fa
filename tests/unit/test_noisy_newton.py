"""Newton's method on sums that bear declared noise: what it takes for noise, and what not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.newton import Evaluation, Newton, Noise, SingularError, inverse, propose
from v6_clinical.numerics.separation import infinite
from v6_clinical.regression.centre.fit import gain_of


class Blurred:
    """A logistic likelihood of rows at one site, told with noise of d and e."""

    def __init__(self, x: Array, y: Array, d: float, e: float, seed: int) -> None:
        self.x, self.y, self.d, self.e = x, y, d, e
        self.rng = np.random.default_rng(seed)

    def exact(self, beta: Array) -> Evaluation:
        eta = self.x @ beta
        mu = 1 / (1 + np.exp(-eta))
        value = float(self.y @ eta - np.logaddexp(0, eta).sum())
        information = (self.x * (mu * (1 - mu))[:, None]).T @ self.x
        return Evaluation(value, self.x.T @ (self.y - mu), information)

    def at(self, beta: Array) -> Evaluation:
        found, p = self.exact(beta), len(beta)
        root = np.linalg.cholesky(found.information)
        change = np.tril(self.rng.normal(size=(p, p)))
        change = self.e * (change + np.tril(change, -1).T)
        noisy = root @ (np.eye(p) + change) @ root.T
        return Evaluation(
            found.log_likelihood,
            found.score + self.d * (root @ self.rng.normal(size=p)),
            (noisy + noisy.T) / 2,
            Noise(self.d**2 * noisy, self.d, self.e),
        )


def rows(n: int = 200, seed: int = 0) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(n), rng.normal(size=(n, 2))])
    return x, (rng.random(n) < 1 / (1 + np.exp(-x @ [-0.5, 0.8, -0.4]))).astype(float)


def group(n: int, events: int) -> tuple[Array, Array]:
    """Return 60 rows of which half have an event, and n rows of another group."""
    x = np.column_stack([np.ones(60 + n), np.repeat([0.0, 1.0], [60, n])])
    x[:, 1] -= x[:, 1].mean()
    return x, np.concatenate([np.tile([0.0, 1.0], 30), np.repeat([1.0, 0.0], [events, n - events])])


def fit(likelihood: Blurred, rounds: int = 15) -> tuple[Newton, list[int]]:
    """Return the fit where it has converged or estimates are infinite, and which."""
    x, y = likelihood.x, likelihood.y
    sd = x[:, 1:].std(axis=0)
    events = min(y.sum(), len(y) - y.sum())
    state = Newton(np.zeros(x.shape[1]), events, sd=sd)
    for _ in range(rounds):
        state.accept(likelihood.at(state.beta))
        steps = [proposal for _, proposal in state.history]
        found = infinite(steps, state.gain, in_noise=state.in_noise)
        if len(found) or state.converged:
            return state, found.tolist()
    raise AssertionError("it goes on and on")


@pytest.mark.parametrize("d", [0.01, 0.1])
def test_a_fit_ends_within_its_noise(d: float) -> None:
    x, y = rows()
    exact = Newton(np.zeros(3), 90.0)
    while not exact.converged:
        exact.accept(Blurred(x, y, 0, 0, 0).exact(exact.beta))
    error = np.sqrt(np.diag(propose(Blurred(x, y, 0, 0, 0).exact(exact.beta)).covariance))
    apart, rounds = [], []
    for seed in range(40):
        state, separated = fit(Blurred(x, y, d, d, seed))
        assert not separated
        apart.append((state.beta - exact.beta) / error / d)
        rounds.append(len(state.history))
    assert np.median(rounds) < len(exact.history)
    assert np.std(apart) == pytest.approx(1, abs=0.25)  # 120 numbers
    assert np.abs(apart).max() < 5


def test_the_precision_of_a_step_is_its_noise_in_standard_errors() -> None:
    information = np.array([[4.0, 1.0], [1.0, 9.0]])
    found = Evaluation(0.0, np.zeros(2), information, Noise(0.01 * information, 0.1, 0.0))
    assert propose(found).precision == pytest.approx(0.1)
    assert propose(replace(found, noise=None)).precision == 0
    penalised = propose(found.penalised(np.zeros(2), np.array([0.0, 9.0])))
    assert 0.05 < penalised.precision < 0.1  # a ridge keeps less of it
    wider = propose(replace(found, noise=Noise(0.01 * information, 0.1, 0.1)))
    assert wider.precision == pytest.approx(0.1 * 1.02**0.5)  # 1 + p e^2


@pytest.mark.parametrize(("fall", "taken"), [(0.3, True), (0.5, False)])
def test_only_what_is_more_than_noise_is_downhill(fall: float, taken: bool) -> None:
    """The second point is 1 from the origin: the sd of its likelihood is d, .1."""

    def at(value: float) -> Evaluation:
        return Evaluation(value, np.array([1.0]), np.eye(1), Noise(0.01 * np.eye(1), 0.1, 0.1))

    state = Newton(np.zeros(1), 100.0)
    state.accept(at(0.0))
    assert state.beta[0] == 1.0
    assert state.accept(at(-fall)) is taken


@pytest.mark.parametrize("d", [0.02, 0.05, 0.1])
def test_separated_groups_are_told_from_rare_events(d: float) -> None:
    """In 20 rows no event, or one, two or three: noise makes neither of the other."""
    missed = false = 0
    for seed in range(20):
        _, found = fit(Blurred(*group(20, 0), d, d, seed))
        missed += 1 not in found
        for events in (1, 2, 3):
            false += len(fit(Blurred(*group(20, events), d, d, seed))[1]) > 0
    assert missed <= 2
    assert false == 0


@pytest.mark.parametrize("e", [0.01, 0.1, 0.3])
@pytest.mark.parametrize("p", [2, 5, 10])
def test_rounding_does_not_make_collinear_columns_regular(e: float, p: int) -> None:
    """Entries are told to 2^-10 of their noise."""
    for seed in range(10):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(100, p))
        x[:, -1] = x[:, :-1].sum(axis=1)
        information = x.T @ x
        length = np.sqrt(np.diag(information))
        step = e * np.outer(length, length) * 2.0**-9
        rounded = np.rint(information / step) * step
        with pytest.raises(SingularError) as caught:
            inverse(rounded, e)
        assert caught.value.places == list(range(p))
        assert inverse(rounded[:-1, :-1], e) is not None


def test_noise_adds_nothing_to_a_likelihood_on_average() -> None:
    """The last step's gain, that which noise is expected to add taken off."""
    x, y = rows()
    exact = Newton(np.zeros(3), 90.0)
    while not exact.converged:
        exact.accept(Blurred(x, y, 0, 0, 0).exact(exact.beta))
    blurred = Blurred(x, y, 0.1, 0.0, 1)
    gains = []
    for _ in range(400):
        found = blurred.at(exact.beta)
        gains.append(gain_of(found, propose(found)))
    # the chi-square of 3 times d^2 / 2 has an sd of .012, its mean of 400 one of .0006
    assert np.mean(gains) == pytest.approx(0, abs=0.0025)


def test_without_noise_nothing_is_other() -> None:
    x, y = rows()
    found = Blurred(x, y, 0, 0, 0).exact(np.zeros(3))
    step: Any = propose(found)
    assert step.noise is None
    assert step.precision == 0
    assert not step.is_near_noise
    state = Newton(np.zeros(3), 90.0)
    state.accept(found)
    assert state.doubt(found, np.ones(3)) == 0
    assert state.in_noise == 0
