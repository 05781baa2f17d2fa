"""Questions: what the central side asks of a site, and their strict reading there.

A site trusts nothing: whoever may create a task can send anything. Both ends use the same class:
the central side builds a question and sends ``to_json()``, a site gets it back from ``read``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from v6_clinical.errors import AnalysisError, RefusalError

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
Labels = Annotated[tuple[Name, ...], Field(strict=False, min_length=1, max_length=1000)]
Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e70, le=1e70)]
Numbers = Annotated[tuple[Number, ...], Field(strict=False, max_length=1000)]
Q = TypeVar("Q", bound="Question")


class WrongFieldError(ValueError):
    """Fields that do not go together; ``field`` is the one to name."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class Question(BaseModel):
    """Something asked of a site: unknown fields, wrong types and absurd sizes are refused.

    Attributes
    ----------
    FREE
        The fields that follow from data, and differ between the questions of one analysis.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    FREE: ClassVar[frozenset[str]] = frozenset()

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
            wrong = {_field(problem) for problem in error.errors()}
            raise RefusalError("BAD_REQUEST", sorted(wrong & set(cls.model_fields))) from None
        except RecursionError:
            raise RefusalError("BAD_REQUEST") from None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return self.model_dump(mode="json")

    def standing(self) -> Any:
        """Return what is the same in all such questions of one analysis, as plain JSON.

        A site whose operator lists requests compares it with the list, see ``protocol.agreed``.
        """
        return self.model_dump(mode="json", exclude=set(self.FREE))


def _field(problem: Any) -> str:
    """Return the outermost field that a problem is about, blank where there is none."""
    if problem["loc"]:
        return str(problem["loc"][0])
    return getattr(problem.get("ctx", {}).get("error"), "field", "")


@contextmanager
def asking() -> Iterator[None]:
    """End the analysis where a question cannot be built; also a decorator.

    Raises
    ------
    AnalysisError
        ``BAD_REQUEST`` with the names of the fields that no site would read.
    """
    try:
        yield
    except ValidationError as error:
        names = sorted({_field(problem) for problem in error.errors()} - {""})
        message = f"No site would read the question: {', '.join(names) or error.title}."
        raise AnalysisError("BAD_REQUEST", message) from None
