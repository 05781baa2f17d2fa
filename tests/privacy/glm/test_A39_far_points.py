"""A patient's part of the score at coefficients far from the null model, in units of the noise.

Its size is fixed near the model without predictors. Far out the information, which it is measured
by, all but vanishes, and one patient's part would stand out of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.attacker import Answer, form
from helpers.glm_attacker import ask, at
from helpers.logistic_attacker import patients
from helpers.policies import EXACT, shipped
from v6_clinical.disclosure import Policy, growth
from v6_clinical.numerics.arrays import Array
from v6_clinical.regression.glm import reach

FLOOR = 0.25
CENTRE, UNIT = np.array([60.0, 27.0]), np.array([12.0, 4.0])
ROOT = 2**0.5


def probit(y: Array, eta: Array) -> Array:
    sign = 2 * y - 1
    below = np.array([math.erfc(-x / ROOT) / 2 for x in sign * eta])
    return np.asarray(sign * np.exp(-(eta**2) / 2) / (2 * math.pi) ** 0.5 / below)


Residuals = Callable[[Array, Array], Array]
FAMILIES: dict[tuple[str, str, str], Residuals] = {
    ("binomial", "logit", "y"): lambda y, eta: y - 1 / (1 + np.exp(-eta)),
    ("binomial", "probit", "y"): probit,
    ("poisson", "log", "counts"): lambda y, eta: y - np.exp(eta),
    ("gamma", "log", "cost"): lambda y, eta: y / np.exp(eta) - 1,
    ("gaussian", "identity", "cost"): lambda y, eta: y - eta,
}
BY_FAMILY = pytest.mark.parametrize("family", FAMILIES, ids="-".join)


def limits(draw: int, **more: Any) -> Policy:
    return shipped(blur=0.01, blur_rows=FLOOR, secret=draw.to_bytes(32, "big"), **more)


def rows() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    frame = patients()
    n = len(frame)
    return frame.assign(
        counts=rng.poisson(2, n),
        cost=rng.gamma(3, 1, n),
        w=rng.uniform(1, 2, n),
        c=np.arange(n) // 2,
    )


def points(count: int) -> Iterator[Array]:
    """Yield coefficients in all directions, near and far."""
    rng = np.random.default_rng(1)
    for _ in range(count):
        way = rng.normal(size=2)
        way *= rng.uniform(0.5, 9) / np.linalg.norm(way)
        yield np.append(rng.normal(0, 3), way / UNIT)


def largest(
    frame: pd.DataFrame, family: tuple[str, str, str], beta: Array, policy: Policy, **more: Any
) -> float | None:
    """Return the largest part of a patient in units of the noise; None where R9 refuses."""
    kind, link, column = family
    outcome = {"column": column, "levels": None, "positive": None}
    place = {"shift": CENTRE.tolist(), "outcome": outcome} | more
    asked = at(kind, link, beta[0], beta[1:].tolist(), "age", "bmi", **place)
    found, exact = (ask(frame, "evaluate", asked, given) for given in (policy, EXACT))
    if found["status"] == "refused":
        return None
    information = matrix(exact)
    columns = np.column_stack([np.ones(len(frame)), frame[["age", "bmi"]] - CENTRE])
    residuals = FAMILIES[family](frame[column].to_numpy(np.float64), columns @ beta)
    parts = columns * residuals[:, None]
    if "weights" in more:
        parts *= frame[[more["weights"]]].to_numpy()
    if "cluster" in more:
        parts = pd.DataFrame(parts).groupby(frame[more["cluster"]]).sum().to_numpy()
    sizes = np.einsum("ij,ij->i", parts @ np.linalg.inv(information), parts)
    return float(sizes.max()) ** 0.5 / found["sums"]["noise"]["information"][0]


def matrix(found: Answer) -> Array:
    information, names = form(found, "information"), ("Intercept", "age", "bmi")
    return np.array([[information(a, b) for b in names] for a in names])


def reached(frame: pd.DataFrame, family: tuple[str, str, str], count: int, **more: Any) -> Array:
    told = [largest(frame, family, b, limits(k), **more) for k, b in enumerate(points(count))]
    return np.array([size for size in told if size is not None])


@BY_FAMILY
def test_A39_no_patient_stands_out_at_any_point(
    family: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By no more than twice what the floor allows, at every point that R9 lets pass."""
    frame = rows()
    assert reached(frame, family, 40).max() <= 2 / FLOOR
    if family[0] == "binomial":  # R9 ends at points less far out, or the information is the same
        monkeypatch.setattr(growth, "_floors", lambda *asked: [0.0, 0.0])
        assert reached(frame, family, 40).max() > 2 / FLOOR


@pytest.mark.parametrize("more", [{"weights": "w"}, {"cluster": "c"}], ids=["weights", "clusters"])
def test_A39_nor_does_one_with_a_weight_or_several_rows(more: dict[str, str]) -> None:
    assert reached(rows(), ("binomial", "logit", "y"), 25, **more).max() <= 2 / FLOOR


def test_A39_the_direction_that_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """One call: 27 times the noise at (47.94, -.234, -1.5), with sd 7 of the linear predictor."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"age": rng.normal(60, 12, 100), "bmi": rng.normal(27, 4, 100)})
    lean = 47.94 - 0.234 * frame["age"] - 1.5 * frame["bmi"]
    frame["y"] = (rng.random(100) < 0.5).astype(int)
    beta = np.array([47.94 + np.array([-0.234, -1.5]) @ CENTRE, -0.234, -1.5])
    assert 5 < lean.std() < 9
    size = largest(frame, ("binomial", "logit", "y"), beta, limits(1))
    assert size is None or size <= 2 / FLOOR
    monkeypatch.setattr(growth, "_floors", lambda *asked: [0.0, 0.0])
    size = largest(frame, ("binomial", "logit", "y"), beta, limits(1))
    assert size is not None
    assert size > 2 / FLOOR


@BY_FAMILY
def test_near_the_null_model_no_pass_over_the_columns_is_made(
    family: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bound from the null model suffices there: a middle round costs what it did."""

    def fail(*_: Any) -> tuple[float, float]:
        raise AssertionError("a pass over the rows")

    monkeypatch.setattr(reach, "largest_parts", fail)
    frame, column = rows(), family[2]
    mean = frame[column].mean()
    null = {"identity": mean, "log": math.log(mean)}.get(family[1], 0.0)  # half have the outcome
    beta = np.array([null, 0.1 / 12, -0.1 / 4])
    for draw in range(10):
        assert largest(frame, family, beta, limits(draw)) is not None
