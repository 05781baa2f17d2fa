"""What a family brings: a likelihood of single rows together with its link.

With eta = offset + x b, a row's log-likelihood is w l(y, eta): ``rows`` gives l, and w times its
first and its second derivative in eta, the latter with its sign reversed; ``third`` is the
derivative of the latter.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

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
    kind
        The family and its link: what tells it from any other in the key of a draw of noise.
    ratio
        Names in tables of exp(estimate) and of the prefix of its interval; None if it means
        nothing.
    half
        What a row of weight 1 adds to minus the log-likelihood at least, if it is on the wrong
        side of a line that parts the outcomes; 0 where nothing parts them.
    typical
        A usual weight of a row in the information, where nothing tells a better one.
    closed_null
        Whether the null model without an offset follows from ``Counts``.
    quadratic
        Whether the log-likelihood is quadratic in eta: the start is then the optimum.
    canonical
        Whether observed and expected information are the same.
    dispersed
        Whether a dispersion is estimated.
    saturates
        Whether l where mu = y is not 0, and not told by ``pearson``: its sum is asked for.
    classes
        Whether the outcome is 0 and 1, so that its sum is a count.
    bounded
        Whether some linear predictors are no means.
    """

    kind: str
    ratio: tuple[str, str] | None
    typical: float = 1.0
    closed_null: bool = True
    half: float = 0.0
    quadratic: bool = False
    canonical: bool = True
    dispersed: bool = False
    saturates: bool = False
    classes: bool = False
    bounded: bool = False

    @abstractmethod
    def read(self, column: pd.Series, outcome: Outcome, policy: Policy) -> Array:
        """Return the outcome, shape (n,), of a column without missing values.

        Raises
        ------
        RefusalError
            ``BAD_OUTCOME`` for what the outcome may not be, and R6.
        """

    @abstractmethod
    def rows(self, y: Array, w: Array, eta: Array) -> tuple[Array, Array, Array]:
        """Return l, w dl/deta and -w d2l/deta2 of a block of rows.

        They are no numbers where eta has overflowed; nothing is raised.
        """

    @abstractmethod
    def value(self, y: Array, eta: Array) -> Array:
        """Return l of a block of rows, shape (n,); of ``eta`` one number for all will do."""

    def residuals(self, y: Array, w: Array, eta: Array) -> Array:
        """Return w dl/deta of a block of rows alone; of ``eta`` one number for all will do."""
        return self.rows(y, w, eta)[1]

    def third(self, y: Array, w: Array, residuals: Array, weights: Array) -> Array:
        """Return -w d3l/deta3 of a block of rows from the two derivatives before it.

        0 where it does not follow from them: then nothing is corrected by it.
        """
        return np.zeros(len(y))

    def expected(self, y: Array, w: Array, eta: Array) -> Array:
        """Return w mu'^2/V, the expected -w d2l/deta2; R's standard errors are from it."""
        return self.rows(y, w, eta)[2]

    def null_beside(self, y: Array, w: Array, offset: Array) -> float | None:
        """Return the intercept of the null model beside an offset; None where no sums tell it."""
        return None

    def origin(self, mean: float) -> float | None:
        """Return eta of an outcome's mean, where a fit begins; None if 0 will do."""
        return None

    def unit(self, y: Array) -> float:
        """Return what R9 measures the linear predictor in at a site."""
        return 1.0

    def features(self, y: Array, w: Array) -> Array:
        """Return what of the likelihood does not depend on eta, shape (n, m), to be summed."""
        return np.empty((len(y), 0))

    def pearson(self, y: Array, w: Array, eta: Array) -> Array:
        """Return sqrt(w / V) (y - mu), shape (n,), if ``dispersed``."""
        raise NotImplementedError

    def saturated(self, y: Array) -> Array:
        """Return l where mu = y, shape (n,); deviance = 2 sum w (it - l)."""
        return np.zeros(len(y))

    def log_likelihood(
        self, value: float, deviance: float, constants: Array, counts: Counts
    ) -> float | None:
        """Return the log-likelihood as R has it, from sum w l; None where it is infinite.

        Parameters
        ----------
        deviance
            Of a dispersion of 1.
        constants
            Sums of ``features``.
        """
        return value

    def fewest(self, counts: Counts) -> float:
        """Return what estimates rest on: the events, or the smaller class."""
        return counts.events

    def constant(self, counts: Counts) -> str | None:
        """Return which rows have the outcome where it is one in all of them, and is no outcome."""
        return None

    def at_constant(self, counts: Counts, eta: float) -> float:
        """Return sum w l of one eta for all rows, if ``closed_null``: l is linear in y."""
        at = np.array([eta])
        none, one = (float(self.value(np.array([y]), at)[0]) for y in (0.0, 1.0))
        return counts.weight * none + counts.event_weight * (one - none)

    def null(self, counts: Counts, *, intercept: bool) -> NullFit:
        """Return the null model without an offset from sums alone, if ``closed_null``."""
        raise NotImplementedError
