"""The central side of a family that adds nothing to what families share."""

from __future__ import annotations

from v6_clinical.protocol.analysis import Analysis
from v6_clinical.regression.families.family import Family
from v6_clinical.regression.glm.fitting import Fitting, fitted
from v6_clinical.regression.glm.request import GLMRequest
from v6_clinical.regression.glm.result import conclude, fit_record


def analyse(request: GLMRequest, family: Family) -> Analysis:
    """Ask ``describe`` where the model needs pooled moments, ``start``, then ``evaluate``."""
    fitting, found, rounds = yield from fitted(request, family, Fitting)
    return conclude(fitting, found, rounds, fit_record(fitting, found), {}, [])
