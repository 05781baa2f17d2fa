"""Evidence, in a sequence of Newton steps, that estimates are infinite.

Towards an infinite estimate the rows that it separates vanish from the likelihood: what is left to
gain shrinks by a factor e with each step and so does their information, and the steps stay of one
size however small they have become in standard errors. Towards a finite one steps shrink and the
information settles while there is still something to gain: unless the rows that keep it finite
reach across by no more than about that gain, in units of the distance of those that are apart.

Where evaluations bear declared noise, what is left to gain is seen down to that noise only. The
variances are still seen well, since their noise is a share of them: estimates are infinite whose
variances go on to grow while all steps are within their noise.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.proposal import Proposal
from v6_clinical.numerics.whitening import LARGEST_CHANGE

LEFT = 1e-6  # of log-likelihood to gain, where a variance that still grows is evidence
LEFT_AT_AN_END = 1e-4  # the same where the fit cannot go on
STEADY = 0.75  # of a step, the next
GROWTH = 1.5  # of a variance from one step to the next; e towards an infinite estimate
GROWTH_IN_NOISE = 3.0  # of a variance while all steps are within their noise
SEEN = 0.01  # of a variance, an increment that is none of rounding
LOST = 1e-6  # of its information at 0, a parameter that has run away
WITH_IT = 0.1  # of the largest step: a term that moves less only goes along


def infinite(
    proposals: Sequence[Proposal],
    gain: float,
    left: float = LEFT,
    change: Array | None = None,
    *,
    in_noise: int = 0,
) -> NDArray[np.intp]:
    """Return the parameters whose estimates are infinite by the evidence above.

    These are all whose variances grew in each of the last two steps, or by more and more, if of
    one that grew the step is steady.

    Parameters
    ----------
    proposals
        At the points passed so far, the latest last.
    gain
        Log-likelihood left to gain, in units of one row's.
    left
        What there must be less of.
    change
        From the proposals' parameters to those that are asked about, shape (p, p), where they
        differ.
    in_noise
        How many of the last points leave little to gain that noise does not hide.
    """
    none = np.zeros(0, dtype=np.intp)
    if in_noise > 1:
        return _growing(proposals[-in_noise], proposals[-1], change)
    if len(proposals) < 3 or not gain < left:
        return none
    to = np.eye(len(proposals[-1].step)) if change is None else change
    first, second, last = (np.diag(to @ one.covariance @ to.T) for one in proposals[-3:])
    before, now = (np.abs(to @ one.step) for one in proposals[-2:])
    growing = (second > GROWTH * first) & (last > GROWTH * second)
    if not (growing & (now > STEADY * before)).any():
        return none
    # beside a large finite part of a variance the infinite one shows by its increments
    added, more = second - first, last - second
    swelling = (added > 0) & (more > GROWTH * added) & (more > SEEN * last)
    return np.flatnonzero(growing | swelling)


def _growing(first: Proposal, last: Proposal, change: Array | None) -> NDArray[np.intp]:
    to = np.eye(len(last.step)) if change is None else change
    before, now = (np.diag(to @ one.covariance @ to.T) for one in (first, last))
    # noise changes a matrix, and so a variance, by a share of up to this; twice, once at each end
    share = min(LARGEST_CHANGE, 2 * max(first.e, last.e) * len(before) ** 0.5)
    by_noise = (1 + share) / (1 - share)
    # the others that grow go along, some more slowly
    enough = (now > GROWTH_IN_NOISE * by_noise * before).any()
    return np.flatnonzero((now > GROWTH * before) & enough)


def leading(step: Array, size: Array) -> NDArray[np.intp]:
    """Return the parameters that a step moves most, in units of ``size``, shape (p,) both.

    Where all rows are separated every estimate may be infinite, but these parameters separate them.
    """
    reach = np.abs(step) * size
    return np.flatnonzero(reach >= WITH_IT * reach.max(initial=0.0))


def lost(information: Array, null: Array, places: Sequence[int]) -> NDArray[np.intp]:
    """Return those of the parameters of which there was information at 0, and now is none.

    ``null`` is the information at 0, shape (p, p) both.
    """
    at, now, first = np.array(places), np.diag(information), np.diag(null)
    found: NDArray[np.intp] = at[now[at] < LOST * first[at]]
    return found
