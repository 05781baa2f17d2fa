"""The two kinds of baseline hazard at the centre: one a site, or one that all sites share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar, Protocol

import numpy as np

from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.newton import Evaluation
from v6_clinical.protocol.sums import Sums
from v6_clinical.regression.centre.design import Design
from v6_clinical.regression.messages import EVALUATION, read_evaluation
from v6_cox.baseline_tables import own_curves, shared_curves
from v6_cox.kernel.proportional_hazards import PHSums, unstack
from v6_cox.kernel.shared_baseline import (
    RiskSums,
    combine,
    combine_ph,
    combine_steps,
    jumps_of,
    moved,
)
from v6_cox.messages import with_time
from v6_cox.questions import AskedSteps, StratumTimes
from v6_cox.request import CoxRequest
from v6_cox.shared_times import CommonTimes, read_risk_sums

Record = dict[str, Any]


class Baselines(Protocol):
    """What differs between a baseline hazard a site and one for all.

    Attributes
    ----------
    skew
        Of ``Newton``.
    compares_sites
        Whether a column that is constant at each site can be told from the baseline.
    times
        The federation's event times, as a question holds them.
    meat
        The name of the robust errors' meat.
    warnings
        Codes and messages for the result.
    """

    skew: ClassVar[float]
    compares_sites: ClassVar[bool]
    meat: ClassVar[str]
    times: tuple[StratumTimes, ...] | None
    warnings: list[tuple[str, str]]

    def first_null(self, total: Sums) -> Evaluation | None:
        """Return the evaluation at 0 from the sums of ``start``, where these hold it."""

    def null(self, total: Sums) -> Evaluation | None:
        """Return the evaluation at 0 from the sums of ``evaluate``, where it was asked for."""

    def read(self, total: Sums) -> Evaluation:
        """Return the pooled evaluation."""

    def needs(self, *, null: bool, last: bool) -> frozenset[str]:
        """Return what no site with rows may leave out."""

    def steps(self, by: Array) -> AskedSteps | None:
        """Return what sites need for robust errors, ``by`` away from the last evaluation."""

    def hazards(self, total: Sums) -> PHSums:
        """Return the sums of the proportional-hazards test."""

    def hazards_noise(self, total: Sums) -> Array | None:
        """Return the covariance of the noise in their scores, shape (2 p, 2 p), if there is any."""

    def curves(self, total: Sums, times: Array, organizations: Sequence[int]) -> list[Record]:
        """Return the curves of the result at a grid of times."""


class OwnBaselines:
    """A baseline hazard a site: the sites' evaluations add, as over strata."""

    # A partial likelihood is nearer to its quadratic than a sum over rows is.
    skew: ClassVar[float] = 0.05
    compares_sites: ClassVar[bool] = False
    meat: ClassVar[str] = "meat"

    def __init__(self, request: CoxRequest, design: Design) -> None:
        self._request, self._design = request, design
        self.times: tuple[StratumTimes, ...] | None = None
        self.warnings: list[tuple[str, str]] = []
        self._at_null = 0.0

    def first_null(self, total: Sums) -> Evaluation | None:
        """Return the evaluation at 0: sites tell it at the start."""
        found = read_evaluation(total, self._design.raw.full_names, "null_")
        self._at_null = found.log_likelihood
        return found

    def null(self, total: Sums) -> Evaluation | None:
        """Return nothing: it is known."""
        return None

    def read(self, total: Sums) -> Evaluation:
        """Return the pooled evaluation; sites tell the likelihood less that at 0."""
        found = read_evaluation(total, self._design.labels)
        return replace(found, log_likelihood=self._at_null + found.log_likelihood)

    def needs(self, *, null: bool, last: bool) -> frozenset[str]:
        """Return what no site with rows may leave out."""
        return EVALUATION | ({"hazards_score", "hazards_information"} if last else set())

    def steps(self, by: Array) -> AskedSteps | None:
        """Return nothing: each site's residuals are its own."""
        return None

    def hazards(self, total: Sums) -> PHSums:
        """Return the sums of the proportional-hazards test."""
        labels = with_time(self._design.labels)
        score = total.vector("hazards_score", labels)
        return unstack(score, total.form("hazards_information", labels))

    def hazards_noise(self, total: Sums) -> Array | None:
        """Return the covariance of the noise in their scores, shape (2 p, 2 p), if there is any."""
        name = "noise/hazards_information"
        return total.form(name, with_time(self._design.labels)) if name in total.forms else None

    def curves(self, total: Sums, times: Array, organizations: Sequence[int]) -> list[Record]:
        """Return one curve a site and stratum."""
        return own_curves(total, times, self._request.strata, organizations)


