"""The noise of what a site tells of a partial likelihood: the sizes of its patients' parts.

The noise of score and information is at least as large as the parts of patients at coefficients of
0 make it. At a point where a patient counts for more it grows, see ``disclosure.growth``.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Final, cast

import numpy as np
from numpy.typing import NDArray

from v6_clinical.disclosure.blur import NO_NOISE, Scale, factor_of, settled
from v6_clinical.disclosure.growth import grown, hides
from v6_clinical.disclosure.row_key import Columns
from v6_clinical.numerics.arrays import Array, Index
from v6_clinical.numerics.newton import Evaluation
from v6_clinical.numerics.whitening import longer
from v6_clinical.regression.site.noise import NoiseAt, Noisy, Parts, parts_of
from v6_cox.kernel import residuals
from v6_cox.kernel.coarse_parts import coarse_parts, find_runs
from v6_cox.kernel.coarse_reach import coarse_most
from v6_cox.kernel.concordance import Concordance, pairs_of_rows
from v6_cox.kernel.partial_likelihood import Point
from v6_cox.kernel.proportional_hazards import PHSums, Transform, moved, ph_sums, stack, times_of
from v6_cox.kernel.reach import most
from v6_cox.kernel.row_likelihood import row_likelihoods
from v6_cox.kernel.row_parts import largest_parts

if TYPE_CHECKING:
    from v6_cox.kernel.sorted_data import SortedData


ROUNDING: Final = 1 + 1e-6  # of lengths in half of the memory


def without_rounding(point: Point, found: Evaluation) -> Evaluation:
    """Return an evaluation with 0 for columns that are constant wherever rows are compared.

    What rounding leaves of their information is no size that noise could be measured by.
    """
    keep = point.varies
    information = found.information * np.outer(keep, keep)
    return replace(found, score=found.score * keep, information=information)


class NullNoise:
    """The noise of a site's rows and columns: its sizes at coefficients of 0, and how they grow.

    Parameters
    ----------
    data
        The site's rows.
    noisy
        Their noise.
    """

    def __init__(self, data: SortedData, noisy: Noisy) -> None:
        self.data, self.noisy = data, noisy

    @cached_property
    def point(self) -> Point:
        """The rows at coefficients of 0."""
        return Point(self.data, np.zeros(self.data.design.shape[1]))

    @cached_property
    def patients(self) -> Index | None:
        """Codes of the patients of the sorted rows, where some have several; shape (n,)."""
        clusters = self.noisy.clusters
        return None if clusters is None else clusters[self.data.order]

    @cached_property
    def _sizes(self) -> tuple[Scale, Array, Array]:
        """The noise of score and information, the coordinates h, and |h| of the rows, (n,)."""
        null, columns, lengths = self.point, self.noisy.columns, np.empty(len(self.data), "f4")
        runs = find_runs(null) if self.patients is None else None
        if runs is not None:
            through = factor_of(runs.information, columns).whitener
            parts = coarse_parts(null, runs, through, lengths)
        else:
            factor = factor_of(null.information * np.outer(null.varies, null.varies), columns)
            through = factor.whitener
            parts = largest_parts(null, through, None, self.patients)
            lengths[:] = factor.norms(self.data.design)
        scale = self.noisy.source.scale(len(self.data), parts.score, parts.information)
        return scale, through, cast(Array, lengths)

    @property
    def scale(self) -> Scale:
        """The noise of score and information."""
        return self._sizes[0] if self.noisy.on else NO_NOISE

    def at(self, here: Point, information: Array, question: bytes) -> NoiseAt:
        """Return the noise at a point: larger where patients count for more than at 0.

        The rows' columns are gone through only where a bound does not say that they do not.
        """
        if not self.noisy.on:
            return NoiseAt(self.noisy, question)
        scale, through, lengths = self._sizes
        further, source = ROUNDING * longer(through, information), self.noisy.source
        there = factor_of(information, self.noisy.columns).whitener
        coarse = None
        if self.patients is None:
            coarse = coarse_most(here, lengths, further, there)
        if coarse is not None:
            scale = grown(source, scale, coarse.score, coarse.information, question)
            return NoiseAt(self.noisy, question, scale, scale)
        bound = most(here, lengths, self.patients)
        size = bound.score * further, bound.information * further**2
        if not hides(source, scale, *size, question):
            parts = largest_parts(here, there, None, self.patients)
            scale = grown(source, scale, parts.score, parts.information, question)
        return NoiseAt(self.noisy, question, scale, scale)

    def parts(self, rows: Array) -> Parts:
        """Return the parts of patients in a sum over sorted rows, shape (n,)."""
        return parts_of(rows, self.patients)

    @cached_property
    def value(self) -> float:
        """The log partial likelihood at coefficients of 0."""
        return self.point.log_likelihood

    @cached_property
    def rows(self) -> NDArray[np.float32]:
        """What each row adds to it, shape (n,); in half of the memory, the size of noise."""
        return row_likelihoods(self.point).astype(np.float32)

    def settle(self) -> None:
        """Compute what each evaluation needs of the rows at 0, and free the memory of the rest."""
        self.value  # noqa: B018 - kept from here on
        if self.noisy.on:
            self._sizes, self.rows  # noqa: B018
        vars(self).pop("point", None)

    def difference(self, here: Point, noise: NoiseAt) -> float:
        """Return the log partial likelihood less that at coefficients of 0."""
        value = here.log_likelihood - self.value
        if not noise.noisy.on:
            return value
        rows = row_likelihoods(here)
        rows -= self.rows
        return noise.number("likelihood", value, self.parts(rows))

    def log_likelihood(self) -> float:
        """Return the log partial likelihood at coefficients of 0, which has nothing of columns."""
        if not self.noisy.on:
            return self.value
        parts = self.parts(row_likelihoods(self.point))
        return self.noisy.number("null_likelihood", b"", self.value, parts, alone=True)

    def hazards(
        self, here: Point, found: PHSums, transform: Transform, noise: NoiseAt
    ) -> tuple[Array, Array, Scale]:
        """Return the test's sums as one block of x and x g(t): score, information, their noise.

        The coordinates are those of g less its mean at the site, with which fewer digits are lost:
        lower triangular, they are the same.
        """
        if not noise.noisy.on:
            return *stack(found), NO_NOISE
        g, deaths, columns = (
            times_of(self.data, transform),
            self.data.sets.deaths,
            self.noisy.columns,
        )
        centre = float(np.dot(g, deaths)) / max(float(deaths.sum()), 1.0)
        twice = None if columns is None else Columns((*columns.digests, *columns.digests))
        keep = np.tile(self.point.varies, 2)
        both = np.outer(keep, keep)
        null = stack(moved(ph_sums(self.point, transform), centre))[1] * both
        parts = largest_parts(
            self.point, factor_of(null, twice).whitener, g - centre, self.patients
        )
        scale = self.noisy.source.scale(len(self.data), parts.score, parts.information)
        score, matrix = stack(moved(found, centre))
        name, question = f"hazards/{transform}", noise.question
        through = factor_of(matrix * both, twice).whitener
        parts = largest_parts(here, through, g - centre, self.patients)
        sizes = parts.score, parts.information
        scale = grown(self.noisy.source, scale, *sizes, question, name)
        told = self.noisy.source.score_block(
            name, question, scale, score * keep, matrix * both, twice
        )
        back = np.kron([[1.0, 0.0], [centre, 1.0]], np.eye(len(keep) // 2))  # to g as it is
        # settled again: the digits of the centre, which is an exact mean, are not told beside them
        length, moved_back = np.sqrt(np.diag(told[1])), back @ told[1] @ back.T
        return (
            settled(back @ told[0], scale.d * length),
            settled((moved_back + moved_back.T) / 2, scale.e * np.outer(length, length)),
            scale,
        )

    def pairs(self, found: Concordance, noise: NoiseAt) -> Array:
        """Return the concordant pairs, tied ones counted half, and the comparable ones, (2,).

        Not tied pairs by themselves: two patients who die at one time, or have one predictor, are
        such a pair, and with weights it tells the product of their weights.
        """
        comparable = found.concordant + found.discordant + found.tied_x
        ordered = found.concordant + found.tied_x / 2
        if not noise.noisy.on:
            return np.array([ordered, comparable])
        parts = self.parts(pairs_of_rows(self.data))  # of the ordered ones no patient has more
        told = [
            noise.number("pairs/ordered", ordered, parts),
            self.noisy.number("pairs/comparable", b"", comparable, parts, alone=True),
        ]
        return np.maximum(told, 0.0)

    def meat(
        self, matrix: Array, found: Array, noise: NoiseAt, weights: Array
    ) -> tuple[Array, float]:
        """Return the robust errors' meat, shape (p, p), and its noise e.

        Parameters
        ----------
        found
            Score residuals of the rows at the point, shape (n, p).
        """
        if not noise.noisy.on:
            return matrix, 0.0
        keep, source = self.point.varies, self.noisy.source
        null = residuals.score_residuals(self.data, self.point.beta)
        square, there = (self._meat_square(rows * keep, weights) for rows in (null, found))
        scale = source.scale(len(self.data), 0.0, square)
        e = grown(source, scale, 0.0, there, noise.question, "meat").e
        told = self.noisy.matrix("meat", noise.question, e, matrix * np.outer(keep, keep))
        return told, e

    def _meat_square(self, rows: Array, weights: Array) -> float:
        """Return the largest part u' M^-1 u of a patient in the meat of score residuals (n, p)."""
        parts = residuals.parts(rows, weights, self.noisy.clusters)
        factor = factor_of(np.dot(parts.T, parts), self.noisy.columns)
        return float(factor.squares(parts).max(initial=0.0))
