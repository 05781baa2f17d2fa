"""The tables of what the shipped limits do are what they do."""

import pytest

from helpers import shipped_limits


@pytest.mark.parametrize("analysis", shipped_limits.analyses())
def test_the_table_is_not_stale(analysis: str) -> None:
    """Refusals, warnings, withheld cells; another draw of the noise is not another table."""
    ours = shipped_limits.path(analysis).read_text()
    found = shipped_limits.stale(ours, shipped_limits.table(analysis))
    assert found == [], "run 'make table'"


LINE = "| birthwt | 1 (189) | accepted | 3 | numeric 8 of 264 | auc 0.69 to 0.80 | AUC_COARSE |"


@pytest.mark.parametrize(
    ("old", "new", "stale"),
    [
        ("accepted", "accepted", False),
        ("accepted | 3", "accepted | 5", False),
        ("0.69", "0.70", False),
        (" AUC_COARSE", "", False),
        ("8 of", "9 of", False),
        ("accepted", "refused: site 1: MIN_ROWS", True),
        ("accepted", "failed: SEPARATION", True),
        ("AUC_COARSE", "MANY_MISSING", True),
        ("0.69", "0.49", True),
        ("8 of", "80 of", True),
        ("auc 0.69 to 0.80", "", True),
        ("birthwt", "lung", True),
    ],
)
def test_a_table_is_stale_by_more_than_noise(old: str, new: str, stale: bool) -> None:
    assert bool(shipped_limits.stale(LINE, LINE.replace(old, new))) == stale


def test_how_a_model_without_estimates_ends_depends_on_the_noise() -> None:
    ends = ("failed: SEPARATION", "refused: site 1: COEFFICIENT_RANGE", "accepted")
    lines = [LINE.replace("accepted", end) for end in ends]
    assert shipped_limits.stale(lines[0], lines[1]) == []
    assert shipped_limits.stale(lines[0], lines[2]) == [lines[2]]
    near = [line.replace("birthwt", "monotone") for line in lines]
    assert shipped_limits.stale(near[0], near[2]) == []
