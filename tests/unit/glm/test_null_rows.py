"""A site's rows at their null model: the largest parts and leverages are those by definition."""

from __future__ import annotations

import numpy as np
import pytest

from v6_clinical.disclosure.row_key import powers_of
from v6_clinical.disclosure.survey import survey
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.whitening import Factor, longer
from v6_clinical.regression.families.binomial import BINOMIAL
from v6_clinical.regression.families.family import Family
from v6_clinical.regression.families.gamma import GAMMA, INVERSE_GAMMA
from v6_clinical.regression.families.gaussian import GAUSSIAN
from v6_clinical.regression.families.poisson import POISSON
from v6_clinical.regression.glm.likelihood import Data
from v6_clinical.regression.glm.null_rows import null_rows
from v6_clinical.regression.glm.own_intercept import null_intercept, own_intercept
from v6_clinical.regression.glm.reach import Reach, largest_parts

FAMILIES = {"binomial": BINOMIAL, "poisson": POISSON, "gaussian": GAUSSIAN, "gamma": GAMMA}
N = 900


def rows(family: Family, weighted: bool, offset: bool, n: int = N) -> Data:
    rng = np.random.default_rng(7)
    design = np.asfortranarray(np.column_stack([np.ones(n), rng.normal(size=(n, 3))]))
    outcome = rng.poisson(2.0, n) + (0.5 if family in (GAMMA, INVERSE_GAMMA) else 0.0)
    if family is BINOMIAL:
        outcome = (outcome > 2).astype(float)
    one, zero = np.broadcast_to(1.0, n), np.broadcast_to(0.0, n)
    return Data(
        family,
        design,
        np.asarray(outcome, dtype=float),
        rng.uniform(0.5, 3.0, n) if weighted else one,
        rng.normal(0, 0.3, n) if offset else zero,
    )


def by_definition(data: Data, intercept: float, patients: Array) -> tuple[Array, Array]:
    """Return row, square, those of a design of ones, dispersion and rows; and leverages."""
    eta = data.offset + intercept
    _, r, second = data.family.rows(data.outcome, data.weights, eta)
    v = data.family.expected(data.outcome, data.weights, eta)
    parts = []
    for x in (data.design, np.ones((len(eta), 1))):
        h = np.linalg.solve(np.linalg.cholesky((x * v[:, None]).T @ x), x.T)
        squares = np.maximum(second, v) * (h**2).sum(axis=0)
        together = np.array([np.bincount(patients, r * one) for one in h])
        parts += [np.linalg.norm(together, axis=0).max(), np.bincount(patients, squares).max()]
        if x is data.design:
            leverages = v * (h**2).sum(axis=0)
    spread = (r**2 / data.weights).sum() / v.sum(), v.sum() ** 2 / (v**2).sum()
    return np.array([*parts, *spread]), leverages


@pytest.mark.parametrize("clustered", [False, True], ids=["rows", "patients"])
@pytest.mark.parametrize("offset", [False, True], ids=["", "offset"])
@pytest.mark.parametrize("weighted", [False, True], ids=["", "weights"])
@pytest.mark.parametrize("name", FAMILIES)
def test_largest_parts(name: str, weighted: bool, offset: bool, clustered: bool) -> None:
    data = rows(FAMILIES[name], weighted, offset)
    patients = np.arange(N) // 3 if clustered else np.arange(N)
    by = 1 if weighted and not offset else None
    about = survey(data.design, [data.outcome, data.weights], weights=by)
    clusters = patients if clustered else None
    powers = powers_of(data.weights)
    found, leverages = null_rows(data, 0.4, about.weighted_gram, powers, clusters)
    got = [found.row, found.square, *found.alone, found.spread.dispersion, found.spread.rows]
    expected, known = by_definition(data, 0.4, patients)
    np.testing.assert_allclose(got, expected, rtol=1e-9)
    np.testing.assert_allclose(leverages, known, rtol=1e-9)
    if offset:
        assert found.values is not None
        values = data.family.value(data.outcome, data.offset + 0.4)
        np.testing.assert_allclose(found.values, values, rtol=1e-6)


@pytest.mark.parametrize("name", ["binomial", "poisson"])
def test_the_null_intercept_is_the_optimum_whatever_sample_it_is_looked_for_in(name: str) -> None:
    data = rows(FAMILIES[name], weighted=True, offset=True, n=20_000)
    found = null_intercept(data, 0.1)
    assert found == pytest.approx(own_intercept(data, 0.1), abs=1e-12)
    _, score, _ = data.family.rows(data.outcome, data.weights, data.offset + found)
    assert abs(score.sum()) < 1e-8 * np.abs(score).sum()


@pytest.mark.parametrize("seed", range(5))
def test_the_largest_parts_at_a_point_are_found_among_few_rows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    design = np.asfortranarray(rng.normal(size=(3_000, 4)))
    before = rng.uniform(0.5, 2.0, 3_000)
    weights = before * np.exp(design @ rng.normal(0, 0.5, 4))
    residuals = rng.normal(size=3_000) * weights
    null = Factor((design * before[:, None]).T @ design)
    information = (design * weights[:, None]).T @ design
    reach, here = Reach.of(null, null.squares(design)), Factor(information)
    further = (1 + 1e-6) * longer(reach.whitener, information)
    found = reach.largest(here, design, residuals, weights, further)
    expected = largest_parts(here, design, residuals, weights, None)
    np.testing.assert_allclose(found, expected, rtol=1e-9)
