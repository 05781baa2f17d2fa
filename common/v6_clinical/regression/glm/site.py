"""The site side of a likelihood of single rows: what it brings to the steps of all regressions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from v6_clinical.disclosure.dominance import survey
from v6_clinical.errors import RefusalError
from v6_clinical.model.coding import INTERCEPT
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.newton import Evaluation, inverse, propose
from v6_clinical.protocol.analysis import Place
from v6_clinical.protocol.sums import Form, Sums
from v6_clinical.regression.families.family import Family
from v6_clinical.regression.glm import likelihood
from v6_clinical.regression.glm.likelihood import Data, Point
from v6_clinical.regression.glm.own_intercept import own_intercept
from v6_clinical.regression.glm.questions import Evaluate, Opening
from v6_clinical.regression.site.guard import (
    Checked,
    Cleared,
    check,
    evaluation_sums,
    may_add,
)
from v6_clinical.regression.site.likelihood import Asked, Cases, Likelihood, Regression, Told
from v6_clinical.regression.site.own_fit import Quadratic, RidgeOptimum, own_optimum, site_labels
from v6_clinical.regression.site.rows import Rows, complete_cases

if TYPE_CHECKING:
    import pandas as pd

    from v6_clinical.disclosure import Policy

SAMPLE_ERRORS = 10  # standard errors in the sample; a longer step tells of separation
SMALL = 0.25  # standard errors; a larger expected step is not small, and nothing is corrected


@dataclass(frozen=True)
class GLM(Regression[Opening, Evaluate]):
    """A regression by its family.

    Parameters
    ----------
    more
        What the report of a family sends besides.
    """

    family: Family
    opening: type[Opening] = Opening
    evaluation: type[Evaluate] = Evaluate
    more: Callable[[GLMTold, Policy], Sums] = lambda told, policy: Sums()
    by_column: bool = True

    def read(self, frame: pd.DataFrame, question: Opening, policy: Policy) -> GLMCases:
        """Return the complete cases and their outcomes; R6."""
        column = question.outcome.column
        if column in question.model.columns():
            raise RefusalError("BAD_REQUEST", ["outcome"])
        rows = complete_cases(frame, question.model, [column], policy)
        outcome = self.family.read(rows.others[column], question.outcome, policy)
        features = self.family.features(outcome, rows.weights)
        if features.size:  # R5: their sums are told in the last round
            names = [column] * features.shape[1]
            policy.check_design(survey(features), names, [False] * len(names))
        return GLMCases(self, rows, question, outcome)

    def coefficients(
        self, question: Evaluate, names: tuple[str, ...], place: Place
    ) -> tuple[Array, Array]:
        """Return shift and coefficients of all columns, the intercept's own included."""
        which = place.index if question.site_effect else 0
        own = question.intercepts[which : which + 1]
        with_intercept = INTERCEPT in names
        if len(own) != with_intercept or len(question.slopes) != len(names) - with_intercept:
            raise RefusalError("BAD_REQUEST", ["slopes"])
        if len(question.shift) != len(question.slopes):
            raise RefusalError("BAD_REQUEST", ["shift"])
        shift = np.array([*([0.0] * with_intercept), *question.shift])
        return shift, np.array([*own, *question.slopes], dtype=np.float64)

    def labels(self, names: tuple[str, ...], question: Opening, place: Place) -> tuple[str, ...]:
        """Return the labels of the parameters; the intercept may be the site's own."""
        return site_labels(names, question.site_effect, place.index)


@dataclass(frozen=True)
class GLMCases(Cases):
    """Complete cases and their outcome, shape (n,)."""

    regression: GLM
    rows: Rows
    question: Opening
    outcome: Array

    @property
    def column(self) -> str:
        """The outcome's column."""
        return self.question.outcome.column

    @property
    def events(self) -> Array:
        """The outcome, shape (n,)."""
        return self.outcome

    @property
    def asks_null(self) -> bool:
        """Whether sites are asked about the null model: it does not follow from counts."""
        return self.question.model.has_offset or not self.regression.family.closed_null

    @property
    def may_sample(self) -> bool:
        """Whether rows weigh alike."""
        return self.question.model.weights is None

    def likelihood(
        self, design: Array, shift: Array | None = None, every: int = 1
    ) -> GLMLikelihood:
        """Return the likelihood of a design; the shift is taken off in place."""
        if shift is not None:
            for column, less in zip(design.T, shift, strict=True):
                column -= less  # the rows are not kept a second time
        rows = self.rows
        data = Data(
            self.regression.family,
            design[::every],
            self.outcome[::every],
            rows.weights[::every],
            rows.offset[::every],
        )
        return GLMLikelihood(self, data, every)


