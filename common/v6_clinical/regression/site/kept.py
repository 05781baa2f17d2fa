"""The columns of a design that a question is about: those that others do not determine."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from v6_clinical.disclosure.row_key import Columns
from v6_clinical.numerics.arrays import Array, Index
from v6_clinical.numerics.whitening import Factor


@dataclass(frozen=True)
class Kept:
    """The columns of a design that others do not determine: what a question is about.

    Coefficients of the others change a predictor by what those of these could.

    Parameters
    ----------
    places, rest
        Of the r columns, ascending, and of the others.
    onto
        The others as combinations of the r, shape (r, p - r).
    """

    places: Index
    rest: Index
    onto: Array

    @classmethod
    def of(cls, factor: Factor) -> Kept:
        """Return those that have a coordinate in the factor of the columns' products."""
        places = np.sort(factor.kept)
        rest = np.setdiff1d(np.arange(len(factor.root)), places)
        onto = np.linalg.solve(factor.root[places].T, factor.root[rest].T)
        return cls(places, rest, np.asarray(onto, dtype=np.float64))

    def columns(self, columns: Columns) -> Columns:
        """Return these of all columns."""
        return replace(columns, digests=tuple(columns.digests[k] for k in self.places))
