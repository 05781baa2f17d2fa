"""Newton's method on pooled sums: one proposal at a time, safeguarded, with diagnoses by term.

Nothing here asks a site. The centre feeds evaluations in and reads the next point; a site uses
``optimum`` for a fit of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from v6_clinical.numerics.arrays import Array

# The last predicted step d, in standard errors, is still taken: the estimate's error is then about
# 2 d^2 / sqrt(events) of them. The covariance is that before the step, its relative error about
# 2 d / sqrt(events): a tolerance of 1.3e-7 sqrt(events) keeps that below 3e-7.
PER_ROOT_EVENT = 1.3e-7
TIGHTEST, LOOSEST = 1e-6, 1e-4
SINGULAR = 1e-12  # smallest eigenvalue of the information scaled to a unit diagonal
HALVINGS = 10
RETREATS = 4
WIDEST = 3.0  # standard deviation that the first step may add to the linear predictor
ROUNDING = 1e-10  # of a log-likelihood


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


def usual_tolerance(events: float) -> float:
    """Return the step, in standard errors, at which a fit has converged."""
    return float(np.clip(PER_ROOT_EVENT * np.sqrt(events), TIGHTEST, LOOSEST))


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
    spread
        Covariance matrix of the columns, shape (p, p), or about that: a step s moves the linear
        predictor by a standard deviation of sqrt(s' spread s), at first ``WIDEST`` at most.
    home
        A point and the log-likelihood that is known to be reached there: the fit begins again
        from it if its start is worse.
    row
        What one row counts, the mean weight: the unit of what is left to gain.
    sure
        Above minus this, a log-likelihood tells that no row is on the wrong side.
    """

    beta: Array
    events: float
    tolerance: float | None = None
    skew: float = 0.5
    null: Evaluation | None = None
    spread: Array | None = None
    home: tuple[Array, float] | None = None
    row: float = 1.0
    sure: float = 0.0
    evaluation: Evaluation | None = None
    proposal: Proposal | None = None
    history: list[tuple[Array, Proposal]] = field(default_factory=list)
    halvings: int = 0
    refusals: int = 0
    reach: float = WIDEST
    _best: Array | None = None

    @property
    def converged(self) -> bool:
        """Whether the last predicted step is below the tolerance."""
        return self.proposal is not None and self.proposal.size < self._tolerance

    @property
    def _tolerance(self) -> float:
        return usual_tolerance(self.events) if self.tolerance is None else self.tolerance

    @property
    def landing(self) -> bool:
        """Whether the next evaluation is expected to be the last."""
        if self.proposal is None or self.halvings:
            return False
        ahead = self.skew * self.proposal.size**2
        return bool(ahead < self._tolerance * max(self.events, 1.0) ** 0.5)

    @property
    def gain(self) -> float:
        """The log-likelihood that the quadratic at the best point foresees above it."""
        if self.evaluation is None or self.proposal is None:
            return np.inf
        return float(self.evaluation.score @ self.proposal.step) / 2

    def accept(self, evaluation: Evaluation) -> bool:
        """Take in the evaluation at ``beta`` and move ``beta`` on; go back if it went downhill.

        Returns
        -------
        bool
            False if there is another point to evaluate first.

        Raises
        ------
        SingularError
            If the information has no inverse.
        """
        best, null = self.evaluation, self.null
        if best is None and null is not None and _starts_worse(evaluation, null):
            self.beta, evaluation = np.zeros_like(self.beta), null
        elif best is None and self._goes_home(evaluation):
            return False
        if best is not None and _is_worse(evaluation, best) and self._shorten(evaluation):
            return False
        self.proposal, self.evaluation = propose(evaluation), evaluation
        self._trust()
        self.halvings = self.refusals = 0
        self._best = self.beta
        self.history.append((self.beta, self.proposal))
        self.beta = self.beta + self._capped(self.proposal.step)
        return True

    def width(self, step: Array) -> float:
        """Return the standard deviation of what a step adds to the linear predictor, or about."""
        return 0.0 if self.spread is None else max(float(step @ self.spread @ step), 0.0) ** 0.5

    def _trust(self) -> None:
        """Let the next step go twice as far as this one, or as this one might have."""
        if self._best is not None:
            taken = 2 * self.width(self.beta - self._best)
            self.reach = taken if self.halvings else max(taken, self.reach)

    def _capped(self, step: Array) -> Array:
        width = self.width(step)
        return step if width <= self.reach else step * (self.reach / width)

    def _goes_home(self, evaluation: Evaluation) -> bool:
        """Begin again from ``home``, once, if the start is worse or has no Newton step."""
        if self.home is None:
            return False
        place, value = self.home
        least = value - ROUNDING * (1 + abs(value))
        try:
            propose(evaluation)
        except SingularError:
            least = np.inf
        if evaluation.log_likelihood >= least:
            return False
        self.beta, self.home = place, None
        return True

    def _shorten(self, evaluation: Evaluation) -> bool:
        """Go back along a step that went downhill, to where the slope along it is about 0.

        The slopes at both ends of the step foretell where; between half and a tenth of it.

        Returns
        -------
        bool
            False after ``HALVINGS`` of them in a row.
        """
        if self.halvings >= HALVINGS or self._best is None or self.evaluation is None:
            return False
        step = self.beta - self._best
        up, down = float(self.evaluation.score @ step), -float(evaluation.score @ step)
        share = up / (up + down) if down > 0 and np.isfinite(down) else 0.5
        self.halvings += 1
        self.beta = self._best + step * float(np.clip(share, 0.1, 0.5))
        return True

    def retreat(self) -> bool:
        """Move ``beta`` back from where sites refuse to be: to the best point, or before one to 0.

        Half of the step, then an eighth, a 64th and 1,024th of it: each refusal costs a round.

        Returns
        -------
        bool
            False once these have been tried.
        """
        self.halvings += 1
        self.refusals += 1
        if self._best is not None:
            if self.refusals > RETREATS:
                return False
            self.beta = self._best + (self.beta - self._best) * 0.5**self.refusals
            return True
        if self.refusals > RETREATS - 1:
            return False
        origin = np.zeros_like(self.beta) if self.home is None else self.home[0]
        self.beta = self.beta / 2 if self.refusals < RETREATS - 1 else origin
        return True


def _is_worse(evaluation: Evaluation, than: Evaluation) -> bool:
    """Tell whether a point is downhill; one that is not finite is."""
    rounding = ROUNDING * (1 + abs(than.log_likelihood))
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