class SharedBaseline:
    """One baseline hazard for all sites: sums at each event time of the federation (R14)."""

    # It starts from sites that compare within themselves, and its reports are large.
    skew: ClassVar[float] = 0.5
    compares_sites: ClassVar[bool] = True
    meat: ClassVar[str] = "risk_sums/meat"

    def __init__(self, request: CoxRequest, design: Design, known: CommonTimes) -> None:
        self._request, self._design, self._known = request, design, known
        self._latest: RiskSums | None = None
        self.times: tuple[StratumTimes, ...] | None = known.asked()
        text = (
            "A common baseline: the sites sent their event times and, at each, sums from which "
            "covariates of patients with events follow by subtraction. These sums are exact: no "
            "noise is added to them, whatever a site's V6C_BLUR."
        )
        self.warnings = [("EVENT_TIMES_SENT", text)]

    def first_null(self, total: Sums) -> Evaluation | None:
        """Return nothing: it takes the sums at the federation's event times."""
        return None

    def null(self, total: Sums) -> Evaluation | None:
        """Return the evaluation at 0."""
        return combine(self._sums(total, "null_sums"), self._request.ties)

    def read(self, total: Sums) -> Evaluation:
        """Return the pooled evaluation."""
        self._latest = self._sums(total, "risk_sums")
        return combine(self._latest, self._request.ties)

    def needs(self, *, null: bool, last: bool) -> frozenset[str]:
        """Return what no site with rows may leave out."""
        found = {"risk_sums/risk", "risk_sums/moments", "risk_sums/products"}
        found |= {"null_sums/risk"} if null else set()
        found |= {"at_risk"} if last and self._request.zph_transform == "km" else set()
        return frozenset(found)

    def steps(self, by: Array) -> AskedSteps | None:
        """Return the common steps, expected from the last evaluation.

        The last round is near enough for that: it is asked for where Newton's next step is small.
        """
        if self._latest is None:
            return None
        steps = combine_steps(moved(self._latest, by), self._request.ties)
        tied = steps.tied_mean_hazard
        return AskedSteps(
            hazard=_plain(steps.jumps.hazard),
            tied_hazard=_plain(steps.jumps.of_all(steps.jumps.tied_hazard)),
            mean=_plain(steps.mean),
            mean_hazard=_plain(steps.mean_hazard),
            tied_mean_hazard=None if tied is None else _plain(tied),
        )

    def hazards(self, total: Sums) -> PHSums:
        """Return the sums of the proportional-hazards test."""
        sums, scale = self._sums(total, "risk_sums"), self._request.zph_transform
        times = self._known.flat()
        shape = (len(np.unique(times.times)),)
        at_risk = total.get("at_risk", shape) if scale == "km" else None
        return combine_ph(sums, times, self._request.ties, scale, at_risk)

    def hazards_noise(self, total: Sums) -> Array | None:
        """Return nothing: sums at event times are exact."""
        return None

    def curves(self, total: Sums, times: Array, organizations: Sequence[int]) -> list[Record]:
        """Return one curve a stratum."""
        jumps = jumps_of(self._sums(total, "risk_sums"), self._request.ties).hazard
        return shared_curves(total, times, self._request.strata, self._known, jumps)

    def _sums(self, total: Sums, name: str) -> RiskSums:
        return read_risk_sums(total, name, self._known, len(self._design.labels))


def _plain(values: Array) -> tuple[float, ...]:
    """Return plain numbers, row by row."""
    return tuple(values.ravel().tolist())
