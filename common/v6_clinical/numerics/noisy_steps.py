"""Newton steps within their declared noise: at the optimum, or on the way to infinite estimates.

Towards an infinite estimate what is left to gain shrinks by a factor e with each step, so that the
steps are soon within their noise. Their variances tell the two apart: noise in the information is a
share of it, and towards an infinite estimate it shrinks by a factor e as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, takewhile

import numpy as np

from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.proposal import Proposal

DRIFT = 1.2  # of a variance from one step to the next, noise aside
DOUBTFUL = 8.0  # times its variance at 0: a parameter that may be running away


def in_noise(proposals: Sequence[Proposal]) -> int:
    """Return how many of the last points leave little to gain that noise does not hide."""
    near = [one.noise is not None and one.is_near_noise for one in proposals]
    return sum(1 for _ in takewhile(bool, reversed(near)))


def may_run_away(proposals: Sequence[Proposal], e: float, first: Array | None) -> bool:
    """Tell whether the last of these steps may be one to infinite estimates.

    It may where a variance grew in it by more than noise; and where one is ``DOUBTFUL`` times as
    large as at 0, unless three points in a row lay within the noise without that.

    Parameters
    ----------
    e
        Declared noise of the information.
    first
        About the variances of the last parameters at 0, shape (slopes,); None where not known.
    """
    if _drifts(proposals[-2:], e):
        return True
    if first is None or not len(first):
        return False
    doubtful = np.diag(proposals[-1].covariance)[-len(first) :] > DOUBTFUL * first
    return bool(doubtful.any()) and (in_noise(proposals) < 3 or _drifts(proposals[-3:], e))


def _drifts(proposals: Sequence[Proposal], e: float) -> bool:
    """Tell whether a variance grew from one of these points to the next."""
    variances = [np.diag(one.covariance) for one in proposals]
    most = DRIFT * (1 + 3 * e)
    return any((now > most * before).any() for before, now in pairwise(variances))
