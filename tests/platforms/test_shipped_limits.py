"""The tables of what the shipped limits do are what they do."""

from types import ModuleType

import pytest

import shipped_limits
import shipped_limits_cox
import shipped_limits_logistic


@pytest.mark.parametrize("module", [shipped_limits, shipped_limits_logistic, shipped_limits_cox])
def test_the_table_is_not_stale(module: ModuleType) -> None:
    assert module.TABLE.read_text() == module.table(), "run 'make table'"
