"""Changes of unit ``I(a*x + b)``, made by the centre on the coefficients; sites only see ``x``.

A column of the user's design is a product of a_i x_i + b_i and of other parts; multiplied out it is
a combination of raw columns: X_user = X_raw M. With M invertible the two models are the same and
beta_user = T beta_raw, cov_user = T cov_raw T', T = M^-1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, product
from typing import TypeAlias

import numpy as np

from v6_clinical.model.coding import coding, dropped_levels
from v6_clinical.model.design import Coding, DesignColumn, Part
from v6_clinical.model.errors import FormulaError
from v6_clinical.model.factors import Affine, Column, Factor
from v6_clinical.model.terms import Term
from v6_clinical.numerics.arrays import Array

Key: TypeAlias = frozenset[Part]
Combination: TypeAlias = dict[int, float]


def raw_terms(terms: Sequence[Term]) -> tuple[Term, ...]:
    """Return the terms with raw columns in place of changes of unit, in the same order.

    Raises
    ------
    FormulaError
        If a raw column then occurs twice, in a term or as a term.
    """
    raw = tuple(_raw_term(term) for term in terms)
    for index, term in enumerate(raw):
        if frozenset(term.factors) in {frozenset(other.factors) for other in raw[:index]}:
            remedy = "Keep one of the units."
            raise FormulaError("the column is in the model twice", terms[index].label, remedy)
    return raw


def affine_map(user: Coding) -> Array:
    """Return T, shape (p, p): coefficients of the user's coding from those of the raw one.

    The raw coding is that of ``raw_terms(user.terms)`` with the same levels; its columns
    correspond to the user's one by one.

    Raises
    ------
    FormulaError
        If a shift b needs a lower-order column that is not in the span of the model.
    """
    raw = coding(raw_terms(user.terms), user.levels, user.references, user.intercept)
    span = _Span(raw)
    matrix = np.zeros((len(raw.columns), len(user.columns)))
    for place, column in enumerate(user.columns):
        for weight, parts in _multiply_out(column):
            combination = span.express(parts)
            if combination is None:
                raise _missing(column, parts)
            for row, share in combination.items():
                matrix[row, place] += weight * share
    return np.linalg.inv(matrix).astype(np.float64)


def _raw(factor: Factor) -> Factor:
    return Column(column=factor.column) if isinstance(factor, Affine) else factor


def _raw_term(term: Term) -> Term:
    factors = tuple(_raw(factor) for factor in term.factors)
    if len(set(factors)) < len(factors):
        problem = "a column is multiplied by itself in another unit"
        raise FormulaError(problem, term.label, "Write x**2 for a square.")
    return Term(factors=factors)


def _multiply_out(column: DesignColumn) -> Iterator[tuple[float, Key]]:
    """Yield the weights and raw products of one column of the user's design."""
    choices: list[list[tuple[float, Part | None]]] = []
    for part in column.parts:
        raw = Part(_raw(part.factor), part.index)
        if isinstance(part.factor, Affine):
            choices.append([(part.factor.factor, raw), (part.factor.shift, None)])
        else:
            choices.append([(1.0, raw)])
    for chosen in product(*choices):
        weight = float(np.prod([share for share, _ in chosen]))
        if weight != 0:
            yield weight, frozenset(part for _, part in chosen if part is not None)


def _missing(column: DesignColumn, parts: Key) -> FormulaError:
    lower = ":".join(sorted({part.factor.label for part in parts})) or "the intercept"
    problem = f"the shift in this change of unit needs {lower} in the model, which it lacks"
    remedy = f"Add {lower}, or change the unit without adding a number."
    return FormulaError(problem, column.term, remedy)


class _Span:
    """Products written as combinations of the columns of a coding.

    A product that is not a column itself is the sum over the levels of a factor that it lacks, or,
    where it holds a reference level, the product without that level minus those of the others.
    """

    def __init__(self, raw: Coding) -> None:
        self.places = {frozenset(column.parts): i for i, column in enumerate(raw.columns)}
        dropped = dropped_levels(raw.terms, raw.levels, raw.references)
        self.counts = {factor: len(raw.levels[factor.column]) for factor in dropped}
        self.references = {
            Part(factor, raw.levels[factor.column].index(level))
            for factor, level in dropped.items()
        }

    def express(self, parts: Key) -> Combination | None:
        """Return the combination as {place: share}, or None where there is none."""
        found = self._over_levels(parts)
        for part in sorted(parts & self.references, key=lambda part: part.factor.label):
            found = self._without_reference(parts, part) if found is None else found
        return found

    def _over_levels(self, parts: Key) -> Combination | None:
        """Return the product itself, or the sum over the levels of factors that it lacks."""
        if parts in self.places:
            return {self.places[parts]: 1.0}
        present = {part.factor for part in parts}
        for factor, count in self.counts.items():
            if factor not in present:
                keys = (parts | {Part(factor, level)} for level in range(count))
                found = _add_up((1.0, self._over_levels(key)) for key in keys)
                if found is not None:
                    return found
        return None

    def _without_reference(self, parts: Key, part: Part) -> Combination | None:
        rest = parts - {part}
        levels = set(range(self.counts[part.factor])) - {part.index}
        others = (rest | {Part(part.factor, level)} for level in sorted(levels))
        minus = ((-1.0, self.express(other)) for other in others)
        return _add_up(chain([(1.0, self.express(rest))], minus))


def _add_up(weighted: Iterable[tuple[float, Combination | None]]) -> Combination | None:
    """Return the weighted sum, None if a summand is."""
    total: Combination = {}
    for weight, combination in weighted:
        if combination is None:
            return None
        for place, share in combination.items():
            total[place] = total.get(place, 0.0) + weight * share
    return total
