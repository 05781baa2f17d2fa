"""Newton steps within their declared noise: at the optimum, or on the way to infinite estimates.

Towards an infinite estimate what is left to gain shrinks by a factor e with each step, so that the
steps are soon within their noise. Their variances tell the two apart: noise in the information is a
share of it, and towards an infinite estimate it shrinks by a factor e as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.proposal import Evaluation, Proposal

DRIFT = 1.2  # of a variance from one step to the next, noise aside
DOUBTFUL = 8.0  # times its variance at 0: a parameter that may be running away
SUSPECT = 2.0  # times its variance at 0: one that may be running away if it grows


def in_noise(proposals: Sequence[Proposal]) -> int:
    """Return how many of the last points leave little to gain that noise does not hide."""
    return sum(1 for _ in takewhile(lambda one: one.is_near_noise, reversed(proposals)))


def is_drowned(evaluation: Evaluation) -> bool:
    """Tell whether the information would be all noise, were the noise's norm not cut.

    Rows of a leverage near 1 make it so: of what depends on a single row noise hides all.
    """
    noise = evaluation.noise
    return noise is not None and noise.e * len(evaluation.score) ** 0.5 >= 1


def smaller(one: Evaluation, other: Evaluation) -> float:
    """Return the d of one evaluation in that of another, 1 at most.

    Far out d is as large as a row's score is there; what the row adds to the likelihood is not.
    """
    if one.noise is None or other.noise is None or not other.noise.d > one.noise.d:
        return 1.0
    return one.noise.d / other.noise.d


def may_run_away(proposals: Sequence[Proposal], first: Array | None) -> bool:
    """Tell whether the last of these steps may be one to infinite estimates.

    It may where a variance grew by more than noise in each of the last two steps, to more than
    ``SUSPECT`` times what it is at 0. It may where one is ``DOUBTFUL`` times as large, unless three
    points in a row lay within the noise and none grew in either step.

    Parameters
    ----------
    first
        About the variances of the last parameters at 0 if all were uncorrelated, shape (slopes,);
        None where not known: then any that grows is suspect, and none doubtful.
    """
    growing = _growing(proposals[-3:])
    on_and_on: NDArray[np.bool_] = np.all(growing, axis=0)
    if not len(growing):
        on_and_on = np.zeros_like(on_and_on)
    if first is None:
        return bool(on_and_on.any())
    slopes = slice(len(on_and_on) - len(first), None)
    usual = _inflation(proposals[0].covariance)[slopes] * first
    times = np.diag(proposals[-1].covariance)[slopes] / usual
    if (on_and_on[slopes] & (times > SUSPECT)).any():
        return True
    return bool((times > DOUBTFUL).any() and (in_noise(proposals) < 3 or growing.any()))


def _growing(proposals: Sequence[Proposal]) -> NDArray[np.bool_]:
    """Tell which variances grew from each of these points to the next, shape (steps, p)."""
    variances = np.array([np.diag(one.covariance) for one in proposals])
    grown: NDArray[np.bool_] = variances[1:] > DRIFT * (1 + 3 * proposals[-1].e) * variances[:-1]
    return grown


def _inflation(covariance: Array) -> Array:
    """Return by how much the other parameters widen the variance of each, shape (p,)."""
    return np.asarray(np.diag(covariance) * np.diag(np.linalg.inv(covariance)))
