"""The table of what the shipped limits do is what they do."""

from shipped_limits import TABLE, table


def test_the_table_is_not_stale() -> None:
    assert TABLE.read_text() == table(), "run 'make table'"
