"""What a site tells of sets of rows where the blur is on: moments drawn once, all else by algebra.

A row set are the rows in which some numeric columns have a value: those of one column, of a group
in it, or the complete rows of a pair. Where correlations are asked for, all columns that are
complete there are drawn together (``drawing``). Power sums about a shift and products of pairs
follow from what was drawn, as those of slightly different rows would: a moved shift tells nothing
new, variances are positive and correlations at most 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from v6_clinical.disclosure.blur import Blur, Scale
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.halves import half_of
from v6_clinical.protocol.sums import Noise
from v6_summary.drawing import Drawn, drawn
from v6_summary.moments import FirstSums, NoiseSums, PowerSums
from v6_summary.pairs import PairNoise, PairSums


@dataclass(frozen=True)
class RowSet:
    """What is told of the rows that have a value of each of p columns.

    Parameters
    ----------
    places
        Which of the site's columns, p of them.
    told
        Their moments, with noise.
    """

    places: tuple[int, ...]
    told: Drawn

    def first(self, place: int, exact: FirstSums) -> FirstSums:
        """Return what round 1 tells of a column; n and the two flags are those of ``exact``."""
        if not self.told.n:
            return exact
        k, n = self.places.index(place), self.told.n
        mean, within = float(self.told.mean[k]), float(self.told.squares[k, k])
        return exact._replace(total=n * mean, within=within, mean_squares=n * mean**2)

    def power_sums(self, place: int, shift: float) -> PowerSums:
        """Return the power sums of a column about a shift c, D = mean - c.

        s1 = n D, s2 = n (v + D^2), s3 = n (g + 3 v D + D^3) and
        s4 = n (k + 4 g D + 6 v D^2 + D^4), with v, g and k the central moments.
        """
        if not self.told.n:
            return PowerSums()
        k, n = self.places.index(place), float(self.told.n)
        away, variance = float(self.told.mean[k] - shift), float(self.told.squares[k, k]) / n
        third = float(self.told.third[k]) * variance**1.5
        fourth = float(self.told.fourth[k]) * variance**2
        return PowerSums(
            n,
            n * away,
            n * (variance + away**2),
            n * (third + 3 * variance * away + away**3),
            n * (fourth + 4 * third * away + 6 * variance * away**2 + away**4),
        )

    def noise_sums(self, place: int, shift: float) -> NoiseSums:
        """Return the variances of the noise in s1 and s2 of ``power_sums``, from what is told."""
        if not self.told.n:
            return NoiseSums()
        k, scale = self.places.index(place), self.told.scale
        square, away = float(self.told.squares[k, k]), float(self.told.mean[k] - shift)
        of_mean = scale.d**2 * square
        return NoiseSums(of_mean, 2 * (scale.e * square) ** 2 + 4 * away**2 * of_mean)

    def pair_sums(self, first: int, second: int, shifts: Array) -> PairSums:
        """Return the sums of two columns' rows about their shifts, shape (columns,)."""
        away, products = self._pair(first, second, shifts)
        (xx, xy), (_, yy) = products + self.told.n * np.outer(away, away)
        sx, sy = (self.told.n * away).tolist()
        return PairSums(float(self.told.n), sx, sy, float(xx), float(yy), float(xy))

    def pair_noise(self, first: int, second: int, shifts: Array) -> PairNoise:
        """Return the covariance of the noise in sxx, syy and sxy of ``pair_sums``.

        To first order: of entries a b and c d of T E T' it is e^2 (A_ac A_bd + A_ad A_bc), and the
        means, with d^2 A / n^2 theirs, enter the products as 2 n D.
        """
        (x, y), products = self._pair(first, second, shifts)
        (xx, xy), (_, yy) = products
        means = np.array([[2 * x, 0.0], [0.0, 2 * y], [y, x]])
        of_squares = np.array(
            [
                [2 * xx * xx, 2 * xy * xy, 2 * xx * xy],
                [2 * xy * xy, 2 * yy * yy, 2 * yy * xy],
                [2 * xx * xy, 2 * yy * xy, xx * yy + xy * xy],
            ]
        )
        scale = self.told.scale
        found = scale.d**2 * means @ products @ means.T + scale.e**2 * of_squares
        return PairNoise(*half_of(found).tolist())

    def _pair(self, first: int, second: int, shifts: Array) -> tuple[Array, Array]:
        """Return two columns' means less the shifts, and their squares and products."""
        at = [self.places.index(first), self.places.index(second)]
        return self.told.mean[at] - shifts[[first, second]], self.told.squares[np.ix_(at, at)]


class RowSets:
    """The row sets of a site's numeric columns, each drawn once whatever is asked of it.

    Parameters
    ----------
    columns
        Shape (rows,) each, NaN where a value is missing.
    together
        Whether products of columns are asked for: then the columns of a row set are drawn together.
        By itself a column has less noise, and the same one whatever other columns are asked for.
    """

    def __init__(self, columns: Sequence[Array], blur: Blur, *, together: bool) -> None:
        self._columns, self._blur, self._together = columns, blur, together
        missing = (np.isnan(column) for column in columns)
        self._missing = [np.packbits(one) if one.any() else None for one in missing]
        self._drawn: dict[tuple[bytes, int | None], RowSet] = {}

    def of(self, place: int, rows: NDArray[np.bool_] | None = None) -> RowSet:
        """Return what is told of rows in which a column has a value, shape (rows,); default all."""
        if rows is None:
            rows = ~np.isnan(self._columns[place])
        packed = np.packbits(rows)
        name = blake2b(packed.tobytes()).digest(), None if self._together else place
        if name not in self._drawn:
            complete = [
                k
                for k, missing in enumerate(self._missing)
                if missing is None or not (packed & missing).any()
            ]
            places = complete if self._together else [place]
            every = bool(rows.all())
            columns = [self._columns[k] if every else self._columns[k][rows] for k in places]
            self._drawn[name] = RowSet(tuple(places), drawn(columns, int(rows.sum()), self._blur))
        return self._drawn[name]

    def of_pair(self, first: int, second: int) -> RowSet:
        """Return what is told of the rows in which both columns have a value."""
        return self.of(first, ~np.isnan(self._columns[first]) & ~np.isnan(self._columns[second]))

    @property
    def scales(self) -> list[Scale]:
        """What is told of the noise of each row set that was drawn."""
        return [one.told.scale for one in self._drawn.values()]


def largest(scales: Iterable[Scale]) -> Noise:
    """Return the largest d and the largest e."""
    found = list(scales)
    d, e = (max((getattr(one, name) for one in found), default=0.0) for name in ("d", "e"))
    return Noise(d, e)
