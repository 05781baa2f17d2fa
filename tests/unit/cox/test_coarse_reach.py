"""The largest parts of patients at a point, by runs of rows, are those of all rows one by one."""

from __future__ import annotations

import numpy as np
import pytest

from v6_clinical.numerics.whitening import Factor, longer
from v6_cox.kernel.coarse_reach import coarse_most
from v6_cox.kernel.partial_likelihood import Point
from v6_cox.kernel.row_parts import largest_parts
from v6_cox.kernel.sorted_data import SortedData, prepare

BETA = np.array([0.5, -0.4, 0.2, 0.8])


def rows(weighted: bool, n: int = 12_000, days: bool = False) -> SortedData:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(n, 4))
    x[:, 3] = rng.random(n) < 0.01
    time, end = rng.exponential(size=n) * np.exp(-x @ BETA), rng.exponential(2.0, n)
    weights = rng.uniform(0.5, 3.0, n) if weighted else None
    shown = np.minimum(time, end)
    shown = np.ceil(20 * shown) if days else shown
    return prepare(shown, time <= end, x, None, None, weights, None, "efron")


@pytest.mark.parametrize("scale", [0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_largest_parts(weighted: bool, scale: float) -> None:
    data = rows(weighted)
    null, here = Point(data, np.zeros(4)), Point(data, scale * BETA)
    factor, through = Factor(null.information), Factor(here.information).whitener
    further = longer(factor.whitener, here.information)
    found = coarse_most(here, factor.norms(data.design), further, through)
    expected = largest_parts(here, through, None, None)
    assert found is not None
    # a run's end stands for the means in it: the noise is sized by them, in powers of two
    assert 0.99 < found.score / expected.score < 1.01
    assert 0.99 < found.information / expected.information < 1.01


def test_not_where_many_leave_at_once() -> None:
    data = rows(weighted=False, days=True)
    point = Point(data, BETA)
    through = Factor(point.information).whitener
    assert coarse_most(point, np.ones(len(data)), 1.0, through) is None
