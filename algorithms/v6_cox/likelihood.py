"""The partial likelihood of a site's rows, as the steps of all regressions ask for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from v6_clinical.labels import stratum_key
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.newton import Evaluation
from v6_clinical.protocol.sums import Sums
from v6_clinical.regression.messages import LEVELS
from v6_clinical.regression.site.guard import Checked, Cleared, check, evaluation_sums
from v6_clinical.regression.site.likelihood import Asked, Likelihood
from v6_clinical.regression.site.noise import OFF, NoiseAt, Noisy
from v6_clinical.regression.site.own_fit import RidgeOptimum
from v6_cox.kernel.partial_likelihood import Point
from v6_cox.kernel.risk_sets import typical_risk_set
from v6_cox.kernel.shared_baseline import EventTimes
from v6_cox.kernel.sorted_data import SortedData
from v6_cox.noise import NullNoise, without_rounding
from v6_cox.own_start import own_start
from v6_cox.questions import Evaluate, Report
from v6_cox.site_report import CoxTold, common_meat, hazards_test, risk_sums, rows_at_event_times

if TYPE_CHECKING:
    from v6_clinical.disclosure import Policy
    from v6_cox.site_data import CoxCases


@dataclass(frozen=True)
class CoxPoint:
    """Rows at coefficients, as R9 looks at them.

    Parameters
    ----------
    noisy
        Whether what is told of the point has noise: of columns that do not vary nothing is told.
    """

    point: Point
    noisy: bool = False

    @property
    def predictor(self) -> Array:
        """The linear predictor less the middle of its range, shape (n,)."""
        return self.point.risk.predictor

    @property
    def residuals(self) -> Array:
        """Martingale residuals, shape (n,); all 0 without deaths."""
        return self.point.residuals

    def row_weights(self, policy: Policy) -> Array:
        """Return the weighted risk scores, or the deaths expected of each row; shape (n,).

        In a good prognostic model few rows have most of the sum of the risk scores; they die first,
        and after that the risk sets are of the others. What the information weighs a row by is the
        deaths expected of it. They stand in for the scores where the risk sets are worth a cell of
        rows, on (harmonic) average over the deaths: else each mean over a risk set is that of few.
        """
        point, scores = self.point, self.point.risk.scores
        if policy.carries(scores) or not len(point.data.sets):
            return scores
        worth = typical_risk_set(point.data.sets, scores)
        enough = worth >= policy.least(policy.min_cell, len(scores), "risk sets")
        return point.expected if enough else scores

    def unchecked(self) -> Evaluation:
        """Return value, score and information."""
        found = self.point.evaluation
        return without_rounding(self.point, found) if self.noisy else found


@dataclass(frozen=True)
class CoxLikelihood(Likelihood):
    """The partial likelihood of a site's rows, or of each so many-th of them.

    Parameters
    ----------
    times
        The federation's event times where the baseline is common.
    """

    cases: CoxCases
    data: SortedData
    times: EventTimes | None = None
    every: int = 1
    noisy: Noisy = OFF

    def with_noise(self, noisy: Noisy) -> CoxLikelihood:
        """Return the likelihood with the noise of what is told of it."""
        return replace(self, noisy=noisy)

    def noise_at(self, here: Checked[Any], question: bytes) -> NoiseAt:
        """Return the noise of what is told at a point; of a common baseline little has any."""
        if not self.noisy.on or self.times is not None:
            return NoiseAt(self.noisy, question, self.null.scale, self.null.scale)
        point: CoxPoint = here.point
        return self.null.at(point.point, here.evaluation.information, question)

    @cached_property
    def null(self) -> NullNoise:
        """The rows at coefficients of 0, and what noise their parts there take."""
        return NullNoise(self.data, self.noisy)

    @property
    def fewest(self) -> float:
        """The number of events."""
        return float(self.cases.outcome.event.sum())

    @property
    def weight(self) -> float:
        """The sum of the events' weights."""
        return float(self.cases.rows.weights[self.cases.outcome.event].sum())

    def at(self, beta: Array) -> CoxPoint:
        """Return the point at coefficients ``beta``."""
        point = Point(self.data, beta) if beta.any() else self.null.point
        return CoxPoint(point, self.noisy.on)

    def point(self, asked: Asked, policy: Policy) -> CoxPoint:
        """Return the point that is asked about; of a common baseline, whose sums are exact, itself.

        All else is told of the nearest point of a grid, ``asked.beta``. R9 holds at coefficients of
        0 too, the likelihood at which is told of.
        """
        question = self.cases.question
        if self.times is not None and isinstance(question, Evaluate):
            return self.at(np.array(question.slopes, dtype=np.float64))
        check(self.at(np.zeros(len(asked.beta))), policy)
        self.null.settle()
        return self.at(asked.beta)

    def ridge_optimum(self) -> RidgeOptimum:
        """Return about the optimum under a weak ridge; 0 for a constant column."""
        return own_start(self.data, self.every)

    @property
    def tells_null(self) -> bool:
        """Whether ``start`` tells the evaluation at 0: R9 holds there in any case."""
        return True

    def opening_sums(self, labels: tuple[str, ...], null: Cleared | None, policy: Policy) -> Sums:
        """Return the evaluation at 0, or for a common baseline the site's event times."""
        question = self.cases.question
        if question.exact:
            return Sums(tallies=event_times(self.cases, policy))
        if null is None:
            return Sums()
        at_null = self.asked(np.zeros(len(labels)))[1]
        noise = NoiseAt(self.noisy, at_null, self.null.scale, self.null.scale)
        return evaluation_sums(labels, null, "null_", self.null.log_likelihood(), noise)

    def tell(self, here: Checked[Any], asked: Asked, policy: Policy) -> CoxTold:
        """Return the evaluation, or for a common baseline the sums that it is made of.

        The log-likelihood is told as the difference to that at coefficients of 0.
        """
        question, noise = self.cases.question, self.noise_at(here, asked.question)
        if not isinstance(question, Evaluate):
            raise TypeError("this question asks for no evaluation")
        wanted, evaluation, strata = question.report, None, None
        if self.times is not None:
            strata = len(question.times or ())
            sums = risk_sums(here, asked.shift, self.times, question.null)
            if wanted is not None and wanted.transform == "km":
                sums += rows_at_event_times(here, self.times)
            if wanted is not None and wanted.steps is not None:
                sums += common_meat(here, self.cases, asked, self.times, wanted.steps)
        else:
            sums, evaluation = self._evaluation(here, asked, wanted, noise)
        return CoxTold(
            sums, evaluation, self.cases, self.data, asked, strata, wanted, self.null, noise
        )

    def _evaluation(
        self, here: Checked[Any], asked: Asked, wanted: Report | None, noise: NoiseAt
    ) -> tuple[Sums, Cleared]:
        """Return the evaluation, with a report the sums of the hazards test too."""
        point, sums = here.point.point, Sums()
        if wanted is None:
            evaluation = here.evaluation
            point.forget("residuals")
        gain = self.null.difference(point, noise)
        if wanted is not None:
            transform = wanted.transform
            sums, evaluation = hazards_test(here, asked.labels, transform, self.null, noise)
        sums += evaluation_sums(asked.labels, evaluation, likelihood=gain, noise=noise)
        return sums, evaluation


def event_times(cases: CoxCases, policy: Policy) -> dict[str, dict[str, float]]:
    """Return the site's distinct event times by stratum, as tallies; R14 lets it be asked.

    Beside them how each column of strata is stored: the centre notices a stratum spelt twice.
    """
    outcome, tallies = cases.outcome, {}
    codes = np.zeros(len(outcome.time), np.intp) if outcome.strata is None else outcome.strata
    for stratum in cases.question.survival.strata:
        # Names of strata leave, of those with an event.
        # redundant: R8 lets a stratum have no event or a cell of them
        policy.check_levels(np.bincount(codes), stratum.column)
    for code, label in enumerate(outcome.labels):
        died = np.unique(outcome.time[outcome.event & (codes == code)]).tolist()
        if died:
            tallies[f"times/{stratum_key(label)}"] = {repr(time): 1.0 for time in died}
    for stratum, stored in zip(cases.question.survival.strata, outcome.stored, strict=True):
        tallies[f"kind/{stratum.column}"] = {LEVELS[stored]: 1.0}
    return tallies
