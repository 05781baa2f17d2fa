"""The model without predictors, that R-squared and the likelihood ratio test compare with."""

from __future__ import annotations

import math

from v6_clinical.errors import AnalysisError
from v6_clinical.protocol.sums import Sums
from v6_clinical.regression.counts import Counts


class NullModel:
    """An intercept alone (R's null model), or none where the model has none; the offset stays.

    Without an offset it has a closed form; with one it is solved by Newton's method for a single
    number, in the rounds of the fit.

    Parameters
    ----------
    total
        The sums of ``start``.
    """

    def __init__(self, total: Sums, *, intercept: bool, offset: bool) -> None:
        self.df = int(intercept)
        self.at: float | None = None
        self.ready = not offset
        counts = Counts.read(total)
        weight, events = counts.weight, counts.event_weight
        if offset:
            information, tangent = total.get("null", (2,)).tolist()
            if not information > 0:
                raise AnalysisError("BAD_ANSWER", "The null model has no information.")
            self.at = tangent / information if intercept else 0.0
        elif intercept:
            self.log_likelihood = _entropy(events, weight) + _entropy(weight - events, weight)
        else:
            self.log_likelihood = -weight * math.log(2)

    def read(self, total: Sums) -> None:
        """Take in the evaluation at ``at``."""
        if self.at is None:
            return
        value, score, information = total["null"].tolist()
        self.log_likelihood, self.ready = value, True
        if self.df:
            # the quadratic's gain: what is left is of third order in the step
            self.log_likelihood += score**2 / information / 2
            self.ready = abs(score) / math.sqrt(information) < 0.03
            self.at += score / information


def _entropy(part: float, whole: float) -> float:
    return part * math.log(part / whole) if part > 0 else 0.0
