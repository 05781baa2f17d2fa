"""The model as a site is asked about it, and its strict reading there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from v6_clinical.model.errors import FormulaError
from v6_clinical.model.standing import standing_terms
from v6_clinical.model.terms import Term, from_json, raw_columns
from v6_clinical.protocol.question import Labels, Name, Numbers, Question


class Model(Question):
    """Columns and coding of a model.

    Before levels are agreed, ``levels`` is the request's codebook and ``references`` is empty;
    ``codebook`` is the former all along. The logarithm of ``exposure`` is added to the offset.

    Attributes
    ----------
    absorbs_intercept
        Whether the intercept is coded with and then left out, because the likelihood holds one. A
        property of the regression, which no question can change.
    """

    FREE: ClassVar[frozenset[str]] = frozenset({"terms", "levels", "references"})
    absorbs_intercept: ClassVar[bool] = False

    terms: list[Any]
    intercept: bool
    levels: dict[Name, Labels]
    references: dict[Name, Name]
    collapse: dict[Name, dict[Name, Labels]]
    weights: Name | None
    offset: Name | None
    cluster: Name | None
    exposure: Name | None = None
    codebook: dict[Name, Labels] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _sizes(self) -> Model:
        if max(len(self.levels), len(self.references), len(self.collapse)) > 1000:
            raise ValueError("too many columns")
        if any(self.levels.get(name) != labels for name, labels in self.codebook.items()):
            raise ValueError("the levels are not those of the codebook")
        self.read_terms()
        return self

    def read_terms(self) -> tuple[Term, ...]:
        """Return the terms, checked against the closed list."""
        try:
            return from_json(self.terms)
        except FormulaError:
            raise ValueError("not a list of terms") from None

    @property
    def has_offset(self) -> bool:
        """Whether something is added to the linear predictor: an offset, or an exposure's log."""
        return self.offset is not None or self.exposure is not None

    def agreed(self, levels: Mapping[str, Labels], references: Mapping[str, str]) -> Self:
        """Return the model in the coding that all sites share."""
        return self.model_copy(update={"levels": dict(levels), "references": dict(references)})

    def standing(self) -> Any:
        """Return the model of the request: without agreed levels, and without what data placed."""
        return super().standing() | {"terms": standing_terms(self.read_terms())}

    def beside(self) -> float:
        """Return how many parameters R7 counts beside the design's columns.

        The likelihood's value, sent each round too, counts as half a parameter.
        """
        return float(self.intercept) + 0.5

    def columns(self) -> tuple[str, ...]:
        """Return the predictors and the columns beside them, each once."""
        beside = (self.weights, self.offset, self.cluster, self.exposure)
        others = [name for name in beside if name is not None]
        return tuple(dict.fromkeys([*raw_columns(self.read_terms()), *others]))


class Opening(Question):
    """``describe`` and ``start``: a model; each regression adds its outcome."""

    model: Model

    def standing(self) -> Any:
        """Return the model of the request and its outcome."""
        return super().standing() | {"model": self.model.standing()}


class Report(Question):
    """What the last evaluation sends besides: the meat of robust errors, if asked for."""

    meat: bool


class Evaluate(Opening):
    """The likelihood at one vector of coefficients; ``shift`` is taken off the slopes' columns."""

    FREE: ClassVar[frozenset[str]] = frozenset({"shift", "slopes", "report"})

    shift: Numbers
    slopes: Numbers
    report: Report | None

    def standing(self) -> Any:
        """Return that of the opening, and what the report is asked for if it is."""
        found = super().standing()
        return found if self.report is None else found | {"report": self.report.standing()}


def merged_labels(model: Model, column: str) -> dict[str, list[str]]:
    """Return what ``collapse`` says of a column."""
    return {new: list(old) for new, old in model.collapse.get(column, {}).items()}


def merging(groups: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Return what ``collapse`` says of a column as a question holds it."""
    return {new: tuple(old) for new, old in groups.items()}
