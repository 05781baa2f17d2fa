"""What a site tells of null models: that which differences are from, and that of the fit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from v6_clinical.disclosure.blur import NO_NOISE, settled
from v6_clinical.numerics.arrays import Array
from v6_clinical.protocol.sums import Sums
from v6_clinical.regression.counts import Counts
from v6_clinical.regression.glm.likelihood import Point, row_values
from v6_clinical.regression.site.guard import Checked, check
from v6_clinical.regression.site.noise import NoiseAt, Noisy

if TYPE_CHECKING:
    from v6_clinical.disclosure import Policy
    from v6_clinical.regression.glm.site_likelihood import GLMLikelihood


@dataclass(frozen=True)
class At:
    """An intercept alone: the point, what stands for it in a question, the gain over another."""

    here: Checked[Point]
    question: bytes
    gain: float


@dataclass(frozen=True)
class NullQuadratic:
    """What ``start`` tells of the null model: score and information at an intercept, with noise."""

    at: float
    score: float
    information: float
    noise: NoiseAt

    def sums(self) -> Sums:
        """Return H and v = H a + score."""
        size = np.array([self.noise.scale.sd * self.information**0.5])
        side = settled(np.array([self.information * self.at + self.score]), size)
        told = self.noise.noisy.told({"null": self.noise.shown})
        return Sums({"null": np.append(self.information, side)}, noise=told)

    @property
    def rest(self) -> float:
        """What squares about 0 have beside those about the intercept: a (H a + 2 score)."""
        return self.at * (self.information * self.at + 2 * self.score)


def constant_sums(noisy: Noisy, columns: Iterable[Array]) -> Array:
    """Return sums of columns that outcome and weights fix, whatever the design and the point."""
    return np.array(
        [noisy.sum(f"constants/{k}", b"", column, alone=True) for k, column in enumerate(columns)]
    )


class NullTold:
    """Null models of a site's rows.

    With noise all gains are from the site's own null model: a difference of two null models, or of
    a model and one of them, has the same noise wherever it is asked to begin.
    """

    def __init__(self, likelihood: GLMLikelihood) -> None:
        self.likelihood = likelihood
        self._known: dict[bytes, At] = {}

    def origin_gain(self, policy: Policy) -> float:
        """Return what the null model that differences begin at gains over the site's own.

        0 where nothing has noise: then differences are taken from it. Without an offset it follows
        from what is told of the counts.
        """
        likelihood = self.likelihood
        if likelihood.null is None:
            return 0.0
        origin, question = likelihood.origin_asked
        if not likelihood.cases.null_follows:
            return self._at(origin, question, policy).gain
        counts = Counts.read(likelihood.cases.counts_told(policy))
        family = likelihood.data.family
        return family.at_constant(counts, origin) - family.at_constant(
            counts, likelihood.null.intercept
        )

    def _at(self, intercept: float, question: bytes, policy: Policy) -> At:
        """Return what is told of an intercept alone; R9.

        Raises
        ------
        RefusalError
            ``COEFFICIENT_RANGE``.
        """
        key = np.float64(intercept).tobytes()
        if key not in self._known:
            alone, noisy = self.likelihood.alone, self.likelihood.noisy
            point = Point(alone.data, np.array([intercept]), self.likelihood.gain)
            here, parts = check(point, policy), point.parts
            gain = noisy.number("null", question, parts.gain, parts.parts, alone=True)
            self._known[key] = At(here, question, gain)
        return self._known[key]

    def sums(self, intercept: float, policy: Policy) -> Sums:
        """Return a null model's gain over the one that gains are from, score and information.

        Beside it the log-likelihood of the latter: R9 holds at both.
        """
        alone, noisy = self.likelihood.alone, self.likelihood.noisy
        here = self._at(*alone.asked_intercept(intercept), policy)
        self._at(*self.likelihood.origin_asked, policy)
        begin = self.origin_gain(policy)
        noise, found = alone.noise_at(here.here, here.question), here.here.evaluation
        score, information = noise.block(found.score, found.information)
        values = row_values(alone.data, self.likelihood.gain.intercept)
        value = noisy.sum("null_likelihood", b"", values, alone=True) + begin
        told = {
            "null": np.array([here.gain - begin, score[0], information[0, 0]]),
            "null_likelihood": np.array([value]),
        }
        scales = {"null": noise.shown, "null_likelihood": NO_NOISE}
        return Sums(told, noise=noisy.told(scales))
