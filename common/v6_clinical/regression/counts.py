"""How many rows and events stand behind a regression, at a site or over all of them."""

from __future__ import annotations

from dataclasses import dataclass

from v6_clinical.protocol.sums import Sums

# What messages call them: whole numbers, and sums of real ones, which have noise.
ROWS, OUTCOME, WEIGHTS = "rows", "outcome", "weights"


@dataclass(frozen=True)
class Counts:
    """Sums over rows.

    Parameters
    ----------
    n, dropped
        Rows used, and rows left out because a value is missing.
    events
        The sum of the outcome: rows with an event where it is 0 and 1.
    weight, event_weight
        Sums of the weights, and of the weights times the outcome.
    """

    n: float
    dropped: float
    events: float
    weight: float
    event_weight: float

    @property
    def fewest(self) -> float:
        """Rows of the smaller class of an outcome of 0 and 1."""
        return min(self.events, self.n - self.events)

    @classmethod
    def read(cls, total: Sums) -> Counts:
        """Return those of the sum of messages; 0 where no site sent any.

        ``rows`` are n, dropped, and events of an outcome of 0 and 1. The sum of any other outcome
        is under ``outcome``, and the two sums of weights are under ``weights`` where there are any.

        Raises
        ------
        AnalysisError
            ``BAD_ANSWER`` where they are not so many numbers.
        """
        n, dropped, events = total.get(ROWS, (3,)).tolist()
        if OUTCOME in total.arrays:
            events = float(total.get(OUTCOME, (1,))[0])
        weight, event_weight = n, events
        if WEIGHTS in total.arrays:
            weight, event_weight = total.get(WEIGHTS, (2,)).tolist()
        return cls(n, dropped, events, weight, event_weight)
