"""Predicted survival from a result: offsets, and hazards beyond the range of numbers."""

from typing import Any

import numpy as np
import pytest

from v6_clinical.errors import AnalysisError
from v6_clinical.model.coding import coding
from v6_clinical.model.formula import parse
from v6_cox.predict import model_record, predict


def result(hazard: list[float | None], offset: str | None = "off") -> dict[str, Any]:
    """Return a result of one curve whose only covariate has mean 2,000 and coefficient -3."""
    agreed = coding(parse("year").terms, {}, {}, intercept=True).without_intercept()
    curve = {"organization_id": 1, "stratum": "", "time": [1.0, 2.0], "cumulative_hazard": hazard}
    means = np.array([2000.0])
    return {
        "model": model_record(agreed, np.array([-3.0]), means, offset),
        "baseline_hazard": [curve],
    }


@pytest.mark.parametrize(
    ("profile", "predictor"),
    [({"year": 2000}, 0), ({"year": 2001}, -3), ({"year": 2000, "off": 1.5}, 1.5)],
)
def test_a_profile_is_compared_with_the_means(profile: dict[str, Any], predictor: float) -> None:
    found = predict(result([0.0, 0.2]), [profile])[0]
    assert found["cumulative_hazard"] == pytest.approx([0, 0.2 * np.exp(predictor)], rel=1e-14)
    assert found["survival"] == pytest.approx([1, np.exp(-0.2 * np.exp(predictor))], rel=1e-14)


def test_an_offset_may_lie_far_from_0_as_long_as_the_hazard_there_is_a_number() -> None:
    curves = result([1e-180, 1e-179])
    found = predict(curves, [{"year": 2000, "off": 410.0}])[0]
    expected = np.exp(np.log([1e-180, 1e-179]) + 410)
    assert found["cumulative_hazard"] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("value", [501, float("nan"), "1", None, True])
def test_other_offsets_are_refused_by_name(value: Any) -> None:
    with pytest.raises(AnalysisError, match="'off' is no number from -500 to 500"):
        predict(result([0.1, 0.2]), [{"year": 2000, "off": value}])


def test_a_hazard_beyond_numbers_is_null_and_nobody_survives() -> None:
    found = predict(result([0.1, None]), [{"year": 2000}, {"year": 1000}])
    assert found[0]["cumulative_hazard"] == [pytest.approx(0.1), None]
    assert found[0]["survival"] == [pytest.approx(np.exp(-0.1)), 0]
    assert found[1]["cumulative_hazard"] == [None, None]
    assert found[1]["survival"] == [0, 0]
