"""Newton's method on pooled sums: one proposal at a time, safeguarded, with diagnoses by term.

Nothing here asks a site. The centre feeds evaluations in and reads the next point; a site uses
``optimum`` for a fit of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from v6_clinical.numerics.arrays import Array

# The last predicted step d, in standard errors, is still taken: the estimate's error is then about
# 2 d^2 / sqrt(events) of them. The covariance is that before the step, its relative error about
# 2 d / sqrt(events): a tolerance of 1.3e-7 sqrt(events) keeps that below 3e-7.
PER_ROOT_EVENT = 1.3e-7
TIGHTEST, LOOSEST = 1e-6, 1e-4
SINGULAR = 1e-12  # smallest eigenvalue of the information scaled to a unit diagonal
LOST = 1e-6  # of its information, a parameter that has run away
HALVINGS = 3
NEAR = 0.3  # standard errors within which Newton reaches a finite optimum at once


@dataclass(frozen=True)
class Evaluation:
    """A concave log-likelihood at one point: value, score (p,), information (p, p)."""

    log_likelihood: float
    score: Array
    information: Array

    def penalised(self, beta: Array, penalty: Array) -> Evaluation:
        """Return l - b'Pb/2 with its derivatives, P diagonal and given as (p,)."""
        return Evaluation(
            self.log_likelihood - float(beta @ (penalty * beta)) / 2,
            self.score - penalty * beta,
            self.information + np.diag(penalty),
        )


class SingularError(ArithmeticError):
    """The information has no inverse; ``places`` are the parameters that determine each other."""

    def __init__(self, places: Sequence[int]) -> None:
        super().__init__("singular information")
        self.places = list(places)


def inverse(information: Array) -> Array:
    """Return the inverse of a positive definite matrix, scaled by its diagonal on the way.

    Raises
    ------
    SingularError
        Where the scaled matrix has an eigenvalue below ``SINGULAR``.
    """
    if not len(information):
        return information.copy()
    diagonal = np.diag(information)
    if not (diagonal > 0).all():
        raise SingularError(np.flatnonzero(~(diagonal > 0)).tolist())
    scale = 1 / np.sqrt(diagonal)
    scaled = information * np.outer(scale, scale)
    values, vectors = np.linalg.eigh(scaled)
    null = values < SINGULAR
    if null.any():
        # a parameter belongs to the null space where the space has a component along it
        weight = np.sqrt((vectors[:, null] ** 2).sum(axis=1))
        raise SingularError(np.flatnonzero(weight > 1e-4 * weight.max()).tolist())
    # one step of iterative refinement: B (2 I - A B) halves the digits lost to the condition
    rough = (vectors / values) @ vectors.T
    refined = rough @ (2 * np.eye(len(scaled)) - scaled @ rough)
    found: Array = (refined + refined.T) / 2 * np.outer(scale, scale)
    return found


@dataclass(frozen=True)
class Proposal:
    """Where Newton's method would go from an evaluation.

    ``size`` is the largest step over its standard error, the distance to the optimum as the
    quadratic sees it; ``standard_error`` has shape (p,).
    """

    step: Array
    covariance: Array
    standard_error: Array
    size: float


def propose(evaluation: Evaluation) -> Proposal:
    """Return the Newton step of an evaluation.

    Raises
    ------
    SingularError
        If the information has no inverse.
    """
    covariance = inverse(evaluation.information)
    step = covariance @ evaluation.score
    error = np.sqrt(np.diag(covariance))
    return Proposal(step, covariance, error, float(np.max(np.abs(step) / error, initial=0.0)))


