"""The rounds of a fit: Newton's method on the sites' sums until nothing moves."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace

import numpy as np

from v6_clinical.errors import AnalysisError
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.dyadic import on_grid
from v6_clinical.numerics.newton import Evaluation, Newton, Proposal, SingularError
from v6_clinical.protocol.analysis import Ask, Reply
from v6_clinical.protocol.near import Near, coefficients
from v6_clinical.protocol.sums import Sums
from v6_clinical.regression.centre.design import Design
from v6_clinical.regression.centre.diagnoses import (
    parting,
    separated,
    singular,
    stop_if_lost,
    stop_if_separated,
)

RANGE = "COEFFICIENT_RANGE"
MODERATE = 3.0  # standard deviation of a linear predictor that no site need refuse
MOST_REFUSALS = 8  # in all: an optimum that lies beyond what a site tells is not reached


@dataclass(frozen=True)
class Fit:
    """A converged fit.

    Parameters
    ----------
    beta
        Fitted parameters, shape (k,), one step beyond the last evaluation.
    covariance
        Inverse of the (penalised) information at the last evaluation, shape (k, k).
    log_likelihood
        Unpenalised, at the optimum: that of the last evaluation plus half of score' step, less what
        noise is expected to add to that.
    total
        The sums of the last evaluation, with all that the report needs.
    organizations
        The sites, by their place.
    noise
        Covariance of the noise in ``beta``, shape (k, k): C N C for a score whose noise has N, and
        more for the noise of the information; None where the sites' sums are exact.
    likelihood_noise
        Standard deviation of the noise in the log-likelihood's difference to that of the null
        model; 0 where the sums are exact.
    """

    beta: Array
    covariance: Array
    log_likelihood: float
    total: Sums
    organizations: tuple[int, ...]
    noise: Array | None = None
    likelihood_noise: float = 0.0


@dataclass
class Rounds:
    """How many rounds an analysis has used, and how many it may."""

    used: int
    most: int

    def spend(self, design: Design, state: Newton) -> None:
        """Count a round.

        Raises
        ------
        AnalysisError
            ``SEPARATION`` or ``NOT_CONVERGED`` where none is left.
        """
        if self.used >= self.most:
            stop_if_separated(design, state, end=True)
            message = f"The fit has not converged within {self.most} rounds."
            raise AnalysisError("NOT_CONVERGED", message)
        self.used += 1


def maximise(
    design: Design,
    state: Newton,
    penalty: Array,
    rounds: Rounds,
    ask: Callable[[Array, bool], Ask],
    read: Callable[[Sums], Evaluation],
    parted: Callable[[Sums], bool] | None = None,
) -> Generator[Ask, Reply, Fit]:
    """Ask sites to ``evaluate`` until the fit has converged.

    Parameters
    ----------
    ask
        Makes the question from parameters, and whether it is expected to be the last: then its
        ``report`` asks for all that the tables need.
    read
        Takes the unpenalised evaluation from the sites' sums.
    parted
        Tells from a report whether its parameters part all rows, where that can be told. It is
        asked for where sites refuse to go further.

    Raises
    ------
    AnalysisError
        ``SEPARATION`` or ``SINGULAR`` by term, ``NOT_CONVERGED``.
    """
    refused_reports = refusals = 0
    # under a ridge no estimate is infinite: there is nothing to be wary of
    state.sd = None if penalty.any() else design.sd
    while True:
        rounds.spend(design, state)
        beta = state.point
        question = ask(beta, state.landing)
        complete = question.arguments["report"] is not None
        labels, near = question.labels or frozenset(design.labels), _near(ask, state)
        reply = yield replace(question, tolerates=frozenset({RANGE}), labels=labels, near=near)
        if near is not None and reply.point not in (None, coefficients(question.arguments)):
            beta = state.beta = near.point(reply.point or {})
        if reply.refused:
            # so near the optimum the second refusal is of the report, wherever it is asked for
            refused_reports += complete
            refusals += 1
            if refused_reports > 1 or refusals > MOST_REFUSALS or not state.retreat():
                stop_if_separated(design, state, end=True)
                if parted is not None and state.history:
                    yield from _stop_if_parted(design, state, ask, parted)
                yield question  # no code is tolerated: the refusal ends the analysis
            continue
        found = read(reply.total)
        try:
            accepted = state.accept(found.penalised(beta, penalty))
        except SingularError as error:
            stop_if_separated(design, state, end=True)
            stop_if_lost(design, state, found, error)
            if state.history and state.retreat():
                continue
            raise singular(design, error) from None
        if accepted:
            stop_if_separated(design, state)
        if accepted and complete and state.converged and state.proposal is not None:
            return converged_fit(found, beta, state, state.proposal, reply)


def _near(ask: Callable[[Array, bool], Ask], state: Newton) -> Near | None:
    """Return what the coefficients of a question were before they were put on the grid."""
    if state.grid is None:
        return None
    return Near(lambda beta: coefficients(ask(beta, False).arguments) or {}, state.beta, state.grid)


def converged_fit(
    found: Evaluation, beta: Array, state: Newton, proposal: Proposal, reply: Reply
) -> Fit:
    """Return the fit one step beyond its last evaluation, which was at ``beta``."""
    step, noise = proposal.step, proposal.noise
    likelihood = found.log_likelihood + gain_of(found, proposal)
    doubt = state.doubt(found, beta)
    if found.noise is not None:
        doubt = float(np.sqrt(doubt**2 + step @ found.noise.score @ step))
    fit = Fit(state.beta, proposal.covariance, likelihood, reply.total, reply.organizations)
    return replace(fit, noise=noise, likelihood_noise=doubt)


def gain_of(found: Evaluation, proposal: Proposal) -> float:
    """Return what the unpenalised log-likelihood gains by a step s: U's - s'As / 2.

    With C the covariance, a score with noise of covariance N is expected to add
    tr(CN) - tr(A CNC) / 2 to that, which is taken off.
    """
    step = proposal.step
    gain = float(found.score @ step - step @ found.information @ step / 2)
    if found.noise is None:
        return gain
    by_noise = np.sum(proposal.covariance * found.noise.score)
    return gain - float(by_noise - np.sum(found.information * proposal.by_score) / 2)


def _stop_if_parted(
    design: Design,
    state: Newton,
    ask: Callable[[Array, bool], Ask],
    parted: Callable[[Sums], bool],
) -> Generator[Ask, Reply, None]:
    """End a fit in which the terms that move most part all rows by themselves.

    They do so at any length: the shorter, the less likely sites are to refuse.

    Raises
    ------
    AnalysisError
        ``SEPARATION``.
    """
    best, places = state.history[-1][0], parting(design, state)
    direction = np.zeros_like(best)
    direction[places] = best[places]
    at = direction * min(1.0, MODERATE / max(state.width(direction), 1e-9))
    question = ask(on_grid(at, state.grid), True)
    labels = question.labels or frozenset(design.labels)
    reply = yield replace(question, tolerates=frozenset({RANGE}), labels=labels)
    if not reply.refused and parted(reply.total):
        raise separated(design, places)
