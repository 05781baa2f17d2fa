"""The noise of a row set's moments: one draw for all columns that are complete there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from v6_clinical.disclosure.blur import NO_NOISE, Blur, Scale, Source, factor_of, settled
from v6_clinical.disclosure.row_key import DIGITS, Columns, Digest
from v6_clinical.disclosure.survey import Survey, survey
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.whitening import LARGEST_CHANGE, Factor

NAME = "summary"  # of the draws: those of models of the same columns are others
FINER = 3  # digits of a key behind those of n


@dataclass(frozen=True)
class Drawn:
    """Moments of p columns over n rows, with noise.

    Parameters
    ----------
    mean
        Shape (p,).
    squares
        Sums of squares and products about the means, shape (p, p).
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
class _Shapes:
    """What does not depend on the unit of columns, of standardised values u and leverages h.

    Parameters
    ----------
    sd, reach
        Of each column, and its largest |u|; shape (p,).
    third, fourth
        Means of u^3 and u^4.
    sixth, eighth
        Sums of u^6 and u^8.
    along, across
        Sums of u h and u^2 h.
    largest
        The largest leverage.
    joint
        n, and sums of squared and cubed leverages: how the columns stand together.
    """

    sd: Array
    reach: Array
    third: Array
    fourth: Array
    sixth: Array
    eighth: Array
    along: Array
    across: Array
    largest: float
    joint: Array


def drawn(columns: Sequence[Array], n: int, blur: Blur) -> Drawn:
    """Return the moments of p complete columns, shape (n,) each, with the noise of their row set.

    With A = T T' the centred squares and h = T^+ (x - mean) of a row: means + T d z / n and
    T (I + E) T', d and e by the largest |h| and |h|^2. The third and fourth power sum of a
    standardised column are numbers of their own. A constant column has no noise: every row is it.
    """
    p = len(columns)
    if not n or not p:
        none = np.zeros(p)
        return Drawn(n, none, np.zeros((p, p)), none, none, NO_NOISE)
    about = survey(np.empty((n, 0)), columns)
    shapes = _shapes(about, n)
    taken = Columns(_digests(about, shapes, n))
    keys = sorted(digest.key for digest in taken.digests)
    source = blur.source(b"|".join([NAME.encode(), shapes.joint.tobytes(), *keys]))
    scale = source.scale(n, shapes.largest**0.5, shapes.largest)
    factor = factor_of(about.products, taken)
    z, changed = _noise(source, scale, len(factor.kept))
    squares = _rounded(factor.root @ changed @ factor.root.T, scale.e)
    error = scale.d * np.sqrt(np.diag(squares)) / n
    mean = settled(about.mean + factor.root @ z / n, error)
    third, fourth = _high_orders(shapes, taken, source, n)
    return Drawn(n, mean, squares, third, fourth, scale)


def _noise(source: Source, scale: Scale, rank: int) -> tuple[Array, Array]:
    """Return d z, shape (rank,), and I + E, shape (rank, rank), positive semidefinite.

    The norm of E is about 2 e sqrt(rank). Where it would be cut, and many columns of few rows have
    less noise than is declared, the mean of 1/e^2 products y y' of normal rows y stands for I + E:
    its entries have about the same sd.
    """
    z, changed = source.score_block(NAME, b"", scale, np.zeros(rank), np.eye(rank))
    if 2 * scale.e * rank**0.5 > LARGEST_CHANGE:
        rows = source.normals(f"{NAME}/rows", b"", (int(np.ceil(scale.e**-2)), rank))
        changed = settled(rows.T @ rows / len(rows), np.full((rank, rank), scale.e))
    return z, changed


