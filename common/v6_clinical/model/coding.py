"""Agreed columns from terms and levels: treatment coding, and the full coding it selects from.

Treatment coding drops the reference level where ``structure`` says so; full coding keeps every
level. Each column of the former is a column of the latter, so sums that sites made in full coding,
before any level was agreed, are selected by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Annotated, Any, Final, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from v6_clinical.model.design import Coding, DesignColumn, Part
from v6_clinical.model.errors import FormulaError
from v6_clinical.model.factors import Category, Factor, Name, is_numeric
from v6_clinical.model.structure import Product, Scoped, full_rank
from v6_clinical.model.terms import Term, check_codings, from_json, to_json

Levels: TypeAlias = Mapping[str, tuple[str, ...]]
INTERCEPT: Final = "Intercept"
MOST_COLUMNS: Final = 1_000
REFUSED_MESSAGE: Final = "Call the central function, not the partial."


def coding(
    terms: Sequence[Term],
    levels: Mapping[str, Sequence[str]],
    references: Mapping[str, str] | None = None,
    intercept: bool = True,
) -> Coding:
    """Return the agreed columns in treatment coding, named and ordered as formulaic does.

    Parameters
    ----------
    levels
        Levels of every categorical column; a plain column that is not in it is numeric.
    references
        The level to drop where it is not the first; ``C(x, ref=...)`` goes before it.

    Raises
    ------
    FormulaError
        If levels, references and terms contradict each other, or columns are too many.
    """
    return _code(terms, levels, references or {}, intercept, full=False)


def full_coding(
    terms: Sequence[Term], levels: Mapping[str, Sequence[str]], intercept: bool = True
) -> Coding:
    """Return every level as a column of its own, for a site that does not know the agreed levels.

    The names of ``coding`` over any larger set of levels are, as ``full_names``, among these for
    the levels that the site has; the others are columns of zeros there.
    """
    return _code(terms, levels, {}, intercept, full=True)


def dropped_levels(
    terms: Sequence[Term], levels: Levels, references: Mapping[str, str]
) -> dict[Factor, str]:
    """Return the reference of each categorical factor that has a level.

    Raises
    ------
    FormulaError
        If a reference is not among the levels.
    """
    dropped: dict[Factor, str] = {}
    for factor in (factor for term in terms for factor in term.factors):
        if is_numeric(factor, levels) or not levels[factor.column]:
            continue
        known = levels[factor.column]
        own = factor.reference if isinstance(factor, Category) else None
        dropped[factor] = own or references.get(factor.column, known[0])
        if dropped[factor] not in known:
            problem = f"the reference '{dropped[factor]}' is not a level"
            raise FormulaError(problem, factor.label, f"Levels are {', '.join(known)}.")
    return dropped


def shown_references(agreed: Coding) -> dict[str, str]:
    """Return the level that each categorical factor's columns are compared with, by its label.

    Not of a factor that keeps all levels, as one does in a model without an intercept.
    """
    dropped = dropped_levels(agreed.terms, agreed.levels, agreed.references)
    products = full_rank(agreed.terms, agreed.levels, agreed.intercept)
    reduced = {one.factor for _, scoped in products for one in scoped if one.reduced}
    return {factor.label: level for factor, level in dropped.items() if factor in reduced}


def _code(
    terms: Sequence[Term],
    levels: Mapping[str, Sequence[str]],
    references: Mapping[str, str],
    intercept: bool,
    full: bool,
) -> Coding:
    agreed = {name: tuple(labels) for name, labels in levels.items()}
    _check_levels(terms, agreed)
    dropped = {} if full else dropped_levels(terms, agreed, references)
    products = list(full_rank(terms, agreed, intercept))
    size = int(intercept) + sum(
        prod(len(_parts(one, agreed, dropped)) for one in scoped) for _, scoped in products
    )
    if size > MOST_COLUMNS:
        remedy = f"At most {MOST_COLUMNS}: merge levels with collapse=..., or drop interactions."
        raise FormulaError(f"{size} design columns", "formula", remedy)
    columns = [DesignColumn(INTERCEPT, INTERCEPT, INTERCEPT, ())] if intercept else []
    for term, scoped in products:
        columns += _columns(term, scoped, agreed, dropped)
    _check_reserved(columns[int(intercept) :])
    for name in ("name", "full_name"):
        _check_unique([getattr(column, name) for column in columns])
    return Coding(tuple(terms), agreed, dict(references), intercept, tuple(columns))


def _columns(
    term: Term, scoped: Product, levels: Levels, dropped: Mapping[Factor, str]
) -> Iterator[DesignColumn]:
    """Yield the columns of a product, the first factor's parts varying fastest."""
    choices = [list(_parts(one, levels, dropped)) for one in scoped]
    for chosen in product(*reversed(choices)):
        parts = chosen[::-1]
        yield DesignColumn(
            ":".join(name for name, _, _ in parts),
            ":".join(full_name for _, full_name, _ in parts),
            term.label,
            tuple(part for _, _, part in parts),
        )


