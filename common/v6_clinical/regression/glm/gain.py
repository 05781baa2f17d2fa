"""A gain in log-likelihood, summed block by block."""

from __future__ import annotations

import numpy as np

from v6_clinical.numerics.arrays import Array, Index
from v6_clinical.regression.site.noise import Parts, parts_of


class Gain:
    """A sum of rows' parts, added block by block, and what makes its noise."""

    def __init__(self, n: int, clusters: Index | None) -> None:
        self.total = self._squares = self._largest = 0.0
        self._each = None if clusters is None else np.zeros(n)
        self._clusters = clusters

    def add(self, rows: slice, block: Array) -> None:
        """Add the parts of a block of rows."""
        self.total += float(block.sum())
        if self._each is not None:
            self._each[rows] = block
            return
        self._squares += float(np.dot(block, block))
        self._largest = max(self._largest, float(block.max()), -float(block.min()))

    def parts(self) -> Parts:
        """Return what makes the noise of the sum."""
        if self._each is not None:
            return parts_of(self._each, self._clusters)
        return Parts(self._squares**0.5, self._largest)
