"""Counts with the log link.

l = y eta - mu, mu = e^eta: first derivative y - mu, second -mu. log y!, which does not depend on
eta, is summed apart. McCullagh & Nelder, Generalized Linear Models, 1989, chapter 6.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from v6_clinical.errors import RefusalError
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.blocks import row_blocks
from v6_clinical.regression.counts import Counts
from v6_clinical.regression.families.family import Family, NullFit, Outcome
from v6_clinical.regression.families.real import read_real

if TYPE_CHECKING:
    import pandas as pd

    from v6_clinical.disclosure import Policy


class Poisson(Family):
    """The family of counts whose variance is their mean."""

    kind = "poisson log"
    ratio = ("ratio", "ratio")
    saturates = True

    def read(self, column: pd.Series, outcome: Outcome, policy: Policy) -> Array:
        """Return the counts; R5, and as R6 counts of 0, and above, in 0 or a cell of rows.

        Raises
        ------
        RefusalError
            ``BAD_OUTCOME`` for a number below 0, or not whole; R5, R6.
        """
        from v6_clinical.table import numbers  # pandas: not at the centre

        values = numbers(column, outcome.column)
        if (values < 0).any() or (values != np.floor(values)).any():
            raise RefusalError("BAD_OUTCOME", [outcome.column])
        positive = int((values > 0).sum())
        policy.check_classes(positive, len(values) - positive, outcome.column)
        return read_real(column, outcome, policy)

    def rows(self, y: Array, w: Array, eta: Array) -> tuple[Array, Array, Array]:
        """Return value and derivatives."""
        mu = np.exp(eta)
        return y * eta - mu, w * (y - mu), w * mu

    def value(self, y: Array, eta: Array) -> Array:
        """Return y eta - mu."""
        return np.asarray(y * eta - np.exp(eta))

    def third(self, y: Array, w: Array, residuals: Array, weights: Array) -> Array:
        """Return w mu."""
        return weights

    def constant(self, counts: Counts) -> str | None:
        """Return that no row has a count above 0, if so."""
        return "No row has" if counts.events == 0 else None

    def null_beside(self, y: Array, w: Array, offset: Array) -> float | None:
        """Return log(sum w y / sum w e^offset), None where that is no number."""
        with np.errstate(all="ignore"):
            total = sum(float(np.dot(w[rows], np.exp(offset[rows]))) for rows in row_blocks(len(y)))
            found = float(np.log(np.dot(w, y) / np.float64(total)))
        return found if math.isfinite(found) else None

    def origin(self, mean: float) -> float:
        """Return log mean."""
        return math.log(mean) if mean > 0 else 0.0

    def features(self, y: Array, w: Array) -> Array:
        """Return w log y!, (n, 1)."""
        from scipy.special import gammaln  # only who sums counts waits for it

        return np.asarray(w * gammaln(y + 1))[:, None]

    def saturated(self, y: Array) -> Array:
        """Return y log y - y."""
        from scipy.special import xlogy

        return np.asarray(xlogy(y, y) - y)

    def log_likelihood(
        self, value: float, deviance: float, constants: Array, counts: Counts
    ) -> float:
        """Return sum w (y eta - mu - log y!)."""
        return value - float(constants[0])

    def null(self, counts: Counts, *, intercept: bool) -> NullFit:
        """Return the log of the mean count."""
        if not intercept:
            return NullFit(0.0, -counts.weight)
        total = counts.event_weight
        at = self.origin(total / counts.weight)
        return NullFit(at, total * at - total)


POISSON: Final = Poisson()
