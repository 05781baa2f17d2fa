"""How many rows and events stand behind a regression, at a site or over all of them."""

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np

from v6_clinical.numerics.arrays import Array
from v6_clinical.protocol.sums import Sums

NAME = "rows"


@dataclass(frozen=True)
class Counts:
    """Sums over rows, named; each message of a regression holds them under ``rows``.

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

    def array(self) -> Array:
        """Return the five numbers, shape (5,)."""
        return np.array(astuple(self), dtype=np.float64)

    def sums(self) -> Sums:
        """Return them as a message holds them."""
        return Sums({NAME: self.array()})

    @classmethod
    def read(cls, total: Sums) -> Counts:
        """Return those of the sum of messages; 0 where no site sent any.

        Raises
        ------
        AnalysisError
            ``BAD_ANSWER`` where they are not five numbers.
        """
        return cls(*total.get(NAME, (5,)).tolist())
