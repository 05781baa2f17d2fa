"""Outcomes of 0 and 1 with the logit link.

l = y eta - log(1 + e^eta), mu = 1 / (1 + e^-eta): first derivative y - mu, second -mu (1 - mu).
McCullagh & Nelder, Generalized Linear Models, 1989, section 4.4.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from v6_clinical.numerics.arrays import Array
from v6_clinical.regression.counts import Counts
from v6_clinical.regression.families.family import Family, NullFit, Outcome

if TYPE_CHECKING:
    import pandas as pd

    from v6_clinical.disclosure import Policy


class Binomial(Family):
    """The family of outcomes with two values."""

    kind = "binomial logit"
    ratio: tuple[str, str] | None = ("odds_ratio", "or")
    typical = 0.2
    half = math.log(2)
    classes = True

    def read(self, column: pd.Series, outcome: Outcome, policy: Policy) -> Array:
        """Return 0 and 1; R6: classes of 0 or at least a cell.

        Raises
        ------
        RefusalError
            ``BAD_OUTCOME`` if there are other values, or nothing says which one counts; R6.
        """
        from v6_clinical.regression.families.classes import read_classes  # no pandas at the centre

        events = read_classes(column, outcome)
        ones = int(events.sum())
        policy.check_classes(ones, len(events) - ones, outcome.column)
        return events

    def rows(self, y: Array, w: Array, eta: Array) -> tuple[Array, Array, Array]:
        """Return value and derivatives, from one exponential a row that cannot overflow."""
        small = np.exp(-np.abs(eta))
        whole = 1 + small  # its logarithm is off by one rounding of 1 at most
        share = 1 / whole
        value = y * eta - np.maximum(eta, 0) - np.log(whole)
        residuals = w * (y - np.where(eta >= 0, share, small * share))
        return value, residuals, w * small * share * share

    def value(self, y: Array, eta: Array) -> Array:
        """Return y eta - log(1 + e^eta)."""
        whole = 1 + np.exp(-np.abs(eta))
        return np.asarray(y * eta - np.maximum(eta, 0) - np.log(whole))

    def residuals(self, y: Array, w: Array, eta: Array) -> Array:
        """Return w (y - mu)."""
        small = np.exp(-np.abs(eta))
        mu = np.where(eta >= 0, 1.0, small) / (1 + small)
        return np.asarray(w * (y - mu))

    def third(self, y: Array, w: Array, residuals: Array, weights: Array) -> Array:
        """Return w mu (1 - mu) (1 - 2 mu)."""
        mu = y - residuals / w
        return weights * (1 - 2 * mu)

    def fewest(self, counts: Counts) -> float:
        """Return the rows of the smaller class."""
        return counts.fewest

    def constant(self, counts: Counts) -> str | None:
        """Return which rows have the outcome, unless there are some of either class."""
        if 0 < counts.events < counts.n:
            return None
        return "No row has" if counts.events == 0 else "Every row has"

    def null(self, counts: Counts, *, intercept: bool) -> NullFit:
        """Return the log odds of the outcome, and the entropy of its share."""
        part, whole = counts.event_weight, counts.weight
        if not intercept:
            return NullFit(0.0, -whole * math.log(2))
        value = _entropy(part, whole) + _entropy(whole - part, whole)
        return NullFit(math.log(part / (whole - part)) if 0 < part < whole else 0.0, value)


BINOMIAL: Final = Binomial()


def _entropy(part: float, whole: float) -> float:
    return part * math.log(part / whole) if part > 0 else 0.0
