"""The questions that the centre asks; ``Question.read`` is their strict reading at a site."""

from __future__ import annotations

from pydantic import model_validator

from v6_clinical.regression.glm import questions as glm
from v6_clinical.regression.glm.questions import LeverageReport
from v6_glm.links import LINKS, FamilyName, LinkName


class Opening(glm.Opening):
    """``describe`` and ``start``: a model, its outcome and its family."""

    family: FamilyName
    link: LinkName

    @model_validator(mode="after")
    def _link_of_family(self) -> Opening:
        if self.link not in LINKS[self.family]:
            raise ValueError("no such link")
        return self


class Evaluate(Opening, glm.Evaluate):
    """The likelihood at one coefficient vector."""

    report: LeverageReport | None
