"""What the analyst of any regression may say, and the formula that it comes to."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from v6_clinical.errors import AnalysisError
from v6_clinical.model.errors import FormulaError
from v6_clinical.model.formula import Formula, from_predictors, parse
from v6_clinical.model.names import check_names
from v6_clinical.model.terms import raw_columns
from v6_clinical.protocol.request import Label, Name, Request

MOST_ROUNDS = 100


class RegressionRequest(Request):
    """Arguments that regressions share."""

    predictors: Annotated[list[Name], Field(min_length=1, max_length=200)] | None = Field(
        None,
        description="Columns of the model, one term each; or give a formula.",
        json_schema_extra={"shown_if": ["formula", "==", None]},
    )
    formula: Annotated[str, Field(min_length=1, max_length=10_000)] | None = Field(
        None, description="Right-hand side, R style: age * sex + ns(bmi, df=3)."
    )
    reference: dict[Name, Label] = Field(
        default_factory=dict,
        description="Reference level of a column, if not its first.",
        json_schema_extra={"example": "stage=II"},
    )
    weights: Name | None = Field(None, description="Column of case weights.")
    offset: Name | None = Field(None, description="Column that is added to the linear predictor.")
    cluster: Name | None = Field(
        None, description="Column whose rows of one value belong together (robust errors)."
    )
    cluster_adjust: bool = Field(
        False, description="Multiply errors over G clusters by G / (G - 1)."
    )
    ridge: Annotated[float, Field(ge=0, le=1e6)] = Field(
        0.0, description="Penalty ridge/2 sum b^2, b per pooled standard deviation of a column."
    )
    confidence_level: Annotated[float, Field(ge=0.5, lt=1)] = Field(
        0.95, description="Of the confidence intervals."
    )
    max_rounds: Annotated[int, Field(ge=2, le=MOST_ROUNDS)] = Field(
        25, description="Rounds after which a fit that has not converged is given up."
    )

    @property
    def across_sites(self) -> str:
        """How rows of different sites are compared with each other, for a remedy."""
        return "without site_effect"

    def explain_refusal(self, code: str) -> str:
        """Return how many parameters the model has, where sites have too few rows for them."""
        if code != "TOO_MANY_PARAMETERS":
            return ""
        from v6_clinical.regression.size import in_words  # costs what coding a model costs

        return in_words(read_formula(self), self.levels)

    @model_validator(mode="after")
    def _one_model(self) -> RegressionRequest:
        if (self.predictors is None) == (self.formula is None):
            raise ValueError("give either predictors or formula")
        if self.cluster_adjust and self.cluster is None:
            raise ValueError("cluster_adjust needs a cluster")
        return self


def read_formula(request: RegressionRequest) -> Formula:
    """Return the model of a request.

    Raises
    ------
    AnalysisError
        ``BAD_REQUEST`` naming the part of the formula that is not understood.
    """
    try:
        if request.formula is not None:
            return parse(request.formula)
        return from_predictors(request.predictors or [])
    except FormulaError as error:
        raise bad_model(error) from None


def bad_model(error: FormulaError) -> AnalysisError:
    """Return what ends an analysis whose model cannot be built."""
    return AnalysisError("BAD_REQUEST", f"The model: {error}.", remedy=error.remedy)


def check_columns(request: RegressionRequest, formula: Formula, others: dict[str, str]) -> None:
    """Check that no column has two roles, no name two meanings, and levels belong to the model.

    Parameters
    ----------
    others
        Argument to the column that it names, for all columns that are no predictors.

    Raises
    ------
    AnalysisError
        ``BAD_REQUEST`` naming the argument, or a column whose name is that of something else.
    """
    try:
        check_names(formula.terms)
    except FormulaError as error:
        raise bad_model(error) from None
    predictors = raw_columns(formula.terms)
    roles = dict.fromkeys(predictors, "predictor")
    for argument, column in others.items():
        if column in roles and not (argument == "cluster" and roles[column].startswith("strata")):
            message = f"Argument '{argument}': '{column}' is the {roles[column]} too."
            raise AnalysisError("BAD_REQUEST", message, remedy="Give each column one role.")
        roles[column] = argument
    for argument in ("levels", "collapse", "reference"):
        unknown = [name for name in getattr(request, argument) if name not in roles]
        if unknown:
            message = f"Argument '{argument}' names '{unknown[0]}', which is not in the model."
            raise AnalysisError("BAD_REQUEST", message, remedy="Name columns of the model.")
