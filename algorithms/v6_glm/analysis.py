"""The central side of ``generalized_linear_model``: start, then evaluate until nothing moves."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any

import numpy as np

from v6_clinical.errors import AnalysisError
from v6_clinical.model.formula import Formula
from v6_clinical.model.terms import raw_columns
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.halves import half_of
from v6_clinical.protocol.analysis import Analysis, Ask, Reply
from v6_clinical.protocol.question import asking
from v6_clinical.regression.centre.fit import Fit
from v6_clinical.regression.glm import fitting as glm
from v6_clinical.regression.glm.analysis import standing as glm_standing
from v6_clinical.regression.glm.one_round import one_round
from v6_clinical.regression.glm.questions import LeverageReport
from v6_clinical.regression.glm.request import GLMRequest, is_robust, of_leverage
from v6_clinical.regression.messages import EVALUATION
from v6_clinical.regression.question import Report
from v6_clinical.regression.request import read_formula
from v6_glm import questions
from v6_glm.families import FAMILIES
from v6_glm.links import BOUNDED
from v6_glm.request import GeneralizedLinearRequest
from v6_glm.result import bread_of, conclude

REQUEST = GeneralizedLinearRequest


def analyse(request: GeneralizedLinearRequest) -> Analysis:
    """Ask ``describe`` where the model needs pooled moments, ``start``, then ``evaluate``.

    Raises
    ------
    AnalysisError
        ``BAD_REQUEST`` for a model without an intercept whose link needs one; ``BAD_OUTCOME`` for
        an outcome of one value.
    """
    which = (request.family, request.used_link)
    if which in BOUNDED and not read_formula(request).intercept:
        message = f"Argument 'link': {request.used_link} needs a model with an intercept."
        raise AnalysisError("BAD_REQUEST", message, remedy="Keep the intercept.")
    fitting, found, rounds = yield from glm.fitted(request, FAMILIES[which], Fitting)
    bread = bread_of(fitting, found)
    if fitting.leverage:
        found = yield from with_leverage(fitting, found, bread)
        rounds += 1
    return conclude(request, fitting, found, rounds, bread)


def standing(request: GeneralizedLinearRequest) -> list[Any]:
    """Return what is the same in the questions of a request, without and with a report."""
    opening = glm_standing(request, Fitting)[0]
    reports = [LeverageReport(meat=is_robust(request) and not of_leverage(request))]
    if (hc := of_leverage(request)) is not None:
        reports.append(LeverageReport(meat=True, hc=hc))
    return [opening, *(opening | {"report": report.standing()} for report in reports)]


def with_leverage(fitting: Fitting, fit: Fit, bread: Array) -> Generator[Ask, Reply, Fit]:
    """Ask for the meat of HC2 or HC3 at the estimates, by the leverages of the pooled fit."""
    reply = yield fitting.ask_leverage(fit.beta, bread)
    fitting.check_same(reply.total)
    total = replace(fit.total, forms={**fit.total.forms, "meat": reply.total.forms["meat"]})
    return replace(fit, total=total)


class Fitting(glm.Fitting):
    """A fit whose questions name the family."""

    evaluation = questions.Evaluate

    @classmethod
    @asking()
    def opening(cls, request: GLMRequest, formula: Formula) -> questions.Opening:
        """Return the question of ``describe`` and ``start``."""
        shared = dict(glm.opening(request, formula))
        named = _named(request)
        if named.family == "gaussian":  # sites tell estimates of their own in the first round
            known = {k: v for k, v in request.reference.items() if k in raw_columns(formula.terms)}
            shared["model"] = shared["model"].model_copy(update={"references": known})
        return questions.Opening(**shared, family=named.family, link=named.used_link)

    def report(self) -> Report:
        """Return what the last evaluation is asked for besides."""
        return LeverageReport(meat=super().report().meat)

    def ask_leverage(self, beta: Array, bread: Array) -> Ask:
        """Return the question of the meat of HC2 or HC3.

        Parameters
        ----------
        bread
            Inverse of the pooled expected information, shape (k, k).
        """
        at, question = self.all_places(), self.question(beta, None)
        whole = np.zeros((len(question.intercepts) + len(question.slopes),) * 2)
        whole[np.ix_(at, at)] = bread
        half = tuple(half_of(whole).tolist())
        report = LeverageReport(meat=True, hc=of_leverage(self.request), inverse=half)
        asked = self.question(beta, report).to_json()
        return Ask("evaluate", asked, needs=EVALUATION | {"meat"}, labels=self.labels)

    def whole(self, reply: Reply) -> Fit | None:
        """Return a linear regression: ``start`` has told all of it, but for robust errors."""
        return one_round(self, reply) if self.family.quadratic else None

    def report_needs(self, report: Report) -> frozenset[str]:
        """Return what no site with rows may then leave out."""
        family, needs = self.family, set(super().report_needs(report))
        if not family.canonical:
            needs.add("expected")
        if family.dispersed:
            needs.add("pearson")
        if _named(self.request).family != "binomial":
            needs.add("constants")
        return frozenset(needs)


def _named(request: GLMRequest) -> GeneralizedLinearRequest:
    if not isinstance(request, GeneralizedLinearRequest):
        raise TypeError("the request names no family")
    return request
