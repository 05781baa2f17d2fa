"""What declared noise adds to a fit's tables, by its formula."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from v6_clinical.numerics.newton import Evaluation, Noise, propose
from v6_clinical.protocol.sums import Form, Sums
from v6_clinical.protocol.sums import Noise as Told
from v6_clinical.regression.centre.fit import Fit
from v6_clinical.regression.centre.noise import (
    noise_of,
    precision_of,
    widened,
    with_precision,
)
from v6_clinical.regression.centre.tables import heterogeneity_table
from v6_clinical.regression.messages import read_noise

A = [np.array([[4.0, 1.0], [1.0, 3.0]]), np.array([[9.0, -2.0], [-2.0, 5.0]])]


def test_a_covariance_gains_what_each_site_declares() -> None:
    """C + C (d_1^2 A_1 + d_2^2 A_2) C: the sites' noise differs, and one has none."""
    labels = ("x", "z")
    parts = [
        Sums(forms={"information": Form(labels, a)}, noise={"information": Told(d, 0.0)})
        for a, d in zip(A, (0.1, 0.3), strict=True)
    ]
    parts.append(Sums(forms={"information": Form(labels, np.eye(2))}))
    total = Sums.total(parts)
    noise = read_noise(total, labels)
    assert noise is not None
    assert noise.d == 0.3
    information = total.form("information", labels)
    step = propose(Evaluation(0.0, np.zeros(2), information, noise))
    covariance = np.linalg.inv(A[0] + A[1] + np.eye(2))
    expected = covariance @ (0.01 * A[0] + 0.09 * A[1]) @ covariance
    change = np.array([[2.0, 0.0], [1.0, 1.0]])
    fit = Fit(np.zeros(2), step.covariance, 0.0, total, (1, 2, 3), step.noise)
    found = noise_of(fit, change)
    assert found is not None
    assert found == pytest.approx(change @ expected @ change.T, rel=1e-12)
    of_user = change @ covariance @ change.T
    assert widened(of_user, found) == pytest.approx(of_user + found, rel=1e-12)
    share = np.sqrt(np.diag(found) / np.diag(of_user))
    assert precision_of(of_user, found) == pytest.approx(share.max(), rel=1e-12)
    assert 0.1 < share.max() < 0.3


def test_exact_sums_add_nothing() -> None:
    total = Sums(forms={"information": Form(("x",), np.eye(1))})
    fit = Fit(np.zeros(1), np.eye(1), 0.0, total, (1, 2))
    assert read_noise(total, ("x",)) is None
    assert noise_of(fit, np.eye(1)) is None
    assert precision_of(np.eye(1), None) == 0
    assert widened(fit.covariance, None) is fit.covariance


@pytest.mark.parametrize(("d", "dispersion"), [(0.0, 1.0), (0.5, 1.0), (0.5, 4.0)])
def test_heterogeneity_holds_the_noise_of_each_site_s_estimate(d: float, dispersion: float) -> None:
    """Each variance is phi / w + d^2 / w: Q, and the tau^2 that it is compared with."""
    weight, estimate = np.array([4.0, 9.0, 25.0]), np.array([0.1, 0.7, -0.4])
    tallies = {
        "own_sites": {"x": 3.0},
        "own_weight": {"x": weight.sum()},
        "own_shifted": {"x": weight @ estimate},
        "own_squares": {"x": weight @ estimate**2},
        "own_weight_squares": {"x": weight @ weight},
    }
    arrays = {"noise/information": np.array([d, 0.1])} if d else {}
    design: Any = SimpleNamespace(
        intercepts=(), slopes=("x",), user_slopes=("x",), to_user=np.eye(1)
    )
    (found,) = heterogeneity_table(design, Sums(arrays, tallies), dispersion)
    w = weight / (dispersion + d**2)
    q = w @ np.square(estimate - w @ estimate / w.sum())
    assert found["q"] == pytest.approx(q, rel=1e-12)
    expected = max(q - 2, 0) / (w.sum() - w @ w / w.sum())
    assert found["tau2"] == pytest.approx(expected, rel=1e-12)


def test_precision_stands_beside_what_it_is_of() -> None:
    record = {"n": 9, "log_likelihood": -1.0, "aic": None, "lr_statistic": 3.0, "rounds": 3}
    assert list(with_precision(record, 0.1, 0.3).items()) == [
        ("n", 9),
        ("log_likelihood", -1.0),
        ("log_likelihood_precision", 0.1),
        ("aic", None),
        ("aic_precision", None),
        ("lr_statistic", 3.0),
        ("lr_precision", 0.3),
        ("rounds", 3),
    ]


def test_noise_of_a_score_that_is_none_is_none() -> None:
    found = Evaluation(0.0, np.ones(1), np.eye(1), Noise(np.zeros((1, 1)), 0.0, 0.0))
    assert propose(found).precision == 0
    assert propose(found).is_settled(1.1)
    assert not propose(found).is_settled(0.9)
