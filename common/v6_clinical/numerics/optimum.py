"""Newton's method where evaluations are at hand, as at a site: the same rules as the centre's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.newton import Evaluation, Newton, SingularError
from v6_clinical.numerics.separation import LEFT, infinite

ROUNDS = 25
FARTHEST = 30.0  # standard deviation of a linear predictor, of slopes that go nowhere


@dataclass(frozen=True)
class Optimum:
    """Where a likelihood has its maximum.

    Attributes
    ----------
    beta
        The best point, shape (p,).
    covariance
        Inverse of the information there, shape (p, p); None if the fit has not converged.
    infinite
        Whether that is so because estimates are infinite.
    """

    beta: Array
    covariance: Array | None
    infinite: bool = False


def optimum(
    evaluate: Callable[[Array], Evaluation],
    beta: Array,
    penalty: Array,
    events: float,
    *,
    tolerance: float | None = None,
    first: Evaluation | None = None,
    spread: Array | None = None,
    left: float = LEFT,
) -> Optimum:
    """Maximise l - b'Pb/2 from ``beta``.

    Parameters
    ----------
    events, tolerance, spread
        See ``Newton``.
    first
        The evaluation at ``beta``, where it is known already.
    left
        Log-likelihood left to gain at which estimates that still grow are given up.

    Raises
    ------
    SingularError
        If the penalised information has no inverse at ``beta``.
    """
    state = Newton(beta, events, tolerance, spread=spread)
    for _ in range(ROUNDS):
        found = evaluate(state.beta) if first is None else first
        first = None
        try:
            state.accept(found.penalised(state.beta, penalty))
        except SingularError:
            if not (state.history and state.retreat()):
                raise
            continue
        if state.halvings:
            continue
        if len(infinite([proposal for _, proposal in state.history], state.gain, left)):
            return Optimum(state.history[-1][0], None, infinite=True)
        if state.width(state.history[-1][0]) > FARTHEST:
            break
        if state.converged and state.proposal is not None:
            return Optimum(state.beta, state.proposal.covariance)
    return Optimum(state.history[-1][0] if state.history else beta, None)


def column_spread(information: Array, intercepts: int, weight: float) -> Array:
    """Return about the covariance matrix of the columns, shape (p, p), 0 for intercepts.

    Parameters
    ----------
    information
        Of the columns with ``intercepts`` first, one or one a site, shape (p, p).
    weight
        The sum of the rows' weights in it; where there is an intercept it is known from there.
    """
    k, found = intercepts, np.zeros_like(information)
    slopes = information[k:, k:]
    if k:
        own = np.diag(information)[:k]
        known = own > 0
        across = information[:k, k:][known]
        slopes, weight = slopes - (across.T / own[known]) @ across, float(own.sum())
    if weight > 0:
        found[k:, k:] = slopes / weight
    return found