@dataclass(frozen=True)
class GLMLikelihood(Likelihood):
    """The likelihood of a site's rows, or of each so many-th of them."""

    cases: GLMCases
    data: Data
    every: int = 1

    @property
    def fewest(self) -> float:
        """What estimates rest on, see ``Family.fewest``."""
        return self.data.family.fewest(self.cases.rows.counts(self.cases.outcome))

    @property
    def quadratic(self) -> bool:
        """Whether that of the family is."""
        return self.data.family.quadratic

    @property
    def weight(self) -> float:
        """A usual weight of each row."""
        return self.data.family.typical * float(self.data.weights.sum())

    def at(self, beta: Array) -> Point:
        """Return the point at coefficients ``beta``."""
        return Point(self.data, beta)

    def ridge_optimum(self) -> RidgeOptimum:
        """Return about the optimum under a weak ridge, the intercept free."""
        data, intercept = self.data, self.cases.question.model.intercept
        usual = float(data.offset.mean()) if intercept else 0.0  # years, say: far from 0
        about = replace(data, offset=data.offset - usual)

        def unchecked(design: Array, beta: Array) -> Evaluation:
            return Point(replace(about, design=design), beta).unchecked()

        first = self._first or 0.0
        found = own_optimum(unchecked, data.design, intercept, first)
        beta = found.beta.copy()
        beta[:1] -= usual
        return RidgeOptimum(beta, found.penalty, self.every)

    @property
    def _first(self) -> float | None:
        """Eta of the outcome's mean, which the counts tell; None where a fit may begin at 0."""
        counts = self.cases.rows.counts(self.cases.outcome)
        return self.data.family.origin(counts.event_weight / counts.weight)

    @property
    def origin(self) -> Array:
        """Where the quadratic is taken if it may not be at the own optimum, shape (p,).

        With an offset in whole numbers, so that it tells no more than its size.
        """
        at = np.zeros(self.data.design.shape[1])
        if self.cases.question.model.intercept and self._first is not None:
            usual = float(self.data.offset.mean())
            at[0] = round(self._first - usual) if usual else self._first
        return at

    def own_quadratic(self, own: RidgeOptimum, policy: Policy, place: Place) -> Quadratic:
        """Return the quadratic at the own optimum, one step of all rows away from a sample's."""
        here = check(self.at(own.beta), policy)
        found = here.evaluation
        if own.every > 1:
            step = propose(found.penalised(own.beta, own.penalty))
            if step.size < SAMPLE_ERRORS * own.every**0.5:
                beta = own.beta + step.step
                return Quadratic(check(self.at(beta), policy).evaluation, beta)
        elif place.count > 1:  # of more rows so little is left out that it saves no round
            return Quadratic(found, own.beta, self._expected(here, own, policy, place.count))
        return Quadratic(found, own.beta)

    def _expected(
        self, here: Checked[Point], own: RidgeOptimum, policy: Policy, sites: int
    ) -> Array | None:
        """Return the part of the score that the quadratic is expected to miss, shape (p,).

        The pooled optimum lies off the site's own by an error of covariance C (1 - 1/S) among S
        sites alike, where the quadratic misses half of (1 - 1/S) X' third. It does not cancel over
        sites. None where that is not small, or R9 would not let such a sum be told.
        """
        covariance = inverse(here.evaluation.information + np.diag(own.penalty))
        third = likelihood.third_weights(self.data, here.point.parts, covariance)
        expected = (1 - 1 / sites) / 2 * np.dot(third, self.data.design)
        step = covariance @ expected
        if not may_add(third, policy):
            return None
        small = (step**2 <= SMALL**2 * np.diag(covariance)).all()
        return np.asarray(expected) if small else None

    def opening_sums(self, labels: tuple[str, ...], null: Cleared | None, policy: Policy) -> Sums:
        """Return h and v = h a + score of the null model, where its sums do not follow.

        Where they do, the log-likelihood of the site's own intercept, if it has one.
        """
        if not self.cases.asks_null:
            return self._null_of_site()
        alone = self._alone()
        at = float(alone.origin[0])
        if policy.allow_per_site and self.fewest > 0:
            at = own_intercept(alone.data, at)
        score, information = _null(alone, at, policy)[1:]
        return Sums({"null": np.array([information, information * at + score])})

    def _null_of_site(self) -> Sums:
        cases = self.cases
        if not cases.question.site_effect:
            return Sums()
        found = self.data.family.null(cases.rows.counts(cases.outcome), intercept=True)
        return Sums({"null_sites": np.array([found.log_likelihood])})

    def _alone(self) -> GLMLikelihood:
        """Return the likelihood of an intercept alone."""
        ones = np.broadcast_to(np.float64(1), (len(self.data.outcome), 1))  # takes no memory
        return replace(self, data=replace(self.data, design=ones))

    def tell(self, here: Checked[Any], asked: Asked, policy: Policy) -> GLMTold:
        """Return the evaluation and, asked for, that of the null model."""
        sums, question = evaluation_sums(asked.labels, here.evaluation), self.cases.question
        if isinstance(question, Evaluate) and question.null is not None:
            sums += Sums({"null": _null(self._alone(), question.null, policy)})
        point: Point = here.point
        return GLMTold(
            sums, here.evaluation, self.cases, self.data, asked, point.eta, point.residuals
        )


@dataclass(frozen=True)
class GLMTold(Told):
    """What a report goes on from.

    Parameters
    ----------
    predictor, residuals
        eta and w l' of the rows, shape (n,).
    """

    sums: Sums
    evaluation: Cleared
    cases: GLMCases
    data: Data
    asked: Asked
    predictor: Array
    residuals: Array

    def report(self, policy: Policy, place: Place) -> Sums:
        """Return the meat of robust errors, and what the family adds."""
        sums = self.cases.regression.more(self, policy)
        question = self.cases.question
        if isinstance(question, Evaluate) and question.report and question.report.meat:
            found = likelihood.meat(self.data.design, self.residuals, self.cases.rows.clusters)
            sums += Sums(forms={"meat": Form(self.asked.labels, found)})
        return sums


def _null(alone: GLMLikelihood, intercept: float, policy: Policy) -> Array:
    """Return log-likelihood, score and information of an intercept alone, shape (3,)."""
    found = check(alone.at(np.array([intercept])), policy).evaluation
    return np.array([found.log_likelihood, found.score[0], found.information[0, 0]])
