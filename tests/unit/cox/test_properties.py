"""What holds of any data set."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.cox_long_double import naive
from helpers.cox_models import Rows
from helpers.cox_tables import tables
from v6_cox.kernel.concordance import concordance
from v6_cox.kernel.partial_likelihood import Point, evaluate
from v6_cox.kernel.proportional_hazards import ph_sums
from v6_cox.kernel.residuals import meat, score_residuals

examples = settings(deadline=None, max_examples=60)


def answers(one, beta):
    """Return all that a site sends at beta, as one array."""
    data = one.sorted()
    found = evaluate(data, beta)
    robust = meat(score_residuals(data, beta), one.weights, one.cluster)
    parts = [found.log_likelihood, found.score, found.information]
    parts += [*vars(ph_sums(Point(data, beta))).values()]
    parts += [*vars(concordance(data, beta)).values(), robust]
    return np.concatenate([np.ravel(part) for part in parts])


def direction(one):
    return np.linspace(-0.5, 1, one.design.shape[1])


@examples
@given(tables())
def test_sums_equal_the_definition(one):
    beta = direction(one)
    found = evaluate(one.sorted(), beta)
    values = found.log_likelihood, found.score, found.information
    for value, expected in zip(values, naive(one, beta), strict=True):
        assert np.asarray(value) == pytest.approx(np.asarray(expected, float), rel=1e-9, abs=1e-10)


@examples
@given(tables(), st.data())
def test_sites_are_strata(one, draw):
    """Whichever rows a site has, even none: what sites send adds up to what the whole would."""
    n, beta = len(one.time), direction(one)
    site = np.array(draw.draw(st.lists(st.integers(0, 2), min_size=n, max_size=n)))
    strata = np.zeros(n, dtype=int) if one.strata is None else one.strata
    apart = replace(one, strata=strata * 3 + site, cluster=one.cluster * 3 + site)
    total = sum(answers(replace(one, cluster=one.cluster).take(site == s), beta) for s in range(3))
    assert total == pytest.approx(answers(apart, beta), rel=1e-9, abs=1e-8)


@examples
@given(tables(), st.integers(0, 999))
def test_the_order_of_rows_does_not_matter(one, seed):
    beta, order = direction(one), np.random.default_rng(seed).permutation(len(one.time))
    found = answers(one.take(order), beta)
    assert found == pytest.approx(answers(one, beta), rel=1e-9, abs=1e-8)
    residuals = score_residuals(one.sorted(), beta)[order]
    assert score_residuals(one.take(order).sorted(), beta) == pytest.approx(residuals, abs=1e-9)


@examples
@given(tables())
def test_integer_weights_are_copies(one):
    """With Breslow's ties a row of weight 3 is three rows."""
    copies = np.arange(len(one.time)) % 3 + 1
    weighted = replace(one, ties="breslow", weights=copies.astype(float))
    repeated = replace(one, ties="breslow", weights=None).take(
        np.repeat(np.arange(len(copies)), copies)
    )
    beta = direction(one)
    found, expected = evaluate(weighted.sorted(), beta), evaluate(repeated.sorted(), beta)
    assert found.log_likelihood == pytest.approx(expected.log_likelihood, rel=1e-11, abs=1e-11)
    assert found.information == pytest.approx(expected.information, rel=1e-10, abs=1e-10)


@examples
@given(tables())
def test_a_constant_has_no_information(one):
    constant = replace(one, design=np.ones((len(one.time), 1)))
    found = evaluate(constant.sorted(), np.ones(1))
    assert found.score == pytest.approx([0], abs=1e-12)
    assert found.information == pytest.approx(np.zeros((1, 1)), abs=1e-12)


@pytest.mark.parametrize("event", [0, 1])
@pytest.mark.parametrize("n", [0, 1])
@pytest.mark.parametrize("strata", [None, 0])
@pytest.mark.parametrize("entry", [None, 0])
def test_nothing_to_learn_is_all_zeros(n, event, strata, entry):
    """No row, no event, or one row alone."""
    one = Rows(
        time=np.ones(n),
        event=np.full(n, event == 1),
        design=np.ones((n, 2)),
        entry=None if entry is None else np.zeros(n),
        strata=None if strata is None else np.zeros(n, dtype=int),
        cluster=np.zeros(n),
    )
    found = answers(one, np.ones(2))
    assert found == pytest.approx(np.zeros_like(found), abs=1e-15)


def test_no_covariates():
    data = Rows(np.array([1.0, 2]), np.array([True, True]), np.empty((2, 0))).sorted()
    found = evaluate(data, np.empty(0))
    assert found.log_likelihood == pytest.approx(-np.log(2))
    assert found.information.shape == (0, 0)
