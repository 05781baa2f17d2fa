"""The questions of a likelihood of single rows."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from v6_clinical.protocol.question import Number, Numbers
from v6_clinical.regression import question
from v6_clinical.regression.families.family import Outcome


class Opening(question.Opening):
    """``describe`` and ``start``: a model and its outcome."""

    outcome: Outcome
    site_effect: bool


class Evaluate(Opening, question.Evaluate):
    """The likelihood at one coefficient vector.

    ``intercepts`` holds none, one, or one for each site; ``null`` is the intercept of the null
    model, where sites are asked about it. ``origin`` is the intercept of the null model at which
    differences of the log-likelihood begin, the same in all rounds.
    """

    FREE: ClassVar[frozenset[str]] = question.Evaluate.FREE | {"intercepts", "null", "origin"}

    intercepts: Annotated[Numbers, Field(max_length=10_000)]
    null: Number | None
    origin: Number = 0.0


class LeverageReport(question.Report):
    """A report whose meat may be that of HC2 or HC3.

    ``inverse`` is the upper half, row by row, of the inverse of the pooled expected information:
    of the parameters in the order of ``intercepts`` and ``slopes``.
    """

    FREE: ClassVar[frozenset[str]] = frozenset({"inverse"})

    hc: Literal["HC2", "HC3"] | None = None
    inverse: Annotated[tuple[Number, ...], Field(strict=False, max_length=200_000)] = ()
