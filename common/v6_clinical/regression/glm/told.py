"""What has been told of a point, and what the report goes on from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from v6_clinical.disclosure.blur import Scale
from v6_clinical.disclosure.growth import grown
from v6_clinical.errors import RefusalError
from v6_clinical.numerics.arrays import Array
from v6_clinical.protocol.analysis import Place
from v6_clinical.protocol.sums import Form, Sums
from v6_clinical.regression.glm import likelihood
from v6_clinical.regression.glm.leverage import Adjusted, adjusted, half_to_matrix
from v6_clinical.regression.glm.likelihood import Data
from v6_clinical.regression.glm.null_rows import fewer_rows, meat_square, null_residuals
from v6_clinical.regression.glm.questions import Evaluate, LeverageReport
from v6_clinical.regression.site.guard import Cleared, squares_to_tell
from v6_clinical.regression.site.likelihood import Asked, Told
from v6_clinical.regression.site.noise import NoiseAt

if TYPE_CHECKING:
    from v6_clinical.disclosure import Policy
    from v6_clinical.regression.glm.site import GLMCases
    from v6_clinical.regression.glm.site_likelihood import GLMLikelihood


@dataclass(frozen=True)
class GLMTold(Told):
    """What a report goes on from.

    Parameters
    ----------
    noise
        Of what is told at the point.
    predictor, residuals
        eta and w l' of the rows, shape (n,).
    """

    sums: Sums
    evaluation: Cleared
    likelihood: GLMLikelihood
    asked: Asked
    noise: NoiseAt
    predictor: Array
    residuals: Array

    @property
    def cases(self) -> GLMCases:
        """The complete cases."""
        return self.likelihood.cases

    @property
    def data(self) -> Data:
        """The rows as they are fitted."""
        return self.likelihood.data

    def report(self, policy: Policy, place: Place) -> Sums:
        """Return the meat of robust errors, and what the family adds."""
        sums = self.cases.regression.more(self, policy)
        question = self.cases.question
        if isinstance(question, Evaluate) and question.report and question.report.meat:
            sums += self._meat(question, policy, place)
        return sums

    def _meat(self, question: Evaluate, policy: Policy, place: Place) -> Sums:
        """Return the sum of products of score rows, of patients where they have several."""
        noisy, clusters, e = self.noise.noisy, self.cases.rows.clusters, 0.0
        rows_of = self._residuals(question, policy, place)
        found = likelihood.meat(self.data.design, rows_of.residuals, clusters)
        asked = self.noise.question + rows_of.question
        null = self.likelihood.null
        if null is not None:
            clusters, source = noisy.clusters, noisy.source
            at_null = null_residuals(self.data, null.intercept)
            square, rows = meat_square(self.data, at_null, clusters)
            there, left = meat_square(self.data, rows_of.residuals, clusters)
            fewer = fewer_rows(rows, left, source.uniform(b"meat|" + asked))
            scale = source.scale(len(self.residuals), 0.0, square * fewer * rows_of.grown)
            e = grown(source, scale, 0.0, there, asked, "meat").e
            found = noisy.matrix("meat", asked, e, found)
        told = noisy.told({"meat": Scale(0.0, e)})
        return Sums(forms={"meat": Form(self.asked.labels, found)}, noise=told)

    def _residuals(self, question: Evaluate, policy: Policy, place: Place) -> Adjusted:
        """Return the residuals whose squares make the meat."""
        asked = question.report
        if not isinstance(asked, LeverageReport) or asked.hc is None:
            return Adjusted(self.residuals, 1.0, b"")
        inverse = half_to_matrix(np.array(asked.inverse))
        if question.site_effect:  # of the sites' intercepts this one's
            first = len(question.intercepts)
            at = [place.index, *range(first, first + len(question.slopes))]
            if len(inverse) != first + len(question.slopes):
                raise RefusalError("BAD_REQUEST", ["report"])
            inverse = inverse[np.ix_(at, at)]
        found = adjusted(
            asked.hc, inverse, self.data, self.predictor, self.residuals, self.noise.noisy
        )
        squares_to_tell(found.residuals, policy)
        return found
