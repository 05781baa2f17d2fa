"""The test of proportional hazards against R's cox.zph, from one site's sums and from several."""

from dataclasses import fields
from itertools import pairwise

import numpy as np
import pytest

from helpers.cox_models import NAMES, R, rows
from v6_cox.kernel.partial_likelihood import Point
from v6_cox.kernel.proportional_hazards import PHSums, ph_sums, ph_test


def terms(case):
    """Return the columns of each term."""
    ends = np.cumsum([0, *case["zph_columns"]])
    return [list(range(a, b)) for a, b in pairwise(ends)]


@pytest.mark.parametrize("transform", ["identity", "log"])
@pytest.mark.parametrize("name", NAMES)
def test_terms_and_global_equal_r(name, transform):
    case = R[name]
    sums = ph_sums(Point(rows(name).sorted(), np.array(case["coefficients"])), transform)
    found = ph_test(sums, terms(case))
    assert found.statistic == pytest.approx(case[f"zph_{transform}"], rel=1e-10, abs=1e-12)
    assert list(found.df) == [*case["zph_columns"], len(case["coefficients"])]


def test_sums_of_strata_add():
    """Two sites are two strata; no time or count of a single event is in the sums."""
    case, one = R["veteran_strata"], rows("veteran_strata")
    beta = np.array(case["coefficients"])
    sites = [ph_sums(Point(one.take(one.strata % 2 == site).sorted(), beta)) for site in (0, 1)]
    total = PHSums(*(sum(getattr(s, f.name) for s in sites) for f in fields(PHSums)))
    assert ph_test(total, terms(case)).statistic == pytest.approx(case["zph_identity"], rel=1e-10)


def test_an_unknown_transform_is_named():
    with pytest.raises(ValueError, match="'rank'"):
        ph_sums(Point(rows("gehan").sorted(), np.zeros(1)), "rank")
