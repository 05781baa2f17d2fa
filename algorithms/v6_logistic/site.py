"""The site side of ``logistic_regression``: a table and a question in, sums out."""

from __future__ import annotations

from v6_clinical.regression.families.binomial import BINOMIAL
from v6_clinical.regression.glm.site import GLM
from v6_clinical.regression.site.steps import site_questions, site_steps
from v6_logistic.leaves import LEAVES
from v6_logistic.questions import Evaluate
from v6_logistic.report import discrimination

REGRESSION = GLM(BINOMIAL, evaluation=Evaluate, more=discrimination)
STEPS = site_steps(REGRESSION)
QUESTIONS = site_questions(REGRESSION)

__all__ = ["LEAVES", "QUESTIONS", "STEPS"]
