"""What the analyst asks for: the one source for validation and documentation."""

from typing import Annotated

from pydantic import Field, model_validator

from v6_clinical.protocol.request import Name, Request

Quantile = Annotated[float, Field(ge=0.001, le=0.999)]


class SummaryRequest(Request):
    """Arguments of ``summary``."""

    columns: Annotated[list[Name], Field(min_length=1, max_length=200)] = Field(
        description="Columns to summarise, numeric or categorical."
    )
    group_by: Name | None = Field(
        None, description="Categorical column whose levels are compared, such as the treatment."
    )
    quantiles: Annotated[list[Quantile], Field(max_length=20)] = Field(
        default=[0.05, 0.25, 0.5, 0.75, 0.95], description="Quantiles beside median, q1 and q3."
    )
    correlation: bool = Field(False, description="Pearson correlation of the numeric columns.")
    histogram: bool = Field(True, description="Histograms of the numeric columns.")
    per_site: bool = Field(False, description="Each site's own numbers beside the pooled ones.")

    @model_validator(mode="after")
    def _columns_make_sense(self) -> "SummaryRequest":
        if len({name.strip() for name in self.columns}) != len(self.columns):
            raise ValueError("columns names a column twice: name each once")
        if self.group_by is not None and self.group_by in self.columns:
            raise ValueError("group_by is also in columns: leave it out of columns")
        if len(set(self.quantiles)) != len(self.quantiles):
            raise ValueError("quantiles names a quantile twice: name each once")
        known = {*self.columns, self.group_by}
        for argument in ("levels", "collapse"):
            if unknown := [name for name in getattr(self, argument) if name not in known]:
                raise ValueError(f"{argument} names {unknown[0]!r}, which is not in columns")
        return self
