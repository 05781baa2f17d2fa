"""The site side of a likelihood of single rows: what it brings to the steps of all regressions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from v6_clinical.disclosure.blur import Blur
from v6_clinical.disclosure.row_key import Columns
from v6_clinical.disclosure.survey import survey
from v6_clinical.errors import RefusalError
from v6_clinical.model.coding import INTERCEPT
from v6_clinical.numerics.arrays import Array
from v6_clinical.protocol.analysis import Place
from v6_clinical.protocol.sums import Sums
from v6_clinical.regression.families.family import Family
from v6_clinical.regression.glm.likelihood import Data
from v6_clinical.regression.glm.own_intercept import null_intercept
from v6_clinical.regression.glm.questions import Evaluate, Opening
from v6_clinical.regression.glm.site_likelihood import GLMLikelihood
from v6_clinical.regression.glm.told import GLMTold
from v6_clinical.regression.site.cases import Cases, Regression
from v6_clinical.regression.site.own_fit import site_labels
from v6_clinical.regression.site.rows import Rows, complete_cases

if TYPE_CHECKING:
    import pandas as pd

    from v6_clinical.disclosure import Policy


@dataclass(frozen=True)
class GLM(Regression[Opening, Evaluate]):
    """A regression by its family.

    Parameters
    ----------
    more
        What the report of a family sends besides.
    """

    family: Family
    opening: type[Opening] = Opening
    evaluation: type[Evaluate] = Evaluate
    more: Callable[[GLMTold, Policy], Sums] = lambda told, policy: Sums()
    by_column: bool = True

    def read(self, frame: pd.DataFrame, question: Opening, policy: Policy) -> GLMCases:
        """Return the complete cases and their outcomes; R6. R15: no intercept of its own is masked.

        In a sum over sites it would stand alone.
        """
        if policy.masked and question.site_effect:
            raise RefusalError("PER_SITE")
        column = question.outcome.column
        if column in question.model.columns():
            raise RefusalError("BAD_REQUEST", ["outcome"])
        rows = complete_cases(frame, question.model, [column], policy)
        outcome = self.family.read(rows.others[column], question.outcome, policy)
        features = [self.family.features(outcome, rows.weights)]
        if self.family.saturates:
            features.append((rows.weights * self.family.saturated(outcome))[:, None])
        told = np.hstack(features)
        if told.size:  # R5: their sums are told in the last round
            names = [column] * told.shape[1]
            policy.check_design(survey(told), names, [False] * len(names))
        return GLMCases(self, rows, question, outcome)

    def coefficients(
        self, question: Evaluate, names: tuple[str, ...], place: Place
    ) -> tuple[Array, Array]:
        """Return shift and coefficients of all columns, the intercept's own included."""
        which = place.index if question.site_effect else 0
        own = question.intercepts[which : which + 1]
        with_intercept = INTERCEPT in names
        if len(own) != with_intercept or len(question.slopes) != len(names) - with_intercept:
            raise RefusalError("BAD_REQUEST", ["slopes"])
        if len(question.shift) != len(question.slopes):
            raise RefusalError("BAD_REQUEST", ["shift"])
        shift = np.array([*([0.0] * with_intercept), *question.shift])
        return shift, np.array([*own, *question.slopes], dtype=np.float64)

    def labels(self, names: tuple[str, ...], question: Opening, place: Place) -> tuple[str, ...]:
        """Return the labels of the parameters; the intercept may be the site's own."""
        return site_labels(names, question.site_effect, place.index)


@dataclass(frozen=True)
class GLMCases(Cases):
    """Complete cases and their outcome, shape (n,)."""

    regression: GLM
    rows: Rows
    question: Opening
    outcome: Array

    @property
    def column(self) -> str:
        """The outcome's column."""
        return self.question.outcome.column

    @property
    def events(self) -> Array:
        """The outcome, shape (n,)."""
        return self.outcome

    @property
    def asks_null(self) -> bool:
        """Whether sites are asked about the null model: it does not follow from counts."""
        return self.question.model.has_offset or not self.regression.family.closed_null

    @property
    def null_follows(self) -> bool:
        """Whether null models follow from counts, though sites may be asked about them."""
        return self.regression.family.closed_null and not self.rows.has_offset

    @property
    def may_sample(self) -> bool:
        """Whether rows weigh alike."""
        return self.rows.weigh_alike

    @property
    def quadratic(self) -> bool:
        """Whether that of the family is."""
        return self.regression.family.quadratic

    @property
    def counted(self) -> bool:
        """Whether the outcome is 0 and 1."""
        return self.regression.family.classes

    @property
    def kind(self) -> str:
        """The family with its link."""
        return self.regression.family.kind

    def units(self, columns: Columns) -> list[float]:
        """Return what of the rows changes an answer by more than a unit does.

        A real outcome with a variance of its own is taken in its own unit, and so is the offset
        beside it. Without an intercept the columns' zeros count too.
        """
        rows, family, unit = self.rows, self.regression.family, 1.0
        found = [self.powers(rows.weights).mean]
        if family.quadratic:
            unit = family.unit(self.outcome)
        elif not family.classes:
            found += [self.powers(self.outcome).mean, self.powers(self.outcome).sd]
        offset = self.powers(rows.offset)
        found.append(offset.sd / unit)
        if not columns.intercept:
            found += [offset.mean / unit, self.powers(self.outcome).mean / unit]
            found += [
                d.sign * d.mean / (d.sd or 1.0) for d in (columns.digests[j] for j in columns.order)
            ]
        return found

    def zero_and_unit(self, blur: Blur) -> tuple[float, float]:
        """Return what linear predictors count from in a question, and in which unit.

        They count from the offset's mean, and beside a real outcome with a variance of its own
        from that one's, in its standard deviations.
        """
        zero, unit = -blur.moments(self.powers(self.rows.offset).digest())[0], 1.0
        if self.regression.family.quadratic:
            mean, sd = blur.moments(self.powers(self.outcome).digest())
            zero, unit = zero + mean, sd or 1.0
        return zero, unit

    def null_intercept(self, alone: Data) -> float:
        """Return the intercept of the site's own null model, 0 in a model without."""
        family, model = self.regression.family, self.question.model
        if not model.intercept:
            return 0.0
        if family.quadratic:
            return float(np.average(alone.outcome - alone.offset, weights=alone.weights))
        counts = self.rows.counts(self.outcome)
        known = family.null(counts, intercept=True).intercept
        if not self.rows.has_offset or not family.fewest(counts) > 0:
            return known
        return null_intercept(alone, known - float(alone.offset.mean()))

    def likelihood(
        self, design: Array, shift: Array | None = None, every: int = 1
    ) -> GLMLikelihood:
        """Return the likelihood of a design; the shift is taken off in place."""
        if shift is not None:
            for column, less in zip(design.T, shift, strict=True):
                column -= less  # the rows are not kept a second time
        rows = self.rows
        data = Data(
            self.regression.family,
            design[::every],
            self.outcome[::every],
            rows.weights[::every],
            rows.offset[::every],
        )
        return GLMLikelihood(self, data, every)
