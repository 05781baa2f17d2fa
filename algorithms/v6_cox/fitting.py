"""The fit's questions, and how their answers are read."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from v6_clinical.errors import AnalysisError
from v6_clinical.model.formula import Formula
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.newton import Evaluation, Newton
from v6_clinical.numerics.optimum import column_spread
from v6_clinical.protocol.analysis import Ask, Reply
from v6_clinical.protocol.question import asking
from v6_clinical.protocol.sums import Sums
from v6_clinical.regression.centre.design import agree_design
from v6_clinical.regression.centre.diagnoses import UNEVEN, constant
from v6_clinical.regression.centre.plan import (
    check_same_data,
    count_rows,
    first_grid,
    first_information,
    start,
)
from v6_clinical.regression.counts import Counts
from v6_clinical.regression.site.own_fit import PRIOR_VARIANCE
from v6_clinical.survival.grid import TimeGrid, grid_up_to
from v6_cox.baselines import Baselines, OwnBaselines, SharedBaseline
from v6_cox.messages import with_time
from v6_cox.predict import offsets, profile_matrix
from v6_cox.questions import Evaluate, Grid, Opening, Report
from v6_cox.request import CoxRequest
from v6_cox.shared_times import CommonTimes, no_event

# Last predicted step in standard errors, by the root of the events: the covariance is that before
# it, and the Wald test is then right to about four times this.
PER_ROOT_EVENT = 2.5e-9
HALF = math.log(2)  # an event that is not the riskiest of its risk set costs that much at least
NOISE = 0.02  # of the comparable pairs: sites tell no sd of it
ROUNDING = 1e-13  # of the information on a column, were all of its spread within the risk sets


class Fitting:
    """A fit in progress.

    Attributes
    ----------
    design, state, penalty
        What ``maximise`` works on.
    baseline
        What differs between a baseline a site and one for all.
    null
        The evaluation at coefficients of 0, of the fitted columns.
    grid
        Times of the curves, None where none are asked for.
    """

    def __init__(
        self,
        request: CoxRequest,
        formula: Formula,
        opening: Opening,
        reply: Reply,
        times: CommonTimes | None,
    ) -> None:
        self.request, self.first = request, reply.total
        n = count_rows(reply.total)
        self.counts = Counts.read(reply.total)
        if not self.counts.events > 0:
            raise no_event()
        self.design = agree_design(
            request, formula, reply.total, n, centred=True, absorbs_intercept=True
        )
        profile_matrix(self.design.raw, request.profiles)  # complains of them before the fit
        offsets(request.profiles, request.offset)
        self.penalty = self.design.penalty(request.ridge)
        self.baseline: Baselines = (
            OwnBaselines(request, self.design)
            if times is None
            else SharedBaseline(request, self.design, times)
        )
        at = self._start()
        events, row = self.counts.events, self.counts.event_weight / self.counts.events
        tolerance = PER_ROOT_EVENT * events**0.5
        self.state = Newton(
            at,
            events,
            tolerance,
            self.baseline.skew,
            row=row,
            sure=HALF * row * (UNEVEN if request.weights is not None else 1.0),
            grid=self._first_grid(at, tolerance),
        )
        self.null: Evaluation | None = None
        self._take_null(self.baseline.first_null(reply.total))
        horizon = request.time_horizon
        self.grid: TimeGrid | None = None if horizon is None else grid_up_to(horizon)
        self._opening = opening
        self._model = opening.model.agreed(self.design.raw.levels, self.design.raw.references)

    @property
    def robust(self) -> bool:
        """Whether robust errors are asked for."""
        return self.request.robust or self.request.cluster is not None

    @asking()
    def ask(self, beta: Array, last: bool) -> Ask:
        """Return the question at these parameters; the last one also asks for the report."""
        question = Evaluate(
            model=self._model,
            survival=self._opening.survival,
            exact=self._opening.exact,
            shift=tuple(self.design.shift.tolist()),
            slopes=tuple(beta.tolist()),
            times=self.baseline.times,
            null=self.null is None,
            report=self._report(beta) if last else None,
        )
        labels = frozenset(with_time(self.design.labels))
        return Ask("evaluate", question.to_json(), needs=self._needs(last), labels=labels)

    def read(self, total: Sums) -> Evaluation:
        """Return the pooled evaluation."""
        check_same_data(self.first, total)
        if self.null is None:
            self._take_null(self.baseline.null(total))
        return self.baseline.read(total)

    def parted(self, total: Sums) -> bool:
        """Tell whether every event is riskier than all that are at risk with it: monotone.

        Pairs are within sites and strata, as the likelihood's are. With noise nearly all will do.
        """
        ordered, comparable = total["pairs"].tolist()
        noisy = self.null is not None and self.null.noise is not None
        return bool(ordered >= comparable * (1 - (NOISE if noisy else ROUNDING)))

    def _take_null(self, null: Evaluation | None) -> None:
        """Keep the evaluation at 0, if there is information on every column.

        Raises
        ------
        AnalysisError
            ``SINGULAR`` naming columns that are constant within every baseline.
        """
        if null is None:
            return
        none = np.flatnonzero(self._is_rounding(null.information))
        if len(none) and self.request.ridge == 0:
            raise constant(self.design, [self.design.user_slopes[place] for place in none.tolist()])
        self.null = null
        self.state.spread = column_spread(null.information, 0, self.counts.event_weight)
        self.state.null = null.penalised(np.zeros(len(self.penalty)), self.penalty)

    def _is_rounding(self, information: Array) -> NDArray[np.bool_]:
        """Tell of which columns information is nothing but rounding error, shape (p,)."""
        whole = self.counts.event_weight * self.design.sd**2
        found: NDArray[np.bool_] = np.diag(information) <= ROUNDING * whole
        return found

    def _start(self) -> Array:
        """Return where to start.

        The sites' own likelihoods may say nothing of a column: it is constant at each of them, and
        only a common baseline compares sites, or their own optimum is far out. There a weak prior
        (variance 4 per standard deviation) stands in. What is singular all the same shows at the
        first evaluation.
        """
        prior = self.design.penalty(1 / PRIOR_VARIANCE)
        information = self.first.form("information", self.design.raw.full_names)
        penalty = self.penalty + prior * self._is_rounding(information)
        try:
            return start(self.design, self.first, penalty)
        except AnalysisError:
            if not self.baseline.compares_sites:
                raise
            return start(self.design, self.first, self.penalty + prior)

    def _first_grid(self, at: Array, tolerance: float) -> Array:
        """Return the grid of the start; the prior stands in where sites say nothing of a column."""
        prior = self.penalty + self.design.penalty(1 / PRIOR_VARIANCE)
        information = first_information(self.design, self.first)
        return first_grid(information + np.diag(prior), at, tolerance)

    def _needs(self, last: bool) -> frozenset[str]:
        """Return what no site with rows may leave out."""
        found = self.baseline.needs(null=self.null is None, last=last)
        found |= {self.baseline.meat} if last and self.robust else set()
        return found | {"rows"} | ({"pairs"} if last else set())

    def _report(self, beta: Array) -> Report:
        return Report(
            meat=self.robust,
            steps=self.baseline.steps(beta - self.state.history[-1][0]) if self.robust else None,
            transform=self.request.zph_transform,
            grid=None if self.grid is None else Grid.of(self.grid),
        )
