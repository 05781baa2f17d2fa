"""Rows in blocks: temporaries that fit a processor's cache, whatever the number of rows.

A temporary as long as a site's rows costs more than the sums that it is for: memory is fetched
from the system, page by page, and given back.

Sums over rows are written ``np.dot``: ``@`` keeps the interpreter to itself while it computes a
small result, however many the rows, and threads at other rows would wait.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from v6_clinical.numerics.arrays import Array

NUMBERS: Final = 40_960  # of a block: 320 kB
FEWEST, MOST = 512, 8_192  # rows
GLANCE: Final = 100  # rows that usually tell what a column is like


def row_blocks(n: int, columns: int = 1) -> Iterator[slice]:
    """Yield slices that cover n rows of so many columns in order."""
    rows = min(max(NUMBERS // max(columns, 1), FEWEST), MOST)
    for start in range(0, n, rows):
        yield slice(start, start + rows)


def centred_squares(values: Array) -> tuple[float, float]:
    """Return the mean of n numbers and sum (x - mean)^2; 0 and 0 without any."""
    if not len(values):
        return 0.0, 0.0
    mean, squares = float(values.mean()), 0.0
    for rows in row_blocks(len(values)):
        z = values[rows] - mean
        squares += float(np.dot(z, z))
    return mean, squares
