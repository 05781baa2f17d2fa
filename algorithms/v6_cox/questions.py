"""The questions that the centre asks; ``Question.read`` is their strict reading at a site."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import Field, model_validator

from v6_clinical.errors import RefusalError
from v6_clinical.protocol.question import Number, Question
from v6_clinical.regression import question
from v6_clinical.survival.grid import COARSEST, FINEST, MOST_STEPS, TimeGrid
from v6_clinical.survival.question import Survival

MOST_TIMES = 200_000
FARTHEST_OFFSET = 500  # a hazard of e^-100 to e^100 there is a number at offset 0 too
Times = Annotated[tuple[Number, ...], Field(strict=False, max_length=MOST_TIMES)]
Series = Annotated[tuple[Number, ...], Field(strict=False, max_length=50 * MOST_TIMES)]
Q = TypeVar("Q", bound="Opening")


class CoxModel(question.Model):
    """A model whose intercept the baseline hazard holds."""

    absorbs_intercept: ClassVar[bool] = True

    def beside(self) -> float:
        """Return 2: the baseline hazard, as the intercept and for what is sent by time."""
        return 2.0


class Opening(question.Opening):
    """``describe`` and ``start``: a model and its outcome. ``exact``: one baseline for all."""

    model: CoxModel
    survival: Survival
    exact: bool

    @classmethod
    def read(cls: type[Q], message: Mapping[str, Any]) -> Q:
        """Read a question at a site; each column has one role.

        Raises
        ------
        RefusalError
            ``BAD_REQUEST`` with the names of wrong arguments.
        """
        found = super().read(message)
        model, columns = found.model, found.survival.columns()
        if not model.intercept:
            raise RefusalError("BAD_REQUEST", ["model"])
        strata = {stratum.column for stratum in found.survival.strata}
        shared = set(columns) & set(model.columns()) - (strata & {model.cluster})
        if shared or len(set(columns)) < len(columns):
            raise RefusalError("BAD_REQUEST", ["survival"])
        return found


class StratumTimes(Question):
    """The federation's event times of one stratum, the latest first; see ``stratum_key``."""

    stratum: Annotated[str, Field(max_length=10_000)]
    times: Times

    @model_validator(mode="after")
    def _descend(self) -> StratumTimes:
        pairs = zip(self.times, self.times[1:], strict=False)
        if any(late <= early for late, early in pairs):
            raise ValueError("times must descend")
        return self


StratumTimesList = Annotated[tuple[StratumTimes, ...], Field(strict=False, max_length=10_000)]


class Grid(Question):
    """The times digit 10^exponent * (1 .. count) of a curve."""

    digit: Literal[1, 2, 5]
    exponent: Annotated[int, Field(ge=FINEST, lt=COARSEST)]
    count: Annotated[int, Field(ge=1, le=MOST_STEPS)]

    @classmethod
    def of(cls, grid: TimeGrid) -> Grid:
        """Return the times of a grid."""
        digit: Any = grid.digit  # one of three
        return cls(digit=digit, exponent=grid.exponent, count=grid.count)

    def times(self) -> TimeGrid:
        """Return the times."""
        return TimeGrid(self.digit, self.exponent, self.count)


class AskedSteps(Question):
    """The common steps of K event times, for robust errors; p columns, K p numbers row by row.

    Named as in ``kernel.residuals.HazardSteps`` and ``kernel.jumps.Jumps``.
    """

    hazard: Times
    tied_hazard: Times
    mean: Series
    mean_hazard: Series
    tied_mean_hazard: Series | None


class Report(question.Report):
    """What the last evaluation sends besides; the meat of a common baseline needs its steps."""

    FREE: ClassVar[frozenset[str]] = frozenset({"steps"})

    steps: AskedSteps | None
    transform: Literal["identity", "log", "km"]
    grid: Grid | None


class Evaluate(Opening, question.Evaluate):
    """The likelihood at one coefficient vector.

    ``shift`` is taken off the columns: the covariates at which a curve is reported. ``times`` are
    the federation's event times where the baseline is common; then ``null`` also asks for the sums
    at coefficients of 0.
    """

    model: CoxModel
    FREE: ClassVar[frozenset[str]] = question.Evaluate.FREE | {"times", "null"}

    times: StratumTimesList | None
    null: bool
    report: Report | None

    @model_validator(mode="after")
    def _fits(self) -> Evaluate:
        if (self.times is not None) != self.exact or (self.null and not self.exact):
            raise ValueError("event times come with a common baseline")
        if self.report and (self.report.steps is not None) != (self.exact and self.report.meat):
            raise ValueError("steps come with robust errors of a common baseline")
        return self