@dataclass
class Newton:
    """The state of a fit: give it evaluations at ``beta`` until ``converged``.

    Parameters
    ----------
    beta
        Where to evaluate next, shape (p,).
    events
        Size of the smaller outcome class.
    tolerance
        Predicted step, in standard errors, at which the fit has converged; default as above.
    skew
        After a step of d standard errors the next is taken to be skew d^2 / sqrt(events). Rather
        small than large: a report that is asked for too soon costs its bytes, one too late a round.
    null
        The evaluation at 0, where it is known: the fit goes on from there if that is the better
        start.
    """

    beta: Array
    events: float
    tolerance: float | None = None
    skew: float = 0.5
    null: Evaluation | None = None
    evaluation: Evaluation | None = None
    proposal: Proposal | None = None
    history: list[tuple[Array, Proposal]] = field(default_factory=list)
    halvings: int = 0
    _best: Array | None = None

    @property
    def converged(self) -> bool:
        """Whether the last predicted step is below the tolerance."""
        return self.proposal is not None and self.proposal.size < self._tolerance

    @property
    def _tolerance(self) -> float:
        if self.tolerance is not None:
            return self.tolerance
        return float(np.clip(PER_ROOT_EVENT * np.sqrt(self.events), TIGHTEST, LOOSEST))

    @property
    def landing(self) -> bool:
        """Whether the next evaluation is expected to be the last."""
        if self.proposal is None or self.halvings:
            return False
        ahead = self.skew * self.proposal.size**2
        return bool(ahead < self._tolerance * max(self.events, 1.0) ** 0.5)

    def accept(self, evaluation: Evaluation) -> bool:
        """Take in the evaluation at ``beta`` and move ``beta`` on; halve if it went downhill.

        Returns
        -------
        bool
            False if the step was halved instead.

        Raises
        ------
        SingularError
            If the information has no inverse.
        """
        best, null = self.evaluation, self.null
        if best is None and null is not None and _starts_worse(evaluation, null):
            self.beta, evaluation = np.zeros_like(self.beta), null
        elif best is not None and _is_worse(evaluation, best) and self.halve():
            return False
        self.proposal = propose(evaluation)
        self.evaluation = evaluation
        self.halvings = 0
        self._best = self.beta
        self.history.append((self.beta, self.proposal))
        self.beta = self.beta + self.proposal.step
        return True

    def halve(self) -> bool:
        """Move ``beta`` halfway back to the best point; before there is one, to 0 in the end.

        Returns
        -------
        bool
            False after ``HALVINGS`` of them in a row.
        """
        if self.halvings >= HALVINGS:
            return False
        self.halvings += 1
        if self._best is not None:
            self.beta = (self.beta + self._best) / 2
        else:
            self.beta = self.beta / 2 if self.halvings < HALVINGS else np.zeros_like(self.beta)
        return True

    def lost(self, information: Array, places: Sequence[int]) -> NDArray[np.intp]:
        """Return those of the parameters of which there was information at 0, and now is none."""
        if self.null is None:
            return np.zeros(0, dtype=np.intp)
        at, now, first = np.array(places), np.diag(information), np.diag(self.null.information)
        found: NDArray[np.intp] = at[now[at] < LOST * first[at]]
        return found

    def running_away(self, *, refused: bool = False) -> NDArray[np.intp]:
        """Return the parameters whose estimates look infinite (separation).

        Towards an infinite estimate Newton's steps stay of one size while the standard error
        grows by a factor sqrt(e) each, so a step is less and less of it. A finite estimate that
        is a fraction of a standard error away is reached at once instead.

        Parameters
        ----------
        refused
            Sites refuse to go further: steps that have stayed of one size are evidence enough.
        """
        if len(self.history) < (2 if refused else 3):
            return np.zeros(0, dtype=np.intp)
        first, before, last = self.history[0][1], self.history[-2][1], self.history[-1][1]
        if not (refused or before.size < NEAR):
            return np.zeros(0, dtype=np.intp)
        grown = last.standard_error > (1 if refused else 2) * first.standard_error
        # what the quadratic foretold of a step that was halved is no evidence
        moved = self.history[-1][0] - self.history[-2][0]
        steady = (last.step - before.step + moved) * moved >= 0.5 * moved**2
        away = last.step * self.history[-1][0] > 0
        moving = np.abs(last.step) > 0.01 * last.standard_error
        return np.flatnonzero(grown & steady & away & moving)


def _is_worse(evaluation: Evaluation, than: Evaluation) -> bool:
    """Tell whether a point is downhill; one that is not finite is."""
    rounding = 1e-10 * (1 + abs(than.log_likelihood))
    return not evaluation.log_likelihood >= than.log_likelihood - rounding


def _starts_worse(start: Evaluation, null: Evaluation) -> bool:
    """Tell whether a start is worse than 0: downhill, and Newton's step from it is longer."""
    if not _is_worse(start, null):
        return False
    error = (known := propose(null)).standard_error
    try:
        step = propose(start).step
    except SingularError:
        return True
    return bool(np.max(np.abs(step) / error) > np.max(np.abs(known.step) / error))


def optimum(
    evaluate: Callable[[Array], Evaluation],
    beta: Array,
    penalty: Array,
    events: float,
    *,
    tolerance: float | None = None,
    first: Evaluation | None = None,
    rounds: int = 30,
) -> tuple[Array, Array | None]:
    """Maximise l - b'Pb/2 where evaluations are at hand, from ``beta``.

    Parameters
    ----------
    events, tolerance
        See ``Newton``.
    first
        The evaluation at ``beta``, where it is known already.

    Returns
    -------
    beta : ndarray of shape (p,)
    covariance : ndarray of shape (p, p), or None if it has not converged

    Raises
    ------
    SingularError
        If the penalised information has no inverse.
    """
    state = Newton(beta, events, tolerance)
    for _ in range(rounds):
        found = evaluate(state.beta) if first is None else first
        first = None
        if not np.isfinite(found.log_likelihood):
            break
        state.accept(found.penalised(state.beta, penalty))
        if len(state.running_away()):
            break
        if state.converged and state.proposal is not None:
            return state.beta, state.proposal.covariance
    return state.beta if state._best is None else state._best, None
