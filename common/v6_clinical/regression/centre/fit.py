"""The rounds of a fit: Newton's method on the sites' sums until nothing moves."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace

import numpy as np

from v6_clinical.errors import AnalysisError
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.newton import Evaluation, Newton, SingularError
from v6_clinical.protocol.analysis import Ask, Reply
from v6_clinical.protocol.sums import Sums
from v6_clinical.regression.centre.design import Design
from v6_clinical.regression.centre.diagnoses import separated, singular

RANGE = "COEFFICIENT_RANGE"


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
        Unpenalised, at the optimum: that of the last evaluation plus half of score' step.
    total
        The sums of the last evaluation, with all that the report needs.
    """

    beta: Array
    covariance: Array
    log_likelihood: float
    total: Sums


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
            _stop_if_separated(design, state, refused=True)
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
) -> Generator[Ask, Reply, Fit]:
    """Ask sites to ``evaluate`` until the fit has converged.

    Parameters
    ----------
    ask
        Makes the question from parameters, and whether it is expected to be the last: then its
        ``report`` asks for all that the tables need.
    read
        Takes the unpenalised evaluation from the sites' sums.

    Raises
    ------
    AnalysisError
        ``SEPARATION`` or ``SINGULAR`` by term, ``NOT_CONVERGED``.
    """
    refused_reports = 0
    while True:
        rounds.spend(design, state)
        beta = state.beta
        question = ask(beta, state.landing)
        complete = question.arguments["report"] is not None
        labels = frozenset(design.labels)
        reply = yield replace(question, tolerates=frozenset({RANGE}), labels=labels)
        if reply.refused:
            # so near the optimum the second refusal is of the report, wherever it is asked for
            refused_reports += complete
            if refused_reports > 1 or not state.halve():
                _stop_if_separated(design, state, refused=True)
                yield question  # no code is tolerated: the refusal ends the analysis
            continue
        found = read(reply.total)
        try:
            accepted = state.accept(found.penalised(beta, penalty))
        except SingularError as error:
            _stop_if_separated(design, state, refused=True)
            if len(lost := state.lost(found.information, error.places)):
                raise separated(design, lost) from None
            raise singular(design, error) from None
        _stop_if_separated(design, state)
        if accepted and complete and state.converged and state.proposal is not None:
            step = state.proposal.step
            gain = float(found.score @ step - step @ found.information @ step / 2)
            likelihood = found.log_likelihood + gain
            return Fit(state.beta, state.proposal.covariance, likelihood, reply.total)


def _stop_if_separated(design: Design, state: Newton, *, refused: bool = False) -> None:
    places = state.running_away(refused=refused)
    if not len(places) or not state.history:
        return
    free = len(design.intercepts)
    slopes = places[places >= free]
    if len(slopes):
        # terms that go along with a separating one move little
        reach = np.abs(state.history[-1][1].step[slopes]) * design.sd[slopes - free]
        places = slopes[reach >= 0.1 * reach.max()]
    raise separated(design, places)