def _shapes(about: Survey, n: int) -> _Shapes:
    """Go through the rows once; zeros for a constant column."""
    sd = np.sqrt(np.diag(about.products) / n)
    unit = np.divide(1.0, sd, out=np.zeros(len(sd)), where=sd > 0)
    factor, largest, joint = Factor(about.products), 0.0, np.zeros(3)
    sums = np.zeros((8, len(sd)))
    for block in about.blocks():
        h = np.square(factor.norms(block[:, 1:]))
        largest = max(largest, float(h.max()))
        joint += [h.sum(), np.dot(h, h), np.dot(h * h, h)]
        first = block[:, 1:] * unit
        second = first * first
        third, fourth = second * first, second * second
        sums += [
            *(power.sum(axis=0) for power in (first, second, third, fourth)),
            np.einsum("ij,ij->j", third, third),
            np.einsum("ij,ij->j", fourth, fourth),
            np.dot(h, first),
            np.dot(h, second),
        ]
    m1, m2, m3, m4 = sums[:4] / n  # m1 is what rounding has left of a large mean
    third = m3 - 3 * m1 * m2 + 2 * m1**3
    fourth = m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4
    sixth, eighth, along, across = sums[4:]
    along -= m1 * joint[0]
    joint = np.array([n, *_identifying(np.log1p(joint[1:] * [n, n * n]), n)])
    return _Shapes(
        sd, about.reach * unit, third, fourth, sixth, eighth, along, across, largest, joint
    )


def _identifying(numbers: Array, n: int) -> Array:
    """Return numbers rounded so that what one of n rows adds shows, and what rounding adds not.

    They are of the order of 1: a row adds about 1/n.
    """
    digits = min(FINER + int(np.ceil(np.log10(n))), DIGITS)
    return np.asarray(np.round(numbers, digits), dtype=np.float64)


def _digests(about: Survey, shapes: _Shapes, n: int) -> tuple[Digest, ...]:
    """Return what identifies each column beside the others, and which way up it is taken.

    Of a column that is its own negative, as far as these numbers tell, the key has the side of 0 on
    which its mean is: with one draw for it and its negative their means would add up to no noise.
    """
    # in logarithms, so that rounding is relative where they are large
    third, along = _identifying(np.arcsinh(np.array([shapes.third, shapes.along])), n)
    fourth, across = _identifying(np.log1p(np.array([shapes.fourth, shapes.across])), n)
    signs = np.sign(np.where(third != 0, third, along))
    mean = _identifying(about.mean / np.where(shapes.sd > 0, shapes.sd, 1.0), n)
    side = np.where(signs == 0, np.sign(mean), 0.0)
    keys = _keys([signs * third, signs * along, fourth, across, side], shapes.sd)
    size = np.where(shapes.sd > 0, shapes.sd, 1.0)
    signs = _turned(signs, about.products / np.outer(size, size) / n, keys)
    parts = (part.tolist() for part in (signs, about.mean, shapes.sd, shapes.reach))
    return tuple(
        Digest(key, sign, mean, own_sd, reach, n)
        for key, sign, mean, own_sd, reach in zip(keys, *parts, strict=True)
    )


def _keys(numbers: Sequence[Array], sd: Array) -> list[bytes]:
    """Return a key of each column, by numbers of shape (p,)."""
    rows = np.array(numbers).T + 0.0  # no negative zero
    return [row.tobytes() if s > 0 else b"constant" for row, s in zip(rows, sd, strict=True)]


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


def _rounded(squares: Array, e: float) -> Array:
    """Return squares and correlations to about a thousandth of their noise, e and e (1 - r^2)."""
    diagonal = np.maximum(np.diag(squares), 0.0)  # of few rows, rounding takes it below
    square = settled(diagonal, e * diagonal)
    length = np.sqrt(square)
    size = np.sqrt(np.outer(diagonal, diagonal))
    r = np.divide(squares, size, out=np.zeros(size.shape), where=size > 0)
    r = np.clip(settled(r, e * np.maximum(1 - r * r, 0.0)), -1.0, 1.0)
    found: Array = (r + r.T) / 2 * np.outer(length, length)
    np.fill_diagonal(found, square)
    return found


def _high_orders(shapes: _Shapes, taken: Columns, source: Source, n: int) -> tuple[Array, Array]:
    """Return third and fourth moment of each standardised column, with noise."""
    third, fourth = np.zeros(len(shapes.sd)), np.zeros(len(shapes.sd))
    for k in np.flatnonzero(shapes.sd > 0).tolist():
        key, sign = taken.digests[k].key, taken.digests[k].sign
        reach, size = float(shapes.reach[k]), float(np.sqrt(shapes.sixth[k]))
        value = n * sign * float(shapes.third[k])
        third[k] = sign * source.number(f"{NAME}/3", key, value, size, reach**3) / n
        value, size = n * float(shapes.fourth[k]), float(np.sqrt(shapes.eighth[k]))
        found = source.number(f"{NAME}/4", key, value, size, reach**4) / n
        fourth[k] = max(found, 1 + third[k] ** 2)
    return third, fourth
