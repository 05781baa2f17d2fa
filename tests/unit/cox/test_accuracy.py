"""Float error on 1e5 rows against extended precision, also where risks vary by many orders."""

import numpy as np
import pytest

from helpers.cox_long_double import LONG, cumulated
from helpers.cox_models import Rows
from v6_cox.kernel.partial_likelihood import evaluate

extended = pytest.mark.skipif(np.finfo(LONG).eps > 1e-18, reason="long double is double here")


def simulated(spread, kind, n=100_000):
    """Return rows whose linear predictor has this standard deviation, and its coefficients."""
    random = np.random.default_rng(11)
    columns = [random.normal(60, 10, n), random.random(n) < 0.3, random.normal(2010, 3, n)]
    design = np.column_stack(columns).astype(float)
    beta = np.array([0.05, 0.5, 0.1])
    beta *= spread / (design @ beta).std()
    predictor = design @ beta
    time = random.exponential(size=n) / np.exp(predictor - predictor.mean())
    censoring = np.exp(random.normal(0, spread, n))
    event, time = time <= censoring, np.minimum(time, censoring)
    if kind == "ties":
        time = np.exp(np.ceil(5 * np.log(time)) / 5)
    return Rows(
        time,
        event,
        design,
        entry=time * random.random(n) if kind == "entry" else None,
        strata=random.integers(0, 40, n) if kind == "strata" else None,
        weights=random.random(n) + 0.1 if kind == "weights" else None,
        ties="breslow" if kind == "weights" else "efron",
    ), beta


@extended
@pytest.mark.parametrize("spread", [pytest.param(1, marks=pytest.mark.repeats), 5])
@pytest.mark.parametrize("kind", ["plain", "ties", "entry", "strata", "weights"])
def test_error_stays_below_1e_10(kind, spread):
    one, beta = simulated(spread, kind)
    for at in (np.zeros_like(beta), beta / 2, beta):
        found = evaluate(one.sorted(), at)
        total, score, information = cumulated(one, at)
        sd = np.sqrt(np.diag(information))
        assert abs(found.log_likelihood / total - 1) < 1e-14
        assert np.abs((found.score - score) / sd).max() < 1e-11
        assert np.abs((found.information - information) / np.outer(sd, sd)).max() < 1e-12
