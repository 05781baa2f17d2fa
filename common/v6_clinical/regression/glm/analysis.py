"""The central side of a family that adds nothing to what families share."""

from __future__ import annotations

from typing import Any

from v6_clinical.protocol.analysis import Analysis
from v6_clinical.regression.families.family import Family
from v6_clinical.regression.glm.fitting import Fitting, fitted
from v6_clinical.regression.glm.request import GLMRequest, is_robust, read_model
from v6_clinical.regression.glm.result import conclude, fit_record
from v6_clinical.regression.question import Report


def standing(request: GLMRequest, kind: type[Fitting] = Fitting) -> list[Any]:
    """Return what is the same in the questions of a request, without and with a report."""
    opening = kind.opening(request, read_model(request)).standing()
    return [opening, opening | {"report": Report(meat=is_robust(request)).standing()}]


def analyse(request: GLMRequest, family: Family) -> Analysis:
    """Ask ``describe`` where the model needs pooled moments, ``start``, then ``evaluate``."""
    fitting, found, rounds = yield from fitted(request, family, Fitting)
    return conclude(fitting, found, rounds, fit_record(fitting, found), {}, [])
