"""The central side of ``logistic_regression``: start, then evaluate until nothing moves."""

from __future__ import annotations

import numpy as np

from v6_clinical.disclosure.cells import Window
from v6_clinical.errors import AnalysisError
from v6_clinical.model.formula import Formula
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.newton import Evaluation, Newton
from v6_clinical.protocol.analysis import Analysis, Ask, Reply
from v6_clinical.protocol.question import asking
from v6_clinical.protocol.sums import Sums
from v6_clinical.regression.centre.design import agree_design
from v6_clinical.regression.centre.fit import Rounds, maximise
from v6_clinical.regression.centre.plan import (
    ask_start,
    check_same_data,
    count_rows,
    opening_model,
    resolve_moments,
    start,
)
from v6_clinical.regression.counts import Counts
from v6_clinical.regression.messages import EVALUATION, read_evaluation
from v6_clinical.regression.request import check_columns, read_formula
from v6_logistic.null_model import NullModel
from v6_logistic.questions import Evaluate, Grid, Opening, Outcome, Report
from v6_logistic.request import LogisticRequest
from v6_logistic.result import conclude
from v6_logistic.risk import window

NAME = "logistic_regression"
REQUEST = LogisticRequest
TYPICAL = 0.2  # mu (1 - mu) of a row, where no intercept tells it


def analyse(request: LogisticRequest) -> Analysis:
    """Ask ``describe`` where the model needs pooled moments, ``start``, then ``evaluate``."""
    rounds = Rounds(0, request.max_rounds)

    def opening(formula: Formula) -> Opening:
        return _opening(request, formula)

    formula = yield from resolve_moments(_formula(request), opening, rounds)
    reply = yield from ask_start(formula, opening, rounds, _null(request))
    fit = Fitting(request, formula, opening(formula), reply)
    found = yield from maximise(fit.design, fit.state, fit.penalty, rounds, fit.ask, fit.read)
    return conclude(request, fit.design, found, fit.null, rounds.used, fit.grid)


def _null(request: LogisticRequest) -> frozenset[str]:
    """Return what sites send of the null model: with an offset it is fitted too."""
    return frozenset() if request.offset is None else frozenset({"null"})


def _formula(request: LogisticRequest) -> Formula:
    formula = read_formula(request)
    named = {name: getattr(request, name) for name in ("outcome", "weights", "offset", "cluster")}
    check_columns(request, formula, {k: v for k, v in named.items() if v is not None})
    if request.site_effect and not formula.intercept:
        message = "Argument 'site_effect': the model has no intercept that sites could differ in."
        raise AnalysisError("BAD_REQUEST", message, remedy="Keep the intercept.")
    return formula


@asking()
def _opening(request: LogisticRequest, formula: Formula) -> Opening:
    levels = request.levels.get(request.outcome)
    outcome = Outcome(
        column=request.outcome,
        levels=None if levels is None else tuple(levels),
        positive=request.positive,
    )
    model = opening_model(request, formula.terms, formula.intercept)
    return Opening(model=model, outcome=outcome, site_effect=request.site_effect)


class Fitting:
    """The fit's questions and how their answers are read."""

    def __init__(
        self, request: LogisticRequest, formula: Formula, opening: Opening, reply: Reply
    ) -> None:
        self.request, self.first = request, reply.total
        self.design = agree_design(
            request,
            formula,
            reply.total,
            count_rows(reply.total),
            centred=formula.intercept,
            site_effect=reply.organizations if request.site_effect else None,
        )
        self.penalty = self.design.penalty(request.ridge)
        self.null = NullModel(
            reply.total, intercept=formula.intercept, offset=request.offset is not None
        )
        self.grid: Window | None = None
        self.counts = Counts.read(reply.total)
        self.state = Newton(start(self.design, reply.total, self.penalty), self.counts.fewest)
        self._opening = opening
        self._model = opening.model.agreed(self.design.raw.levels, self.design.raw.references)
        self._places = len(reply.organizations)

    @asking()
    def ask(self, beta: Array, last: bool) -> Ask:
        """Return the question at these parameters; the last one also asks for the report."""
        intercepts, slopes = self.design.split(beta)
        last = last and self.null.ready
        report = self._report() if last else None
        needs = EVALUATION | _null(self.request)
        if report is not None:
            needs |= {"brier", "pairs"} | ({"meat"} if report.meat else set())
            needs |= {"risks", "expected"} if report.grid is not None else set()
        question = Evaluate(
            model=self._model,
            outcome=self._opening.outcome,
            site_effect=self._opening.site_effect,
            shift=tuple(self.design.shift.tolist()),
            intercepts=tuple(self._by_site(intercepts)),
            slopes=tuple(slopes),
            null=self.null.at,
            report=report,
        )
        return Ask("evaluate", question.to_json(), needs=needs)

    def read(self, total: Sums) -> Evaluation:
        """Return the pooled evaluation."""
        check_same_data(self.first, total, self.design)
        self.null.read(total)
        return read_evaluation(total, self.design.labels)

    def _by_site(self, intercepts: list[float]) -> list[float]:
        """Return an intercept for each place; sites without rows never read theirs."""
        if not self.request.site_effect:
            return intercepts
        places = [int(label.rpartition("/")[2]) for label in self.design.intercepts]
        found = dict(zip(places, intercepts, strict=True))
        return [found.get(place, 0.0) for place in range(self._places)]

    def _report(self) -> Report:
        self.grid = window(*self._spread())
        grid = None if self.grid is None else Grid.of(self.grid)
        robust = self.request.robust is not None or self.request.cluster is not None
        return Report(meat=robust, grid=grid)

    def _spread(self) -> tuple[float, float]:
        """Return mean and sd of the linear predictor, weighted by mu (1 - mu), offset aside."""
        evaluation, k = self.state.evaluation, len(self.design.intercepts)
        if evaluation is None:
            return 0.0, 0.0
        slopes, information = self.state.beta[k:], evaluation.information
        squares = float(slopes @ information[k:, k:] @ slopes)
        if not k:
            return 0.0, float(np.sqrt(squares / (TYPICAL * self.counts.weight)))
        weight = np.diag(information)[:k]
        shifts = information[:k, k:] @ slopes / weight
        means = self.state.beta[:k] + shifts
        mean = float(weight @ means / weight.sum())
        within = squares - float(weight @ shifts**2)
        spread = (within + float(weight @ (means - mean) ** 2)) / weight.sum()
        return mean, float(np.sqrt(max(spread, 0.0)))
