"""What the analyst of a regression of single rows may say."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from v6_clinical.errors import AnalysisError
from v6_clinical.model.formula import Formula
from v6_clinical.protocol.request import Name
from v6_clinical.regression.request import RegressionRequest, check_columns, read_formula


class GLMRequest(RegressionRequest):
    """Arguments that families share."""

    outcome: Name = Field(description="Column of the outcome.")
    robust: Literal["HC0", "HC1"] | None = Field(
        None, description="Sandwich errors, of rows or over clusters."
    )
    site_effect: bool = Field(False, description="An intercept for each site.")


def is_robust(request: GLMRequest) -> bool:
    """Tell whether robust errors are asked for."""
    return request.robust is not None or request.cluster is not None


def of_leverage(request: GLMRequest) -> Literal["HC2", "HC3"] | None:
    """Return the kind of robust errors that the leverages of the fit make, None for any other."""
    kind: Literal["HC0", "HC1", "HC2", "HC3"] | None = request.robust
    return kind if kind in ("HC2", "HC3") else None


def read_model(request: GLMRequest) -> Formula:
    """Return the model of a request, each column in one role.

    Raises
    ------
    AnalysisError
        ``BAD_REQUEST`` naming the argument.
    """
    formula = read_formula(request)
    named = {name: getattr(request, name) for name in ("outcome", "weights", "offset", "cluster")}
    named["exposure"] = getattr(request, "exposure", None)
    check_columns(request, formula, {k: v for k, v in named.items() if v is not None})
    if request.site_effect and not formula.intercept:
        message = "Argument 'site_effect': the model has no intercept that sites could differ in."
        raise AnalysisError("BAD_REQUEST", message, remedy="Keep the intercept.")
    return formula
