"""Rows in blocks: temporaries that fit a processor's cache, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

BLOCK_ROWS: Final = 8_192


def row_blocks(n: int) -> Iterator[slice]:
    """Yield slices that cover n rows in order."""
    for start in range(0, n, BLOCK_ROWS):
        yield slice(start, start + BLOCK_ROWS)
