"""What a family brings: a likelihood of single rows together with its link.

With eta = offset + x b, a row's log-likelihood is w l(y, eta): ``rows`` gives its value, first
derivative and second derivative, sign reversed, in eta; ``third`` the derivative of the latter.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from v6_clinical.numerics.arrays import Array
from v6_clinical.protocol.question import Labels, Name, Question
from v6_clinical.regression.counts import Counts

if TYPE_CHECKING:
    import pandas as pd

    from v6_clinical.disclosure import Policy


class Outcome(Question):
    """The outcome's column and, of categories, its levels where listed and the one that counts."""

    column: Name
    levels: Labels | None
    positive: Name | None


@dataclass(frozen=True)
class NullFit:
    """The fit of an intercept alone, or of eta = 0 where the model has none."""

    intercept: float
    log_likelihood: float


class Family(ABC):
    """A likelihood with its link.

    Attributes
    ----------
    ratio
        Names in tables of exp(estimate) and of the prefix of its interval.
    half
        What a row of weight 1 adds to minus the log-likelihood at least, if it is on the wrong
        side of a line that parts the outcomes; 0 where nothing parts them.
    typical
        A usual weight of a row in the information, where nothing tells a better one.
    closed_null
        Whether the null model without an offset follows from ``Counts``.
    """

    ratio: tuple[str, str]
    typical: float = 1.0
    closed_null: bool = True
    half: float = 0.0

    @abstractmethod
    def read(self, column: pd.Series, outcome: Outcome, policy: Policy) -> Array:
        """Return the outcome, shape (n,), of a column without missing values.

        Raises
        ------
        RefusalError
            ``BAD_OUTCOME`` for what the outcome may not be, and R6.
        """

    @abstractmethod
    def rows(self, y: Array, w: Array, eta: Array) -> tuple[float, Array, Array]:
        """Return sum w l, w dl/deta and -w d2l/deta2 of a block of rows.

        They are no numbers where eta has overflowed; nothing is raised.
        """

    @abstractmethod
    def third(self, y: Array, w: Array, residuals: Array, weights: Array) -> Array:
        """Return -w d3l/deta3 of a block of rows from the two derivatives before it."""

    def fewest(self, counts: Counts) -> float:
        """Return what estimates rest on: the events, or the smaller class."""
        return counts.events

    def constant(self, counts: Counts) -> str | None:
        """Return which rows have the outcome where it is one in all of them, and is no outcome."""
        return None

    def null(self, counts: Counts, *, intercept: bool) -> NullFit:
        """Return the null model without an offset from sums alone, if ``closed_null``."""
        raise NotImplementedError