def _parts(
    scoped: Scoped, levels: Levels, dropped: Mapping[Factor, str]
) -> list[tuple[str, str, Part]]:
    """Return the parts of a factor with their names, the agreed one and the full one."""
    factor = scoped.factor
    if is_numeric(factor, levels):
        labels = [factor.part_label(index) for index in range(factor.width)]
        return [(label, label, Part(factor, index)) for index, label in enumerate(labels)]
    reduced = scoped.reduced and factor in dropped
    return [
        (
            f"{factor.label}[T.{level}]" if reduced else f"{factor.label}[{level}]",
            f"{factor.label}[{level}]",
            Part(factor, index),
        )
        for index, level in enumerate(levels[factor.column])
        if not (reduced and level == dropped[factor])
    ]


def _check_levels(terms: Sequence[Term], levels: Levels) -> None:
    check_codings(terms)
    for factor in (factor for term in terms for factor in term.factors):
        column = factor.column
        if isinstance(factor, Category) and column not in levels:
            remedy = f"Give levels={{'{column}': [...]}}."
            raise FormulaError("the levels are not known", factor.label, remedy)
        if column in levels and is_numeric(factor, levels):
            problem = "the column is categorical; only numbers can be transformed"
            raise FormulaError(problem, factor.label, f"Use {column} as it is.")
        if len(set(levels.get(column, ()))) < len(levels.get(column, ())):
            raise FormulaError("a level is listed twice", column, "Name each once.")


def _check_reserved(columns: Sequence[DesignColumn]) -> None:
    """Refuse names under which sites report the intercept, ``Intercept/0`` with site effects."""
    for name in (column.full_name for column in columns):
        if name.partition("/")[0] == INTERCEPT:
            raise FormulaError("this name is the intercept's", name, "Rename the column.")


def _check_unique(names: Sequence[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise FormulaError("two design columns have this name", name, "Rename a column.")
        seen.add(name)


_Label = Annotated[str, Field(min_length=1, max_length=200)]
_Labels = Annotated[tuple[_Label, ...], Field(strict=False, max_length=MOST_COLUMNS)]


class _Message(BaseModel):
    """What a site needs to build the agreed columns."""

    model_config = ConfigDict(strict=True, extra="forbid")

    terms: list[Any]
    levels: dict[Name, _Labels]
    references: dict[Name, _Label]
    intercept: bool


def coding_to_json(agreed: Coding) -> dict[str, Any]:
    """Return an agreed coding as plain JSON, for the sites.

    Raises
    ------
    FormulaError
        If a change of unit is among the terms: sites get the coding of ``affine.raw_terms``.
    """
    return {
        "terms": to_json(agreed.terms),
        "levels": {name: list(labels) for name, labels in agreed.levels.items()},
        "references": dict(agreed.references),
        "intercept": agreed.intercept,
    }


def coding_from_json(message: object) -> Coding:
    """Rebuild an agreed coding at a site, trusting nothing about the message.

    Raises
    ------
    FormulaError
        If it is not what ``coding_to_json`` writes. The message is not quoted.
    """
    try:
        read = _Message.model_validate(message)
    except (ValidationError, RecursionError):
        raise FormulaError("this is not a coding", "design", REFUSED_MESSAGE) from None
    return coding(from_json(read.terms), read.levels, read.references, read.intercept)
