"""What has been told of a point, and what the report goes on from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from v6_clinical.disclosure.blur import Scale
from v6_clinical.disclosure.growth import grown
from v6_clinical.numerics.arrays import Array
from v6_clinical.protocol.analysis import Place
from v6_clinical.protocol.sums import Form, Sums
from v6_clinical.regression.glm import likelihood
from v6_clinical.regression.glm.likelihood import Data
from v6_clinical.regression.glm.null_rows import fewer_rows, meat_square, null_residuals
from v6_clinical.regression.glm.questions import Evaluate
from v6_clinical.regression.site.guard import Cleared
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
            sums += self._meat()
        return sums

    def _meat(self) -> Sums:
        """Return the sum of products of score rows, of patients where they have several."""
        noisy, clusters, e = self.noise.noisy, self.cases.rows.clusters, 0.0
        found = likelihood.meat(self.data.design, self.residuals, clusters)
        if noisy.on:
            clusters = noisy.clusters
            source, question = noisy.source, self.noise.question
            null = self.cases.null_intercept(self.likelihood.alone.data)
            square, rows = meat_square(self.data, null_residuals(self.data, null), clusters)
            there, left = meat_square(self.data, self.residuals, clusters)
            fewer = fewer_rows(rows, left, source.uniform(b"meat|" + question))
            scale = source.scale(len(self.residuals), 0.0, square * fewer)
            e = grown(source, scale, 0.0, there, question, "meat").e
            found = noisy.matrix("meat", question, e, found)
        told = noisy.told({"meat": Scale(0.0, e)})
        return Sums(forms={"meat": Form(self.asked.labels, found)}, noise=told)
