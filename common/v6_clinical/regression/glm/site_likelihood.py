"""The likelihood of a site's rows, and what is told of it at a point."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from v6_clinical.disclosure.blur import Scale, Source
from v6_clinical.disclosure.row_key import Columns, Digest
from v6_clinical.errors import RefusalError
from v6_clinical.numerics.arrays import Array, Index
from v6_clinical.numerics.newton import Evaluation, inverse, propose
from v6_clinical.protocol.analysis import Place
from v6_clinical.protocol.sums import Sums
from v6_clinical.regression.counts import Counts
from v6_clinical.regression.glm import likelihood
from v6_clinical.regression.glm.likelihood import Data, GainFrom, Point
from v6_clinical.regression.glm.linear_told import linear_sums, own_sums
from v6_clinical.regression.glm.null_rows import NullRows, null_rows, shown
from v6_clinical.regression.glm.null_told import NullQuadratic, NullTold
from v6_clinical.regression.glm.own_intercept import own_intercept
from v6_clinical.regression.glm.questions import Evaluate
from v6_clinical.regression.glm.reach import SumsThere
from v6_clinical.regression.glm.told import GLMTold
from v6_clinical.regression.site.guard import Checked, Cleared, check, evaluation_sums, may_add
from v6_clinical.regression.site.likelihood import Asked, Likelihood
from v6_clinical.regression.site.noise import OFF, NoiseAt, Noisy
from v6_clinical.regression.site.own_fit import Quadratic, RidgeOptimum, own_optimum

if TYPE_CHECKING:
    from v6_clinical.disclosure import Policy
    from v6_clinical.regression.glm.site import GLMCases

SAMPLE_ERRORS = 10  # standard errors in the sample; a longer step tells of separation
SMALL = 0.25  # standard errors; a larger expected step is not small, and nothing is corrected


@dataclass(frozen=True)
class GLMLikelihood(Likelihood):
    """The likelihood of a site's rows, or of each so many-th of them.

    Parameters
    ----------
    null
        The rows at the site's own null model, which fix how large the noise is.
    """

    cases: GLMCases
    data: Data
    every: int = 1
    noisy: Noisy = OFF
    null: NullRows | None = None

    def at_null(self, gram: Array, clusters: Index | None) -> tuple[Self, Array]:
        """Return the likelihood with its rows at their null model, and their leverages there."""
        intercept = self.cases.null_intercept(self._alone_data)
        weights = self.cases.powers(self.data.weights)
        null, leverage = null_rows(self.data, intercept, gram, weights, clusters)
        return replace(self, null=null), leverage

    def with_noise(self, noisy: Noisy) -> Self:
        """Return the likelihood with the noise of what is told of it."""
        return replace(self, noisy=noisy)

    def noise_at(self, here: Checked[Point], question: bytes) -> NoiseAt:
        """Return the noise of what is told at a point."""
        if self.null is None:
            return NoiseAt(self.noisy)
        parts, information = here.point.parts, here.evaluation.information
        there = parts.spread(self.data.weights)
        scale = self.null.scale(self.noisy.source, len(self.data.outcome), there, question)
        scale = self.hiding(scale, SumsThere(information, parts.residuals, parts.weights, question))
        return NoiseAt(self.noisy, question, scale, shown(scale))

    def hiding(self, scale: Scale, sums: SumsThere) -> Scale:
        """Return a noise that hides the patient who counts most in sums over the rows."""
        if self.null is None:
            return scale
        return sums.hidden(self.null.reach, self.noisy, self.data.design, scale)

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

    def point(self, asked: Asked, policy: Policy) -> Point:
        """Return the point that is asked about, with the gain over a null model.

        With noise that is the site's own: where differences are to begin draws nothing anew.
        """
        return Point(self.data, asked.beta, self.gain)

    @property
    def gain(self) -> GainFrom:
        """What gains are from: the site's own null model, where there is noise."""
        if self.null is None:
            return GainFrom(self.origin_asked[0])
        return GainFrom(self.null.intercept, self.null.values, self.noisy.clusters, noisy=True)

    @cached_property
    def origin_asked(self) -> tuple[float, bytes]:
        """The intercept of the null model that gains are from, and what stands for it."""
        question = self.cases.question
        if not isinstance(question, Evaluate):
            raise TypeError("this question asks for no evaluation")
        if self.cases.null_follows:
            return question.origin, b""  # what it gains does too
        # the log-likelihood there by itself is told
        at, asked = self.alone.noisy.asked(np.array([question.origin]))
        return float(at[0]), asked

    def asked_intercept(self, intercept: float) -> tuple[float, bytes]:
        """Return the nearest intercept that this likelihood of one is evaluated at."""
        at, question = self.asked(np.array([intercept]))
        return float(at[0]), question

    def _ones(self, source: Source) -> Noisy:
        """Return the noise of an intercept alone."""
        n = len(self.data.outcome)
        ones = Columns((Digest.constant(1.0, n),), intercept=True)
        columns = ones if self.noisy.on else None
        return replace(self.noisy, source=source, columns=columns, moments=((1.0, 0.0),), kept=None)

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
            whole = bool(usual) and not self.quadratic
            at[0] = round(self._first - usual) if whole else self._first - usual
        return at

    def own_quadratic(self, own: RidgeOptimum, policy: Policy, place: Place) -> Quadratic:
        """Return the quadratic at the own optimum, one step of all rows away from a sample's."""
        if self.quadratic:
            return super().own_quadratic(own, policy, place)
        beta, question = self.asked(own.beta)
        here = check(self.at(beta), policy)
        found = here.evaluation
        if own.every > 1:
            step = propose(found.penalised(beta, own.penalty))
            if step.size < SAMPLE_ERRORS * own.every**0.5:
                return super().own_quadratic(replace(own, beta=beta + step.step), policy, place)
        noise, expected = self.noise_at(here, question), None
        if own.every == 1 and place.count > 1:
            # of more rows so little is left out that it saves no round
            expected = self._expected(here, own, policy, place.count, noise)
        return Quadratic(found, beta, expected, noise)

    def _expected(
        self,
        here: Checked[Point],
        own: RidgeOptimum,
        policy: Policy,
        sites: int,
        noise: NoiseAt,
    ) -> Array | None:
        """Return the part of the score that the quadratic is expected to miss, shape (p,).

        The pooled optimum lies off the site's own by an error of covariance C (1 - 1/S) among S
        sites alike, where the quadratic misses half of (1 - 1/S) X' third. It does not cancel over
        sites. None where that is not small, or R9 would not let such a sum be told. The number of
        sites draws no noise anew.
        """
        information = here.evaluation.information
        covariance = inverse(information + np.diag(own.penalty))
        third = likelihood.third_weights(self.data, here.point.parts, covariance)
        missed, share = np.dot(third, self.data.design), (1 - 1 / sites) / 2
        step = covariance @ (share * missed)
        if not may_add(third, policy) or (step**2 > SMALL**2 * np.diag(covariance)).any():
            return None
        sums = SumsThere(information, third, here.point.parts.weights, noise.question, "third")
        hidden = replace(noise, scale=self.hiding(noise.scale, sums))
        return share * hidden.beside("third", missed, information)

    def opening_sums(self, labels: tuple[str, ...], null: Cleared | None, policy: Policy) -> Sums:
        """Return h and v = h a + score of the null model, where its sums do not follow.

        Where they do, the log-likelihood of the site's own intercept, if it has one.
        """
        if not self.cases.asks_null:
            return self._null_of_site(policy)
        if self.quadratic:
            return Sums()  # told with the whole of the likelihood
        alone = self.alone
        at = float(alone.origin[0])
        if policy.allow_per_site and self.fewest > 0:
            at = own_intercept(alone.data, at)
        return self.null_at(at, policy).sums()

    def null_at(self, intercept: float, policy: Policy) -> NullQuadratic:
        """Return the quadratic of the null model at an intercept."""
        alone = self.alone
        at, question = alone.asked_intercept(intercept)
        here = check(alone.at(np.array([at])), policy)
        noise = alone.noise_at(here, question)
        score, information = noise.block(here.evaluation.score, here.evaluation.information)
        return NullQuadratic(at, float(score[0]), float(information[0, 0]), noise)

    def whole_sums(
        self, labels: tuple[str, ...], first: Quadratic, policy: Policy, place: Place
    ) -> Sums:
        """Return what makes a quadratic the whole log-likelihood, and own estimates."""
        if not self.quadratic:
            return Sums()
        sums = linear_sums(self, first, policy)
        if policy.allow_per_site and place.count > 1:  # R15; one site differs from no other
            sums += own_sums(self, labels, first, place)
        return sums

    def _null_of_site(self, policy: Policy) -> Sums:
        """Return the log-likelihood of the site's own intercept, by what is told of its rows."""
        cases = self.cases
        if not cases.question.site_effect:
            return Sums()
        counts = cases.rows.counts(cases.outcome)
        if self.noisy.on:
            counts = Counts.read(cases.counts_told(policy))
        found = self.data.family.null(counts, intercept=True)
        noise = self.noisy.told(["null_sites"])
        return Sums({"null_sites": np.array([found.log_likelihood])}, noise=noise)

    @property
    def _alone_data(self) -> Data:
        """The rows with a column of ones alone, which takes no memory."""
        ones = np.broadcast_to(np.float64(1), (len(self.data.outcome), 1))
        return replace(self.data, design=ones)

    @cached_property
    def alone(self) -> GLMLikelihood:
        """The likelihood of an intercept alone, its noise that of the rows without the design."""
        found = replace(self, data=self._alone_data)
        if self.null is None:
            return found
        return replace(found, null=self.null.of_ones, noisy=self._ones(self.noisy.alone))

    def tell(self, here: Checked[Any], asked: Asked, policy: Policy) -> GLMTold:
        """Return the evaluation and, asked for, that of the null model."""
        point: Point = here.point
        noise, parts = self.noise_at(here, asked.question), point.parts
        if not np.isfinite(parts.gain):
            raise RefusalError("COEFFICIENT_RANGE")
        gain = noise.number("likelihood", parts.gain, parts.parts)
        if noise.noisy.on:  # without the last digits: these are of the order of the rows
            gain = float(f"{gain - self.null_told.origin_gain(policy):.10e}")
        sums = evaluation_sums(asked.labels, here.evaluation, likelihood=gain, noise=noise)
        wanted = self.cases.question
        if isinstance(wanted, Evaluate) and wanted.null is not None:
            sums += self.null_told.sums(wanted.null, policy)
        return GLMTold(sums, here.evaluation, self, asked, noise, point.eta, point.residuals)

    @cached_property
    def null_told(self) -> NullTold:
        """What is told of null models beside this one."""
        return NullTold(self)
