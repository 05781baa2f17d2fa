"""The model as a site is asked about it, and its strict reading there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from v6_clinical.errors import RefusalError
from v6_clinical.model.errors import FormulaError
from v6_clinical.model.terms import Term, from_json, raw_columns

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
Labels = Annotated[tuple[Name, ...], Field(strict=False, min_length=1, max_length=1000)]
Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e70, le=1e70)]
Numbers = Annotated[tuple[Number, ...], Field(strict=False, max_length=1000)]
Q = TypeVar("Q", bound="Question")


class Question(BaseModel):
    """Something asked of a site: unknown fields, wrong types and absurd sizes are refused."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    @classmethod
    def read(cls: type[Q], message: Mapping[str, Any]) -> Q:
        """Read a question at a site.

        Raises
        ------
        RefusalError
            ``BAD_REQUEST`` with the names of wrong arguments.
        """
        try:
            return cls.model_validate(message)
        except ValidationError as error:
            known = set(cls.model_fields)
            wrong = {str(problem["loc"][0]) for problem in error.errors() if problem["loc"]}
            raise RefusalError("BAD_REQUEST", sorted(wrong & known)) from None
        except RecursionError:
            raise RefusalError("BAD_REQUEST") from None


class Model(Question):
    """Columns and coding of a model.

    Before levels are agreed, ``levels`` is the request's codebook and ``references`` is empty.
    With ``baseline`` the intercept is coded with and then left out: a baseline hazard holds it.
    """

    terms: list[Any]
    intercept: bool
    levels: dict[Name, Labels]
    references: dict[Name, Name]
    collapse: dict[Name, dict[Name, Labels]]
    weights: Name | None
    offset: Name | None
    cluster: Name | None
    baseline: bool = False

    @model_validator(mode="after")
    def _sizes(self) -> Model:
        if max(len(self.levels), len(self.references), len(self.collapse)) > 1000:
            raise ValueError("too many columns")
        self.read_terms()
        return self

    def read_terms(self) -> tuple[Term, ...]:
        """Return the terms, checked against the closed list."""
        try:
            return from_json(self.terms)
        except FormulaError:
            raise ValueError("not a list of terms") from None

    def columns(self) -> tuple[str, ...]:
        """Return the predictors and the columns beside them, each once."""
        others = [name for name in (self.weights, self.offset, self.cluster) if name is not None]
        return tuple(dict.fromkeys([*raw_columns(self.read_terms()), *others]))


def merged_labels(model: Model, column: str) -> dict[str, list[str]]:
    """Return what ``collapse`` says of a column."""
    return {new: list(old) for new, old in model.collapse.get(column, {}).items()}
