"""The fit's questions, and how their answers are read."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from v6_clinical.errors import AnalysisError
from v6_clinical.model.formula import Formula
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.newton import Evaluation, Newton
from v6_clinical.protocol.analysis import Ask, Reply
from v6_clinical.protocol.question import asking
from v6_clinical.protocol.sums import Sums
from v6_clinical.regression.centre.design import agree_design
from v6_clinical.regression.centre.diagnoses import constant
from v6_clinical.regression.centre.plan import (
    check_same_data,
    count_rows,
    start,
)
from v6_clinical.regression.counts import Counts
from v6_clinical.regression.messages import EVALUATION, read_evaluation
from v6_clinical.regression.site.own_fit import PRIOR_VARIANCE
from v6_clinical.survival.grid import TimeGrid, grid_up_to
from v6_cox.kernel.shared_baseline import RiskSums, combine, combine_steps, moved
from v6_cox.predict import offsets, profile_matrix
from v6_cox.questions import Evaluate, Grid, Opening, Report, Steps
from v6_cox.request import CoxRequest
from v6_cox.shared_times import CommonTimes, no_event, read_risk_sums

# Last predicted step in standard errors, by the root of the events: the covariance is that before
# it, and the Wald test is then right to about four times this.
PER_ROOT_EVENT = 2.5e-9
# Of ``Newton.skew``: a partial likelihood is nearer to its quadratic than a sum over rows is. A
# common baseline starts from sites that compare within themselves, and its reports are large.
SKEW, COMMON_SKEW = 0.05, 0.5
ROUNDING = 1e-13  # of the information on a column, were all of its spread within the risk sets


class Fitting:
    """A fit in progress.

    Attributes
    ----------
    design, state, penalty
        What ``maximise`` works on.
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
        self.request, self.first, self.times = request, reply.total, times
        n = count_rows(reply.total)
        self.counts = Counts.read(reply.total)
        if not self.counts.events > 0:
            raise no_event()
        self.design = agree_design(request, formula, reply.total, n, centred=True, baseline=True)
        profile_matrix(self.design.raw, request.profiles)  # complains of them before the fit
        offsets(request.profiles, request.offset)
        self.penalty = self.design.penalty(request.ridge)
        at = self._start()
        skew = SKEW if times is None else COMMON_SKEW
        self.state = Newton(at, self.counts.events, PER_ROOT_EVENT * self.counts.events**0.5, skew)
        self.null: Evaluation | None = None
        if times is None:
            self._take_null(read_evaluation(reply.total, self.design.raw.full_names, "null_"))
        self._latest: RiskSums | None = None  # of a common baseline, at the last evaluation
        horizon = request.time_horizon
        self.grid: TimeGrid | None = None if horizon is None else grid_up_to(horizon)
        self._opening = opening
        self._model = opening.model.agreed(self.design.raw.levels, self.design.raw.references)
        self._times = None if times is None else times.asked()

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
            times=self._times,
            null=self.null is None,
            report=self._report(beta) if last else None,
        )
        return Ask("evaluate", question.to_json(), needs=self._needs(last))

    def read(self, total: Sums) -> Evaluation:
        """Return the pooled evaluation."""
        check_same_data(self.first, total, self.design)
        if self.times is None:
            return read_evaluation(total, self.design.labels)
        if self.null is None:
            self._take_null(combine(self._sums(total, "null_sums"), self.request.ties))
        self._latest = self.risk_sums(total)
        return combine(self._latest, self.request.ties)

    def risk_sums(self, total: Sums) -> RiskSums:
        """Return the sums at each event time of a common baseline."""
        return self._sums(total, "risk_sums")

    def _take_null(self, null: Evaluation) -> None:
        """Keep the evaluation at 0, if there is information on every column.

        Raises
        ------
        AnalysisError
            ``SINGULAR`` naming columns that are constant within every baseline.
        """
        none = np.flatnonzero(self._is_rounding(null.information))
        if len(none) and self.request.ridge == 0:
            raise constant([self.design.user_slopes[place] for place in none.tolist()])
        self.null = null
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
        curvature = self.first.form("curvature", self.design.raw.full_names)
        penalty = self.penalty + prior * self._is_rounding(curvature)
        try:
            return start(self.design, self.first, penalty)
        except AnalysisError:
            if self.times is None:
                raise
            return start(self.design, self.first, self.penalty + prior)

    def _sums(self, total: Sums, name: str) -> RiskSums:
        if self.times is None:
            raise TypeError("the baseline is not common")
        return read_risk_sums(total, name, self.times, len(self.design.labels))

    def _needs(self, last: bool) -> frozenset[str]:
        """Return what no site with rows may leave out."""
        if self.times is not None:
            found = {"risk_sums/risk", "risk_sums/moments", "risk_sums/products"}
            found |= {"null_sums/risk"} if self.null is None else set()
            found |= {"at_risk"} if last and self.request.zph_transform == "km" else set()
        else:
            found = set(EVALUATION)
            found |= (
                {"event_times", "score_g", "information_g", "information_gg"} if last else set()
            )
        found |= {"meat"} if last and self.robust else set()
        return frozenset(found | {"rows", "column_total"} | ({"pairs"} if last else set()))

    def _report(self, beta: Array) -> Report:
        return Report(
            meat=self.robust,
            steps=self._steps(beta),
            transform=self.request.zph_transform,
            grid=None if self.grid is None else Grid.of(self.grid),
        )

    def _steps(self, beta: Array) -> Steps | None:
        """Return a common baseline's steps at ``beta``, foreseen from the last evaluation.

        The last round is near enough for that: it is asked for where Newton's next step is small.
        """
        if not self.robust or self._latest is None:
            return None
        sums = moved(self._latest, beta - self.state.history[-1][0])
        steps = combine_steps(sums, self.request.ties)
        return Steps(
            hazard=_plain(steps.jumps.hazard),
            own=_plain(steps.jumps.of_all(steps.jumps.own)),
            mean=_plain(steps.mean),
            flow=_plain(steps.flow),
            own_flow=None if steps.own_flow is None else _plain(steps.own_flow),
        )


def _plain(values: Array) -> tuple[float, ...]:
    """Return plain numbers, row by row."""
    return tuple(values.ravel().tolist())
