"""The site side of ``generalized_linear_model``: a table and a question in, sums out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from v6_clinical.regression.glm.site import GLM, GLMCases
from v6_clinical.regression.site.steps import site_questions, site_steps
from v6_glm.families import FAMILIES
from v6_glm.leaves import LEAVES
from v6_glm.questions import Evaluate, Opening
from v6_glm.report import report

if TYPE_CHECKING:
    import pandas as pd

    from v6_clinical.disclosure import Policy
    from v6_clinical.regression.glm import questions as glm


@dataclass(frozen=True)
class GeneralizedLinearModel(GLM):
    """A regression whose family the question names."""

    def read(self, frame: pd.DataFrame, question: glm.Opening, policy: Policy) -> GLMCases:
        """Return the complete cases and their outcomes, of the question's family; R5, R6."""
        if not isinstance(question, Opening):
            raise TypeError("the question names no family")
        chosen = replace(self, family=FAMILIES[question.family, question.link])
        return GLM.read(chosen, frame, question, policy)


REGRESSION = GeneralizedLinearModel(
    FAMILIES["gaussian", "identity"], opening=Opening, evaluation=Evaluate, more=report
)
STEPS = site_steps(REGRESSION)
QUESTIONS = site_questions(REGRESSION)

__all__ = ["LEAVES", "QUESTIONS", "STEPS"]
