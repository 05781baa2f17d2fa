"""The columns of a model: agreed names, the same at every site, and a site's rows in them.

A ``Coding`` is made by ``coding.coding`` or ``coding.full_coding`` and knows no data. Its
``matrix`` turns a site's columns into a design matrix that has the same columns at every site.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from v6_clinical.errors import RefusalError
from v6_clinical.model.columns import SiteColumn, codes_of, numbers_of
from v6_clinical.model.factors import Affine, Column, Factor, Scale, is_numeric
from v6_clinical.model.terms import Term, raw_columns
from v6_clinical.model.values import columns_of
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.blocks import row_blocks

LARGEST: Final = 1e150  # sums of squares stay finite


@dataclass(frozen=True)
class Part:
    """One factor of a design column: a level of a category, or a basis function of a number."""

    factor: Factor
    index: int


@dataclass(frozen=True)
class DesignColumn:
    """A product of parts, none for the intercept.

    ``name`` is the agreed one (``age:sex[T.M]``), ``full_name`` that of the full coding
    (``age:sex[M]``), ``term`` the label of the term that it belongs to.
    """

    name: str
    full_name: str
    term: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Coding:
    """Terms and levels, and the design columns they come to. Made by the functions below.

    Parameters
    ----------
    levels
        Categorical column to its levels, in order.
    references
        Categorical column to the level that treatment coding drops, where not the first.
    """

    terms: tuple[Term, ...]
    levels: Mapping[str, tuple[str, ...]]
    references: Mapping[str, str]
    intercept: bool
    columns: tuple[DesignColumn, ...] = field(repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def full_names(self) -> tuple[str, ...]:
        """Name of each column in the full coding."""
        return tuple(column.full_name for column in self.columns)

    @property
    def term_labels(self) -> tuple[str, ...]:
        """The term that each column belongs to."""
        return tuple(column.term for column in self.columns)

    @cached_property
    def sources(self) -> tuple[frozenset[str], ...]:
        """The numeric raw columns that each column is computed from."""
        return tuple(
            frozenset(
                part.factor.column for part in column.parts if is_numeric(part.factor, self.levels)
            )
            for column in self.columns
        )

    @property
    def derived(self) -> tuple[bool, ...]:
        """Whether a column is a dummy, a transform or a product; the intercept is not (R5).

        ``scale(x)`` and changes of unit count as raw: they say what the raw column says.
        """
        return tuple(_is_derived(column, self.levels) for column in self.columns)

    @property
    def dummies(self) -> tuple[bool, ...]:
        """Whether a column is that of a level, or of a combination of levels."""
        return tuple(
            bool(column.parts)
            and not any(is_numeric(part.factor, self.levels) for part in column.parts)
            for column in self.columns
        )

    def without_intercept(self) -> Coding:
        """Return the coding without the intercept's column, factors coded as beside it."""
        return replace(self, columns=tuple(column for column in self.columns if column.parts))

    def parameter_count(self) -> int:
        """Return the parameters in the sense of R7.

        One for every column, intercept included, and one more for a column with a numeric source
        that an earlier column has too.
        """
        return sum(self.parameters_by_term().values())

    def parameters_by_term(self) -> dict[str, int]:
        """Return the parameters of each term, by its label, the intercept's included."""
        seen: set[str] = set()
        count = dict.fromkeys(self.term_labels, 0)
        for term, sources in zip(self.term_labels, self.sources, strict=True):
            count[term] += 2 if sources & seen else 1
            seen |= sources
        return count

    def matrix(
        self,
        columns: Mapping[str, SiteColumn],
        rows: int | None = None,
        *,
        by_column: bool = False,
    ) -> Array:
        """Return a site's rows in the agreed columns, whichever levels the site has.

        Parameters
        ----------
        columns
            The raw columns, complete cases only, of the same length n.
        rows
            n; only needed where the model has no column.
        by_column
            Keep a column's numbers side by side in memory (Fortran order), which sums over rows
            want; else a row's, which sorting rows wants.

        Returns
        -------
        ndarray of shape (n, p)

        Raises
        ------
        RefusalError
            ``UNKNOWN_LEVEL``, ``NOT_NUMERIC``, ``COLUMN_MISSING``, ``DOMAIN`` or ``NON_FINITE``
            with names of columns or labels of the model.
        """
        count = _rows(self.terms, columns, rows)
        raw = self._raw(columns)
        matrix = np.empty((count, len(self.columns)), order="F" if by_column else "C")
        largest = np.zeros(len(self.columns))
        with np.errstate(over="ignore", invalid="ignore"):
            for block in row_blocks(count, len(self.columns)):
                parts = {factor: x[block] for factor, x in raw.items()}
                np.maximum(largest, self._fill(matrix[block], parts), out=largest)
        bad = np.flatnonzero(~(largest < LARGEST))  # of what is no number, too
        if len(bad):
            raise RefusalError("NON_FINITE", [self.names[place] for place in bad])
        return matrix

    def _raw(self, columns: Mapping[str, SiteColumn]) -> dict[Factor, NDArray[Any]]:
        """Return what each factor reads: the column's numbers or its agreed codes, shape (n,)."""
        raw: dict[Factor, NDArray[Any]] = {}
        for factor in dict.fromkeys(one for term in self.terms for one in term.factors):
            name = factor.column
            if is_numeric(factor, self.levels):
                raw[factor] = numbers_of(columns[name], name)
            else:
                raw[factor] = codes_of(columns[name], self.levels[name], name)
        return raw

    def _fill(self, out: Array, raw: Mapping[Factor, NDArray[Any]]) -> Array:
        """Write the design of a block of rows, shape (rows, p), into ``out``.

        Returns
        -------
        ndarray of shape (p,)
            The largest absolute value of each column, NaN where one is no number; 0 for a raw
            column's numbers, which have been read as numbers of that size.
        """
        numbers = {
            factor: columns_of(factor, x)
            for factor, x in raw.items()
            if is_numeric(factor, self.levels)
        }
        largest = np.zeros(len(self.columns))
        for place, column in enumerate(self.columns):
            values: Array | float = 1.0
            for k, part in enumerate(column.parts):
                if part.factor in numbers:
                    more = numbers[part.factor][:, part.index]
                else:
                    more = (raw[part.factor] == part.index).astype(np.float64)
                values = values * more if k else more
            out[:, place] = values
            if [type(part.factor) for part in column.parts] != [Column]:
                largest[place] = np.maximum(np.max(values), -np.min(values))
        return largest


def _rows(terms: Sequence[Term], columns: Mapping[str, SiteColumn], rows: int | None) -> int:
    names = raw_columns(terms)
    missing = [name for name in names if name not in columns]
    if missing:
        raise RefusalError("COLUMN_MISSING", missing)
    lengths = {len(columns[name]) for name in names} | (set() if rows is None else {rows})
    if len(lengths) != 1:
        raise ValueError("columns of one length are needed")
    return lengths.pop()


def _is_derived(column: DesignColumn, categorical: Collection[str]) -> bool:
    if len(column.parts) != 1:
        return len(column.parts) > 1
    factor = column.parts[0].factor
    return not (is_numeric(factor, categorical) and isinstance(factor, Column | Scale | Affine))
