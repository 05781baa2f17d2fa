"""The model without predictors, that R-squared and the likelihood ratio test compare with."""

from __future__ import annotations

import math
from typing import Final

from v6_clinical.errors import AnalysisError
from v6_clinical.protocol.sums import Sums
from v6_clinical.regression.counts import Counts
from v6_clinical.regression.families.family import Family

SETTLED: Final = 0.03  # standard errors: of what is left the likelihood is told well enough


class NullModel:
    """An intercept alone (R's null model), or none where the model has none; the offset stays.

    It has a closed form, or is solved by Newton's method for a single number, in the rounds of the
    fit.

    Parameters
    ----------
    total
        The sums of ``start``.
    asked
        Whether sites are asked about it: with an offset, and in families without a closed form.

    Attributes
    ----------
    origin
        The intercept at which differences of the log-likelihood begin, the same in all rounds.
    value
        The log-likelihood there.
    """

    def __init__(self, family: Family, total: Sums, *, intercept: bool, asked: bool) -> None:
        self.df = int(intercept)
        self.at: float | None = None
        self.ready = not asked or family.quadratic
        if not asked:
            found = family.null(Counts.read(total), intercept=intercept)
            self.intercept, self.log_likelihood = found.intercept, found.log_likelihood
            self.origin, self.value = self.intercept, self.log_likelihood
            return
        information, right_hand_side = total.get("null", (2,)).tolist()
        if not information > 0:
            raise AnalysisError("BAD_ANSWER", "The null model has no information.")
        self.at = self.intercept = right_hand_side / information if intercept else 0.0
        self.log_likelihood = -math.inf  # until an evaluation tells it
        self.origin, self.value = self.intercept, math.nan

    def tell(self, log_likelihood: float) -> None:
        """Take in the log-likelihood that ``start`` tells of a linear regression."""
        self.log_likelihood = self.value = log_likelihood

    def read(self, total: Sums) -> None:
        """Take in the evaluation at ``at``, and of the first one the likelihood at the origin."""
        if self.at is None:
            return
        if math.isnan(self.value):
            self.value = float(total.get("null_likelihood", (1,))[0])
        gain, score, information = total.get("null", (3,)).tolist()
        self.log_likelihood, self.intercept, self.ready = self.value + gain, self.at, True
        if self.df:
            # the quadratic's gain: what is left is of third order in the step
            self.log_likelihood += score**2 / information / 2
            noise = float(total.get("noise/null", (2,))[0])
            self.ready = abs(score) / math.sqrt(information) < max(SETTLED, 3 * noise)
            self.at += score / information
