"""A few models of the fit hunt (``ci/hunt`` runs a thousand of each): none fails, none is wrong."""

import numpy as np
import pytest

from hunt.models import random_model
from hunt.pooled import separation
from hunt.run import ANALYSES, hunt

SEEDS = range(12)
# Seeds whose models are separated: by an interaction, a spline, a level beside weights.
SEPARATED = {"logistic": (27, 48, 147, 621), "cox": ()}


@pytest.mark.parametrize("analysis", ANALYSES)
def test_what_all_rows_fit_is_fitted_from_sites(analysis: str) -> None:
    found = [verdict for verdict in hunt(analysis, "open", SEEDS) if verdict.quiet]
    assert len(found) > 0.6 * len(SEEDS)
    assert [v for v in found if v.cause != "completed" or v.wrong] == []


@pytest.mark.parametrize("analysis", ANALYSES)
def test_under_the_shipped_limits_a_failure_is_a_refusal(analysis: str) -> None:
    found = [verdict for verdict in hunt(analysis, "shipped", SEEDS) if verdict.quiet]
    assert [v for v in found if v.cause != "completed" and not v.refused] == []
    assert [v for v in found if v.wrong] == []


@pytest.mark.parametrize("seed", SEPARATED["logistic"])
def test_separation_is_told_by_its_terms(seed: int) -> None:
    (verdict,) = hunt("logistic", "open", range(seed, seed + 1))
    assert verdict.cause == "SEPARATION"
    assert not verdict.wrong


def test_the_truth_of_a_separation_is_what_it_should_be() -> None:
    """Of a level in which all rows have the outcome, that level; of none, nothing."""
    model = random_model("logistic", 0)
    assert model is not None
    x = np.column_stack([np.ones(60), np.arange(60) % 2, np.arange(60) % 3 == 0]).astype(float)
    names, rows = ("Intercept", "a", "b"), model.rows.iloc[:60].assign(y=np.arange(60) // 2 % 2)
    plain = type(model)("logistic", "wild", 0, rows, {"outcome": "y"}, x, names)
    found = separation(plain)
    assert found is not None
    assert found.infinite == ()
    parted = rows.assign(y=np.where(x[:, 2] == 1, 1, rows["y"]))
    found = separation(type(model)("logistic", "wild", 0, parted, {"outcome": "y"}, x, names))
    assert found is not None
    assert (found.infinite, found.complete) == (("b",), False)
