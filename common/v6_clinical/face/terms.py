"""The coefficients of a model by columns and levels, read from the result's coding, not its names.

A name such as ``20-50]:arm[T.yes`` may be a level, a column or a product; the coding knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from v6_clinical.face.contract import Record
from v6_clinical.model.coding import coding_from_json
from v6_clinical.model.design import Coding, DesignColumn, Part
from v6_clinical.model.factors import is_numeric

INTERCEPT = "Intercept"


@dataclass(frozen=True)
class Piece:
    """One factor of a coefficient: a level of a category, or a number (``level`` is None).

    ``name`` is the column, or of a transformed number the transform: ``log(age)``.
    """

    column: str
    name: str
    level: str | None

    @property
    def label(self) -> str:
        """What a reader wants: ``sex: M`` or ``age``."""
        return self.name if self.level is None else f"{self.name}: {self.level}"


@dataclass(frozen=True)
class Coefficient:
    """A row of the table ``coefficients`` that is no intercept, with what it is made of.

    ``pieces`` is empty where the result does not tell its coding.
    """

    record: Record
    term: str
    pieces: tuple[Piece, ...]

    @property
    def label(self) -> str:
        """Return the coefficient in words: ``sex: M × age``."""
        return " × ".join(piece.label for piece in self.pieces) or str(self.record["term"])


@dataclass(frozen=True)
class Category:
    """The coefficients of a category's own levels, and the level that they are compared with.

    ``reference`` is None where every level has a coefficient (a model without an intercept).
    """

    column: str
    levels: tuple[str, ...]
    reference: str | None
    coefficients: tuple[Coefficient, ...]


def coefficients(result: Record) -> list[Coefficient]:
    """Return the coefficients but intercepts, in the order of the table."""
    records = result["coefficients"]
    coding = _coding(result)
    if coding is None:
        return [Coefficient(r, str(r["term"]), ()) for r in records if not _is_intercept(r)]
    columns = coding.without_intercept().columns
    slopes = records[len(records) - len(columns) :]  # after one intercept, or one a site, or none
    return [
        Coefficient(record, column.term, tuple(_pieces(column, record, coding)))
        for column, record in zip(columns, slopes, strict=True)
    ]


def blocks(result: Record) -> Iterator[Coefficient | Category]:
    """Yield the coefficients in order, those of one category's levels together."""
    coding = _coding(result)
    waiting: list[Coefficient] = []
    for one in coefficients(result):
        if waiting and (one.term != waiting[0].term or not _is_level(one)):
            yield _category(waiting, coding)
            waiting = []
        if _is_level(one):
            waiting.append(one)
        else:
            yield one
    if waiting:
        yield _category(waiting, coding)


def references(result: Record) -> dict[str, str]:
    """Return the reference level of each category that has one."""
    found = [block for block in blocks(result) if isinstance(block, Category)]
    return {block.column: block.reference for block in found if block.reference is not None}


def labels(result: Record) -> dict[str, str]:
    """Return how each term of the result's tables is called in words."""
    if not result.get("coefficients"):
        return {}
    found = coefficients(result)
    words = {str(one.record["term"]): one.label for one in found}
    products = {one.term: " × ".join(p.name for p in one.pieces) for one in found if one.pieces}
    return {term: text for term, text in products.items() if text} | words


def _is_intercept(record: Record) -> bool:
    term = str(record["term"])
    return term == INTERCEPT or term.startswith(f"{INTERCEPT}[")


def _coding(result: Record) -> Coding | None:
    message = result.get("model", {}).get("coding")
    return None if message is None else coding_from_json(message)


def _pieces(column: DesignColumn, record: Record, coding: Coding) -> Iterator[Piece]:
    for part in column.parts:
        name = part.factor.column
        if not is_numeric(part.factor, coding.levels):
            yield Piece(name, name, coding.levels[name][part.index])
        elif len(column.parts) == 1:
            yield Piece(name, str(record["term"]), None)  # a transform says which, I(x/10) too
        else:
            yield Piece(name, _numeric_name(part), None)


def _numeric_name(part: Part) -> str:
    return part.factor.part_label(part.index)


def _is_level(one: Coefficient) -> bool:
    return len(one.pieces) == 1 and one.pieces[0].level is not None


def _category(members: list[Coefficient], coding: Coding | None) -> Category:
    column = members[0].pieces[0].column
    levels = () if coding is None else coding.levels[column]
    shown = {one.pieces[0].level for one in members}
    left = [level for level in levels if level not in shown]
    return Category(column, tuple(levels), left[0] if len(left) == 1 else None, tuple(members))
