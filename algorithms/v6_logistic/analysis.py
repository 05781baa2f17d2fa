"""The central side of ``logistic_regression``: start, then evaluate until nothing moves."""

from __future__ import annotations

from typing import Any

import numpy as np

from v6_clinical.disclosure.cells import Window
from v6_clinical.protocol.analysis import Analysis
from v6_clinical.regression.families.binomial import BINOMIAL
from v6_clinical.regression.glm import fitting as glm
from v6_clinical.regression.glm.analysis import standing as glm_standing
from v6_clinical.regression.question import Report
from v6_logistic.questions import Evaluate, Grid
from v6_logistic.questions import Report as LogisticReport
from v6_logistic.request import LogisticRequest
from v6_logistic.result import conclude
from v6_logistic.risk import risk_grid

REQUEST = LogisticRequest


def analyse(request: LogisticRequest) -> Analysis:
    """Ask ``describe`` where the model needs pooled moments, ``start``, then ``evaluate``."""
    fitting, found, rounds = yield from glm.fitted(request, BINOMIAL, Fitting)
    return conclude(fitting, found, rounds, fitting.grid)


def standing(request: LogisticRequest) -> list[Any]:
    """Return what is the same in the questions of a request, without and with a report."""
    return glm_standing(request, Fitting)


class Fitting(glm.Fitting):
    """A fit whose last round also asks for risks on a grid."""

    evaluation = Evaluate
    grid: Window | None = None

    def report(self) -> LogisticReport:
        """Return what the last evaluation is asked for besides."""
        self.grid = risk_grid(*self._predictor_moments())
        grid = None if self.grid is None else Grid.of(self.grid)
        return LogisticReport(meat=self.robust, grid=grid)

    def report_needs(self, report: Report) -> frozenset[str]:
        """Return what no site with rows may then leave out."""
        risks = {"risks", "expected"} if self.grid is not None else set()
        return super().report_needs(report) | {"brier", "pairs"} | risks

    def _predictor_moments(self) -> tuple[float, float]:
        """Return mean and sd of the linear predictor, weighted by mu (1 - mu), offset aside."""
        evaluation, k = self.state.evaluation, len(self.design.intercepts)
        if evaluation is None:
            return 0.0, 0.0
        slopes, information = self.state.beta[k:], evaluation.information
        squares = float(slopes @ information[k:, k:] @ slopes)
        if not k:
            typical = self.family.typical * self.counts.weight
            return 0.0, float(np.sqrt(squares / typical))
        weight = np.diag(information)[:k]
        shifts = information[:k, k:] @ slopes / weight
        means = self.state.beta[:k] + shifts
        mean = float(weight @ means / weight.sum())
        within = squares - float(weight @ shifts**2)
        variance = (within + float(weight @ (means - mean) ** 2)) / weight.sum()
        return mean, float(np.sqrt(max(variance, 0.0)))
