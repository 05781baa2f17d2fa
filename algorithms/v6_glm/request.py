"""What the analyst asks for: the one source for validation and documentation."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from v6_clinical.protocol.request import Label, Name
from v6_clinical.regression.glm.request import GLMRequest, of_leverage
from v6_glm.links import BOUNDED, LINKS, FamilyName, LinkName, link_of


class GeneralizedLinearRequest(GLMRequest):
    """Arguments of ``generalized_linear_model``."""

    outcome: Name = Field(
        description="Column of the outcome: numbers, counts, numbers above 0, or two values."
    )
    family: FamilyName = Field(
        description="gaussian (numbers), poisson (counts), gamma (above 0) or binomial (two "
        "values)."
    )
    link: LinkName | None = Field(
        None,
        description="identity, log, log, logit by default; gamma also inverse, binomial also "
        "probit, cloglog, log, identity. For risk ratios take poisson with robust='HC0'.",
    )
    robust: Literal["HC0", "HC1", "HC2", "HC3"] | None = Field(  # type: ignore[assignment]
        None, description="Sandwich errors, of rows or (HC0, HC1) over clusters."
    )
    exposure: Name | None = Field(
        None, description="Column of time or people at risk, of counts: its log is an offset."
    )
    positive: Label | None = Field(
        None,
        description="The value of a binomial outcome that counts as 1; default the 1 of 0/1, true, "
        "or the second of two listed levels.",
    )

    @property
    def used_link(self) -> LinkName:
        """The link that is used."""
        return link_of(self.family, self.link)

    def explain_refusal(self, code: str) -> str:
        """Return what bounds the coefficients, where sites refuse to evaluate at them."""
        if code != "COEFFICIENT_RANGE" or (self.family, self.used_link) not in BOUNDED:
            return super().explain_refusal(code)
        said = f"With link='{self.used_link}' not every coefficient gives a mean to every row: the "
        said += "best fit of this model may lie where one has none. "
        if self.family != "binomial":
            return said + "Take link='log'."
        other = "risk ratios" if self.used_link == "log" else "odds ratios"
        how = "family='poisson' with robust='HC0'" if self.used_link == "log" else "link='logit'"
        return said + f"For {other} take {how}."

    @model_validator(mode="after")
    def _link_makes_sense(self) -> GeneralizedLinearRequest:
        if self.used_link not in LINKS[self.family]:
            known = ", ".join(LINKS[self.family])
            raise ValueError(f"link='{self.link}' is none of family='{self.family}': {known}")
        if self.exposure is not None and self.family != "poisson":
            raise ValueError("exposure is for family='poisson': give an offset")
        if self.offset is not None and (self.family, self.used_link) in BOUNDED:
            raise ValueError(f"link='{self.used_link}' takes no offset")
        return self

    @model_validator(mode="after")
    def _outcome_makes_sense(self) -> GeneralizedLinearRequest:
        if self.outcome in self.reference:
            raise ValueError("reference names the outcome: say positive instead")
        levels = self.levels.get(self.outcome)
        if self.family != "binomial":
            if levels is not None or self.positive is not None:
                raise ValueError("levels and positive of the outcome are for family='binomial'")
            return self
        if levels is not None and len(levels) != 2:
            raise ValueError(f"levels['{self.outcome}'] must list two levels of the outcome")
        if levels is not None and self.positive is not None and self.positive not in levels:
            raise ValueError("positive is not one of the outcome's levels")
        return self

    @model_validator(mode="after")
    def _errors_make_sense(self) -> GeneralizedLinearRequest:
        if self.cluster is not None and of_leverage(self) is not None:
            raise ValueError(f"robust='{self.robust}' is of rows: with a cluster use 'HC0'")
        if self.cluster is not None and self.robust == "HC1" and not self.cluster_adjust:
            raise ValueError("robust='HC1' with a cluster needs cluster_adjust=True: or use 'HC0'")
        return self
