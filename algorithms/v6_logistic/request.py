"""What the analyst asks for: the one source for validation and documentation."""

from __future__ import annotations

from pydantic import Field, model_validator

from v6_clinical.protocol.request import Label, Name
from v6_clinical.regression.glm.request import GLMRequest


class LogisticRequest(GLMRequest):
    """Arguments of ``logistic_regression``."""

    outcome: Name = Field(description="Column with two values: 0/1, true/false, or two levels.")
    positive: Label | None = Field(
        None,
        description="The value of the outcome that counts as 1; default the 1 of 0/1, true, or the "
        "second of two listed levels.",
    )

    @model_validator(mode="after")
    def _outcome_makes_sense(self) -> LogisticRequest:
        levels = self.levels.get(self.outcome)
        if levels is not None and len(levels) != 2:
            raise ValueError(f"levels['{self.outcome}'] must list two levels of the outcome")
        if levels is not None and self.positive is not None and self.positive not in levels:
            raise ValueError("positive is not one of the outcome's levels")
        if self.outcome in self.reference:
            raise ValueError("reference names the outcome: say positive instead")
        if self.cluster is not None and self.robust == "HC1" and not self.cluster_adjust:
            raise ValueError("robust='HC1' with a cluster needs cluster_adjust=True: or use 'HC0'")
        return self
