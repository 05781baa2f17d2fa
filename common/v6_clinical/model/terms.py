"""Terms, and what a site accepts as a model: checked again there, whoever sent it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from v6_clinical.model.errors import FormulaError
from v6_clinical.model.factors import Affine, Category, Factor

MOST_TERMS: Final = 200
HIGHEST_ORDER: Final = 6

_Tagged = Annotated[Factor, Field(discriminator="kind")]


class Term(BaseModel):
    """A product of different factors."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    factors: Annotated[
        tuple[_Tagged, ...], Field(strict=False, min_length=1, max_length=HIGHEST_ORDER)
    ]

    @model_validator(mode="after")
    def _different(self) -> Term:
        if len(set(self.factors)) < len(self.factors):
            raise ValueError("a factor occurs twice in a term")
        return self

    @property
    def label(self) -> str:
        """The labels of the factors, joined by colons."""
        return ":".join(factor.label for factor in self.factors)


_TERMS: TypeAdapter[tuple[Term, ...]] = TypeAdapter(
    Annotated[tuple[Term, ...], Field(strict=False, max_length=MOST_TERMS)]
)


def to_json(terms: Sequence[Term]) -> list[dict[str, Any]]:
    """Return the terms as plain JSON, for the sites.

    Raises
    ------
    FormulaError
        If a change of unit is among them: sites get ``affine.raw_terms(terms)`` instead.
    """
    _refuse_affine(terms)
    return [term.model_dump(mode="json", exclude_none=True) for term in terms]


def from_json(message: object) -> tuple[Term, ...]:
    """Rebuild terms at a site, trusting nothing about the message.

    Raises
    ------
    FormulaError
        If anything is not in the closed list. The message is not quoted.
    """
    remedy = "Call the central function, not the partial."
    try:
        terms = _TERMS.validate_python(message)
    except (ValidationError, RecursionError):
        raise FormulaError("this is not a list of terms", "terms", remedy) from None
    _refuse_affine(terms)
    if len({frozenset(term.factors) for term in terms}) < len(terms):
        raise FormulaError("a term occurs twice", "terms", remedy)
    return terms


def without_references(terms: Sequence[Term]) -> list[Term]:
    """Return the terms with no reference named: a site may not have that level."""
    return [
        Term(
            factors=tuple(
                Category(column=f.column) if isinstance(f, Category) else f for f in term.factors
            )
        )
        for term in terms
    ]


def raw_columns(terms: Sequence[Term]) -> tuple[str, ...]:
    """Return the raw columns that the terms read, each once, in order of first use."""
    return tuple(dict.fromkeys(factor.column for term in terms for factor in term.factors))


def check_codings(terms: Sequence[Term]) -> None:
    """Check that no column is coded in two ways that span each other.

    Raises
    ------
    FormulaError
        For ``x + C(x)`` and for two references of one column.
    """
    for column in raw_columns(terms):
        used = {factor for term in terms for factor in term.factors if factor.column == column}
        if len(used) > 1 and any(isinstance(factor, Category) for factor in used):
            labels = ", ".join(sorted(factor.label for factor in used))
            remedy = f"Choose one of {labels}."
            raise FormulaError("the column is coded in two ways", column, remedy)


def _refuse_affine(terms: Sequence[Term]) -> None:
    for term in terms:
        for factor in term.factors:
            if isinstance(factor, Affine):
                remedy = "The centre undoes it on the coefficients and sends the raw column."
                raise FormulaError("a change of unit is not sent to sites", factor.label, remedy)
