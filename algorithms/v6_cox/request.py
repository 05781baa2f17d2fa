"""What the analyst asks for: the one source for validation and documentation."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from v6_clinical.protocol.request import Label, Name
from v6_clinical.regression.request import RegressionRequest

Value = (
    Annotated[float, Field(allow_inf_nan=False, strict=True)] | Annotated[str, Field(strict=True)]
)
Profile = dict[Name, bool | int | Value]


class CoxRequest(RegressionRequest):
    """Arguments of ``cox_regression``."""

    time: Name = Field(description="Column of follow-up times, 0 or more.")
    event: Name = Field(
        description="Column that says whether follow-up ended with an event: 0/1 or true/false, or "
        "with event_value any levels."
    )
    event_value: Label | Annotated[list[Label], Field(min_length=1, max_length=50)] | None = Field(
        None,
        description="Value, or list of values, of the event column that are events, such as 2 of "
        "1/2; any other is censored. Default: 1, or true.",
    )
    entry: Name | None = Field(
        None, description="Column of entry times: a row is at risk on (entry, time]."
    )
    strata: Annotated[list[Name], Field(max_length=5)] = Field(
        default_factory=list, description="Columns whose levels have baseline hazards of their own."
    )
    baseline: Literal["site", "exact"] = Field(
        "site",
        description="site: a baseline hazard a site, as strata(site); exact: one for all, where "
        "every site lets event times leave.",
    )
    ties: Literal["efron", "breslow"] = Field("efron", description="What to do about tied deaths.")
    robust: bool = Field(False, description="Lin and Wei's sandwich errors; over clusters if any.")
    zph_transform: Literal["identity", "log", "km"] = Field(
        "identity",
        description="Of time, in the test of proportional hazards; km is R's default, of each "
        "site's own rows with baseline='site'.",
    )
    time_horizon: Annotated[float, Field(ge=1e-9, le=1e15)] | None = Field(
        None, description="Where the baseline curves end; none without it."
    )
    profiles: Annotated[list[Profile], Field(max_length=100)] = Field(
        default_factory=list,
        description="Covariates of people whose survival is predicted; offset 0 if not named.",
        json_schema_extra={
            "shown_if": ["time_horizon", "!=", None],
            "option": "profile",
            "example": '{"age": 60, "sex": "F"}',
        },
    )

    @property
    def across_sites(self) -> str:
        """How rows of different sites are compared with each other, for a remedy."""
        return "with baseline='exact'"

    @property
    def event_values(self) -> tuple[str, ...] | None:
        """The levels that are events, None where 1 or true is."""
        if self.event_value is None:
            return None
        return (self.event_value,) if isinstance(self.event_value, str) else tuple(self.event_value)

    @model_validator(mode="after")
    def _arguments_fit(self) -> CoxRequest:
        if len(set(self.strata)) < len(self.strata):
            raise ValueError("strata names a column twice")
        if self.profiles and self.time_horizon is None:
            raise ValueError("profiles need a time_horizon")
        for name in (self.time, self.event, self.entry):
            if name is not None and (name in self.levels or name in self.collapse):
                raise ValueError(f"levels or collapse names '{name}', which is no category")
        return self
