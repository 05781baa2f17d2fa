"""The site side of ``cox_regression``: a table and a question in, sums out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from v6_clinical.errors import RefusalError
from v6_clinical.numerics.arrays import Array
from v6_clinical.protocol.analysis import Place
from v6_clinical.regression.site.cases import Regression
from v6_clinical.regression.site.rows import complete_cases
from v6_clinical.regression.site.steps import site_questions, site_steps
from v6_clinical.survival.follow_up import read_follow_up
from v6_cox.leaves import LEAVES
from v6_cox.questions import Evaluate, Opening
from v6_cox.site_data import CoxCases

if TYPE_CHECKING:
    import pandas as pd

    from v6_clinical.disclosure import Policy


__all__ = ["LEAVES", "QUESTIONS", "STEPS"]


class Cox(Regression[Opening, Evaluate]):
    """Cox regression: what the steps of all regressions ask of it."""

    opening = Opening
    evaluation = Evaluate

    def read(self, frame: pd.DataFrame, question: Opening, policy: Policy) -> CoxCases:
        """Read the complete cases and their follow-up.

        Raises
        ------
        RefusalError
            R14 where event times would leave and the site does not agree to that, and whatever
            ``complete_cases`` and ``read_follow_up`` refuse.
        """
        if question.exact:
            policy.check_event_times()
        survival = question.survival
        rows = complete_cases(frame, question.model, survival.columns(), policy)
        return CoxCases(rows, question, read_follow_up(rows.others, survival, policy))

    def coefficients(
        self, question: Evaluate, names: tuple[str, ...], place: Place
    ) -> tuple[Array, Array]:
        """Return shift and coefficients of all columns."""
        for name in ("shift", "slopes"):
            if len(getattr(question, name)) != len(names):
                raise RefusalError("BAD_REQUEST", [name])
        shift, slopes = (np.array(x, np.float64) for x in (question.shift, question.slopes))
        return shift, slopes


REGRESSION = Cox()
STEPS = site_steps(REGRESSION)
QUESTIONS = site_questions(REGRESSION)
