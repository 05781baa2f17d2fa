"""The tables of what the shipped limits do are what they do."""

import pytest

from helpers import shipped_limits


@pytest.mark.parametrize("analysis", shipped_limits.analyses())
def test_the_table_is_not_stale(analysis: str) -> None:
    assert shipped_limits.path(analysis).read_text() == shipped_limits.table(analysis), (
        "run 'make table'"
    )
