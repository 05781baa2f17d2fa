"""Coordinates in which a site's own matrix is the identity, and how far a row lies out in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.blocks import row_blocks

DROPPED: Final = 1e-9  # of a column's own square: what is left of it beside the columns before
# Spectral norm, at most, of the noise E in T (I + E) T': the matrix stays positive definite.
LARGEST_CHANGE: Final = 0.5
# Coordinates that are computed at once: as they stand, columns after the last of them add nothing.
TOGETHER: Final = 18


class Factor:
    """A = T T' of a positive semidefinite matrix, T lower triangular in an order of its columns.

    The Cholesky factor of A scaled to a unit diagonal. A column of which the columns before leave
    less than ``DROPPED`` is determined by them, and has no coordinate of its own. Where later
    columns are changed by multiples of earlier ones, the coordinates stay as they are.

    Parameters
    ----------
    matrix
        A, shape (p, p).
    order
        The places of the columns, each once, as they are taken; by default as they stand.
    signs
        1 or -1 for each column, shape (p,): which way up it is taken; by default as it stands.

    Attributes
    ----------
    kept
        The r places that have a coordinate, in the order in which they were taken.
    root
        T, shape (p, r): rows as in ``matrix``.
    """

    def __init__(
        self, matrix: Array, order: Sequence[int] | None = None, signs: Array | None = None
    ) -> None:
        p = len(matrix)
        places = range(p) if order is None else order
        scale = np.sqrt(np.maximum(np.diag(matrix), 0.0))
        if signs is not None:
            scale = scale * signs
        unit = np.divide(1.0, scale, out=np.zeros(p), where=scale != 0)
        left = matrix * np.outer(unit, unit)
        columns: list[Array] = []
        kept: list[int] = []
        for place in places:
            pivot = left[place, place]
            if not pivot > DROPPED:
                continue
            column = left[:, place] / np.sqrt(pivot)
            column[kept] = 0.0  # of earlier ones rounding is left
            left = left - np.outer(column, column)
            columns.append(column)
            kept.append(place)
        self.kept = np.array(kept, dtype=np.intp)
        self.root: Array = np.array(columns).reshape(len(kept), p).T * scale[:, None]

    def coordinates(self, vector: Array) -> Array:
        """Return T^+ x of a vector x of shape (p,): shape (r,)."""
        return np.asarray(np.linalg.solve(self.root[self.kept], vector[self.kept]), np.float64)

    @property
    def whitener(self) -> Array:
        """W, shape (p, r), with W' A W the identity: h = W' x."""
        found = np.zeros(self.root.shape)
        found[self.kept] = np.linalg.inv(self.root[self.kept]).T
        return found

    def norms(self, rows: Array, centre: Array | None = None) -> Array:
        """Return the length of h = T^+ x of each row x of shape (n, p): shape (n,)."""
        return np.asarray(np.sqrt(self.squares(rows, centre)))

    def squares(self, rows: Array, centre: Array | None = None) -> Array:
        """Return |h|^2, h = T^+ x, of each row x of shape (n, p): shape (n,).

        Times w it is the row's leverage where A is sum w x x'.

        Parameters
        ----------
        centre
            Taken off the rows, shape (p,).
        """
        found = np.zeros(len(rows))
        if not len(self.kept):
            return found
        groups, ones = self._groups(), np.ones(len(self.kept))
        space = np.empty(0)  # of a block, not fetched from the system for each
        for some in row_blocks(len(rows), rows.shape[1]):
            x = rows[some].T if centre is None else (rows[some] - centre).T
            size = len(ones) * x.shape[1]
            space = space if len(space) >= size else np.empty(size)
            h = space[:size].reshape(len(ones), -1)
            for places, last, through in groups:
                np.dot(through, x[:last], out=h[places])
            np.square(h, out=h)
            np.dot(ones, h, out=found[some])
        return found

    def _groups(self) -> list[tuple[slice, int, Array]]:
        """Return W' in groups of coordinates, and how many of the columns each is made of."""
        through, found = self.whitener.T, []
        for start in range(0, len(self.kept), TOGETHER):
            places = slice(start, start + TOGETHER)
            last = int(self.kept[: start + TOGETHER].max()) + 1
            found.append((places, last, np.ascontiguousarray(through[places, :last])))
        return found


def longer(whitener: Array, matrix: Array) -> float:
    """Return by how much a row may be longer in the coordinates of another matrix, inf for any.

    The inverse root of the smallest eigenvalue of W' A W.

    Parameters
    ----------
    whitener
        W of the one matrix, shape (p, r).
    matrix
        A, shape (p, p).
    """
    inner = whitener.T @ matrix @ whitener
    if not inner.size:
        return np.inf
    least = float(np.linalg.eigvalsh((inner + inner.T) / 2)[0])
    return least**-0.5 if least > 0 else np.inf
