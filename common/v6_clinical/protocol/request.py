"""What all requests share: arguments of every central function, and readable validation errors."""

from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from v6_clinical.errors import AnalysisError
from v6_clinical.labels import label_of
from v6_clinical.text import clean, is_clean


def _label(value: Any) -> Any:
    """Accept the levels 0, 0.5, 1 as well as "0", "0.5", "1"; True is the level "True"."""
    return label_of(value) if isinstance(value, bool | int | float) else value


def _printable(text: str) -> str:
    if not is_clean(text):
        raise ValueError("it holds control or other hidden characters: no name may")
    return text


Text = Annotated[str, Field(min_length=1, max_length=200, strict=True), AfterValidator(_printable)]
Name = Text
Label = Annotated[Text, BeforeValidator(_label)]
Labels = Annotated[list[Label], Field(min_length=1, max_length=1000)]
Codebook = dict[Name, Labels]
R = TypeVar("R", bound="Request")


class Request(BaseModel):
    """Arguments that every central function accepts."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    organizations_to_include: Annotated[list[int], Field(min_length=1)] | None = Field(
        None, description="Organisations that take part; default every one of the collaboration."
    )
    on_refusal: Literal["fail", "exclude"] = Field(
        "fail", description="End on a refusal, or go on without the sites that refuse."
    )
    levels: Codebook = Field(
        default_factory=dict,
        description="Codebook: the levels of a column, the first is the reference.",
        json_schema_extra={"example": "stage=I,II,III"},
    )
    collapse: dict[Name, dict[Label, Labels]] = Field(
        default_factory=dict,
        description="Levels to merge, before anything else.",
        json_schema_extra={"example": "stage=late:III,IV"},
    )

    @model_validator(mode="after")
    def _labels_make_sense(self) -> "Request":
        if self.organizations_to_include is not None:
            _unique("organizations_to_include", self.organizations_to_include)
        for column, labels in self.levels.items():
            _unique(f"levels['{column}']", labels)
            if any(not label.strip() for label in labels):
                raise ValueError(f"levels['{column}'] has a blank label: blank means missing")
        for column, groups in self.collapse.items():
            _unique(
                f"collapse['{column}']", [label for group in groups.values() for label in group]
            )
        return self

    def explain_refusal(self, code: str) -> str:
        """Return a sentence on why sites refuse this request with this code, "" for none."""
        return ""


def _unique(argument: str, values: list[Any]) -> None:
    if len(set(values)) != len(values):
        raise ValueError(f"{argument} names something twice: name each once")


def parse_request(model: type[R], arguments: dict[str, Any]) -> R:
    """Validate the analyst's arguments before any data are read.

    Raises
    ------
    AnalysisError
        ``BAD_REQUEST`` naming each wrong argument and what is expected of it.
    """
    try:
        return model.model_validate(arguments)
    except ValidationError as error:
        problems = [_explain(problem) for problem in error.errors()[:5]]
        known = ", ".join(model.model_fields)
        raise AnalysisError(
            "BAD_REQUEST", " ".join(problems), remedy=f"Known arguments: {known}."
        ) from None


def _explain(problem: Any) -> str:
    where = ".".join(clean(str(part)[:60]) for part in problem["loc"])
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        return f"Argument '{where}' is unknown."
    if problem["type"] == "missing":
        return f"Argument '{where}' is missing."
    return f"Argument '{where}': {message}." if where else f"{message}."
