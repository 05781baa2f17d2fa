"""Newton's method on pooled sums: one proposal at a time, safeguarded, with diagnoses by term.

Nothing here asks a site. The centre feeds evaluations in and reads the next point; a site uses
``optimum`` for a fit of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.dyadic import grid_steps, on_grid
from v6_clinical.numerics.noisy_steps import in_noise, may_run_away, smaller
from v6_clinical.numerics.proposal import (
    BEYOND,
    Evaluation,
    Noise,
    Proposal,
    SingularError,
    inverse,
    propose,
)

__all__ = ["Evaluation", "Newton", "Noise", "Proposal", "SingularError", "inverse", "propose"]

# The last predicted step d, in standard errors, is still taken: the estimate's error is then about
# 2 d^2 / sqrt(events) of them. The covariance is that before the step, its relative error about
# 2 d / sqrt(events): a tolerance of 1.3e-7 sqrt(events) keeps that below 3e-7.
PER_ROOT_EVENT = 1.3e-7
TIGHTEST, LOOSEST = 1e-6, 1e-4
HALVINGS = 10
RETREATS = 4
NEARLY = 0.75  # of the way to a start that lies a little beyond where there is a likelihood
WIDEST = 3.0  # standard deviation that the first step may add to the linear predictor
ROUNDING = 1e-10  # of a log-likelihood
DOWNHILL = 4.0  # standard deviations of the noise in a difference of log-likelihoods


def usual_tolerance(events: float) -> float:
    """Return the step, in standard errors, at which a fit has converged."""
    return float(np.clip(PER_ROOT_EVENT * np.sqrt(events), TIGHTEST, LOOSEST))


@dataclass
class Newton:
    """The state of a fit: give it evaluations at ``point`` until ``converged``.

    Parameters
    ----------
    beta
        Where the last step leads, shape (p,): in the end the estimates.
    events
        Size of the smaller outcome class.
    tolerance
        Predicted step, in standard errors, at which it has converged; default as above.
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
        A point and the log-likelihood known to be reached there: where a worse start begins again.
    row
        What one row counts, the mean weight.
    sure
        Above minus this, a log-likelihood tells that no row is on the wrong side.
    origin
        Where the differences begin that sites send for log-likelihoods, shape (p,); default 0.
    quadratic
        Whether the log-likelihood is: then one step leads to its maximum.
    bounded
        Whether some points have no likelihood: a start among them goes back towards ``home``.
    sd
        Standard deviations of the last columns, the slopes': what noisy steps are judged by.
    grid
        Steps of the grid of the first ``point``, shape (p,), see ``dyadic``; default no grid.

    Notes
    -----
    Evaluations may bear declared noise. The fit has then converged where each predicted step is
    below the tolerance or within ``BEYOND`` standard deviations of its own noise; a point is
    downhill where its log-likelihood is lower by more than ``DOWNHILL`` of those of the difference.
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
    origin: Array | None = None
    quadratic: bool = False
    sd: Array | None = None
    grid: Array | None = None
    bounded: bool = False
    evaluation: Evaluation | None = None
    proposal: Proposal | None = None
    history: list[tuple[Array, Proposal]] = field(default_factory=list)
    halvings: int = 0
    refusals: int = 0
    reach: float = WIDEST
    _best: Array | None = None

    @property
    def point(self) -> Array:
        """Where to evaluate next: ``beta``, on the grid; shape (p,)."""
        return on_grid(self.beta, self.grid)

    @property
    def converged(self) -> bool:
        """Whether the last predicted step is below the tolerance, or below its noise."""
        if self.proposal is None:
            return False
        if self.proposal.of_score is not None and self.quadratic:
            return True
        if not self.proposal.is_settled(self._tolerance):
            return False
        return not self._may_run_away(self.proposal)

    @property
    def in_noise(self) -> int:
        """How many of the last points leave little to gain that noise does not hide."""
        return in_noise([proposal for _, proposal in self.history])

    @property
    def is_complete(self) -> bool:
        """Whether the log-likelihood tells that no row is on the wrong side, noise or not."""
        if self.evaluation is None or self._best is None or not self.sure > 0:
            return False
        doubt = self.doubt(self.evaluation, self._best)
        return -self.evaluation.log_likelihood < self.sure - DOWNHILL * doubt

    def _may_run_away(self, proposal: Proposal) -> bool:
        """Whether steps within their noise may be those of estimates that are infinite."""
        if proposal.of_score is None:
            return False
        first = None if self.sd is None else 1 / (self.events * self.row * self.sd**2)
        return may_run_away([one for _, one in self.history], first)

    @property
    def _tolerance(self) -> float:
        return usual_tolerance(self.events) if self.tolerance is None else self.tolerance

    @property
    def landing(self) -> bool:
        """Whether the next evaluation is expected to be the last."""
        if self.proposal is None or self.halvings:
            return False
        ahead = self.skew * self.proposal.size**2
        enough = max(self._tolerance, BEYOND * self.proposal.precision)
        return bool(ahead < enough * max(self.events, 1.0) ** 0.5)

    @property
    def gain(self) -> float:
        """The log-likelihood that the quadratic at the best point foresees above it."""
        if self.evaluation is None or self.proposal is None:
            return np.inf
        return float(self.evaluation.score @ self.proposal.step) / 2

    def accept(self, evaluation: Evaluation) -> bool:
        """Take in the evaluation at ``point`` and move ``beta`` on; go back if it went downhill.

        Returns
        -------
        bool
            False if there is another point to evaluate first.

        Raises
        ------
        SingularError
            If the information has no inverse.
        """
        self.beta, best, null = self.point, self.evaluation, self.null
        here = self.doubt(evaluation, self.beta)
        if best is None and null is not None and _starts_worse(evaluation, null, here):
            self.beta, evaluation = np.zeros_like(self.beta), null
        elif best is None and self._goes_home(evaluation, here):
            return False
        if best is not None and self._best is not None:
            doubt = np.hypot(here * smaller(best, evaluation), self.doubt(best, self._best))
            if _is_worse(evaluation, best, doubt) and self._shorten(evaluation):
                return False
        self.proposal, self.evaluation = propose(evaluation), evaluation
        self._trust()
        self.halvings = self.refusals = 0
        self._best = self.beta
        self.history.append((self.beta, self.proposal))
        self.beta = self.beta + self._capped(self.proposal.step)
        if self.grid is not None:
            size = self.proposal.size * (not self.quadratic)  # of which the optimum is next
            self.grid = grid_steps(evaluation.information, size, self._tolerance)
        return True

    def doubt(self, evaluation: Evaluation, beta: Array) -> float:
        """Return about the standard deviation of the noise in a log-likelihood, 0 without.

        It is d sqrt(sum of the rows' squared differences to ``origin``): d sqrt(b'Ab) to first
        order, with b the way from there. Where rows have gone over to the right side little of A is
        left: then at least that of A at 0, about events times spread.
        """
        noise = evaluation.noise
        if noise is None:
            return 0.0
        away = beta if self.origin is None else beta - self.origin
        first = float(away @ noise.score @ away)
        rows = self.events * self.row * self.width(away) ** 2
        return float(max(first, noise.d**2 * rows, 0.0) ** 0.5)

    def width(self, step: Array) -> float:
        """Return about the standard deviation of what a step adds to the linear predictor."""
        return 0.0 if self.spread is None else max(float(step @ self.spread @ step), 0.0) ** 0.5

    def _trust(self) -> None:
        """Let the next step go twice as far as this one, or as this one might have."""
        if self._best is not None:
            taken = 2 * self.width(self.beta - self._best)
            self.reach = taken if self.halvings else max(taken, self.reach)

    def _capped(self, step: Array) -> Array:
        width = self.width(step)
        return step if width <= self.reach else step * (self.reach / width)

    def _goes_home(self, evaluation: Evaluation, doubt: float) -> bool:
        """Begin again from ``home``, once, if the start is worse or has no Newton step."""
        if self.home is None:
            return False
        place, value = self.home
        least = value - ROUNDING * (1 + abs(value)) - DOWNHILL * doubt
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
        Return False once these have been tried.
        """
        self.halvings, self.refusals = self.halvings + 1, self.refusals + 1
        if self._best is not None:
            self.beta = self._best + (self.beta - self._best) * 0.5**self.refusals
            return self.refusals <= RETREATS
        origin = np.zeros_like(self.beta) if self.home is None else self.home[0]
        about, share = (origin, NEARLY) if self.bounded else (np.zeros_like(self.beta), 0.5)
        nearer = self.refusals < RETREATS - 1
        self.beta = about + (self.beta - about) * share if nearer else origin
        return self.refusals < RETREATS


def _is_worse(evaluation: Evaluation, than: Evaluation, doubt: float) -> bool:
    """Tell whether a point is downhill by more than noise; one that is not finite is."""
    rounding = ROUNDING * (1 + abs(than.log_likelihood)) + DOWNHILL * doubt
    return not evaluation.log_likelihood >= than.log_likelihood - rounding


def _starts_worse(start: Evaluation, null: Evaluation, doubt: float) -> bool:
    """Tell whether a start is worse than 0: downhill, and Newton's step from it is longer."""
    if not _is_worse(start, null, doubt):
        return False
    error = (known := propose(null)).standard_error
    try:
        step = propose(start).step
    except SingularError:
        return True
    return bool(np.max(np.abs(step) / error) > np.max(np.abs(known.step) / error))
