"""The noise of a row set's moments: one draw for all columns that are complete there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from v6_clinical.disclosure.blur import NO_NOISE, Blur, Scale, Source
from v6_clinical.disclosure.dominance import Survey, survey
from v6_clinical.disclosure.row_key import DIGITS, Columns, Digest
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.whitening import Factor

NAME = "summary"  # of the draws: those of models of the same columns are others


@dataclass(frozen=True)
class Drawn:
    """Moments of p columns over n rows, with noise.

    Parameters
    ----------
    mean
        Shape (p,).
    squares
        Sums of squares and products about the means, shape (p, p), positive semidefinite.
    third, fourth
        Standardised moments, shape (p,); the fourth is at least 1 + third^2, as of any rows.
    scale
        What is told of the noise in means and squares.
    """

    n: int
    mean: Array
    squares: Array
    third: Array
    fourth: Array
    scale: Scale


@dataclass(frozen=True)
class _Powers:
    """Standardised columns: means of third and fourth powers, sums of sixth and eighth, (p,)."""

    third: Array
    fourth: Array
    sixth: Array
    eighth: Array


def drawn(columns: Sequence[Array], n: int, blur: Blur) -> Drawn:
    """Return the moments of p complete columns, shape (n,) each, with the noise of their row set.

    With S the sums, A = T T' the centred squares and h = T^-1 (x - mean) of a row: S + d T z and
    A + T E T', d and e from the largest |h| and |h|^2. The third and fourth power sums of a
    standardised column are numbers of their own. A constant column has no noise: every row is it.
    """
    p = len(columns)
    if not n or not p:
        none = np.zeros(p)
        return Drawn(n, none, np.zeros((p, p)), none, none, NO_NOISE)
    about = survey(np.empty((n, 0)), columns)
    powers = _powers(about, n)
    taken = Columns(_digests(about, powers, n))
    factor = Factor(about.products, taken.order, taken.signs)
    norm = max(float(factor.norms(block[:, 1:]).max()) for block in about.blocks())
    source = blur.source(taken.row_key(n, 0.0))
    scale = source.scale(n, norm, norm**2)
    sums, squares = source.score_block(NAME, b"", scale, about.sums, about.products, taken)
    third, fourth = _high_orders(about, powers, taken, source, n)
    return Drawn(n, sums / n, squares, third, fourth, scale)


def _sd(about: Survey, n: int) -> Array:
    return np.sqrt(np.diag(about.products) / n)


def _powers(about: Survey, n: int) -> _Powers:
    """Go through the rows once; zeros for a constant column."""
    sd = _sd(about, n)
    unit = np.divide(1.0, sd, out=np.zeros(len(sd)), where=sd > 0)
    sums = np.zeros((6, len(sd)))
    for block in about.blocks():
        first = block[:, 1:] * unit
        second = first * first
        third, fourth = second * first, second * second
        powers = (first, second, third, fourth, third * third, fourth * fourth)
        sums += [power.sum(axis=0) for power in powers]
    m1, m2, m3, m4 = sums[:4] / n  # m1 is what rounding has left of a large mean
    centred = m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4
    return _Powers(m3 - 3 * m1 * m2 + 2 * m1**3, centred, sums[4], sums[5])


def _digests(about: Survey, powers: _Powers, n: int) -> tuple[Digest, ...]:
    """Return what identifies each column: third and fourth moment, and which way up it is taken.

    Of a column whose third moment is 0, as of its negative, the key says on which side of 0 the
    mean is: with one draw for both their means would add up to none of it.
    """
    sd = _sd(about, n)
    size = np.where(sd > 0, sd, 1.0)
    # in logarithms, so that rounding is relative where they are large
    third = np.round(np.arcsinh(powers.third), DIGITS)
    fourth = np.round(np.log1p(powers.fourth), DIGITS)
    side = np.where(third == 0, np.sign(np.round(about.mean / size, DIGITS)), 0.0)
    shape = np.array([np.abs(third), fourth, side]).T
    keys = [one.tobytes() if s > 0 else b"constant" for one, s in zip(shape, sd, strict=True)]
    signs = _turned(np.sign(third), about.products / np.outer(size, size) / n, keys)
    parts = zip(keys, signs.tolist(), about.mean.tolist(), sd.tolist(), strict=True)
    return tuple(Digest(*part) for part in parts)


def _turned(signs: Array, correlations: Array, keys: Sequence[bytes]) -> Array:
    """Return signs, shape (p,), none of them 0.

    Where there is none a column is taken the way up in which it goes along with the first column,
    in the order of their keys, that has one.
    """
    found = signs.copy()
    order = sorted(range(len(keys)), key=lambda place: (signs[place] == 0, keys[place]))
    for k, place in enumerate(order):
        if not found[place]:
            along = np.round(correlations[place, order[:k]] * found[order[:k]], DIGITS)
            found[place] = next((np.sign(one) for one in along if one), 1.0)
    return found


def _high_orders(
    about: Survey, powers: _Powers, taken: Columns, source: Source, n: int
) -> tuple[Array, Array]:
    """Return third and fourth moment of each standardised column, with noise."""
    sd = _sd(about, n)
    third, fourth = np.zeros(len(sd)), np.zeros(len(sd))
    for k in np.flatnonzero(sd > 0).tolist():
        key, sign, reach = taken.digests[k].key, taken.digests[k].sign, about.reach[k] / sd[k]
        found = [
            source.number(f"{NAME}/{order}", key, n * value, float(np.sqrt(squares)), reach**order)
            for order, value, squares in (
                (3, sign * powers.third[k], powers.sixth[k]),
                (4, powers.fourth[k], powers.eighth[k]),
            )
        ]
        third[k] = sign * found[0] / n
        fourth[k] = max(found[1] / n, 1 + third[k] ** 2)
    return third, fourth
