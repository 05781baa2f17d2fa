"""What a site sends of its rows at given coefficients."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from v6_clinical.disclosure.blur import NO_NOISE, Scale
from v6_clinical.errors import RefusalError
from v6_clinical.labels import stratum_key
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.newton import Evaluation
from v6_clinical.protocol.analysis import Place
from v6_clinical.protocol.sums import Form, Sums, labelled
from v6_clinical.regression.site.guard import Checked, Cleared
from v6_clinical.regression.site.likelihood import Asked, Told
from v6_clinical.regression.site.noise import NoiseAt
from v6_clinical.survival.kaplan_meier import rows_at_risk
from v6_cox.curves import own_curves, remaining
from v6_cox.kernel import residuals, shared_baseline
from v6_cox.kernel.concordance import concordance
from v6_cox.kernel.jumps import Jumps
from v6_cox.kernel.proportional_hazards import Transform, ph_sums
from v6_cox.kernel.shared_baseline import EventTimes
from v6_cox.kernel.sorted_data import SortedData
from v6_cox.messages import with_time
from v6_cox.noise import NullNoise, without_rounding
from v6_cox.questions import FARTHEST_OFFSET, AskedSteps, Grid, Report

if TYPE_CHECKING:
    from v6_clinical.disclosure import Policy
    from v6_cox.likelihood import CoxPoint
    from v6_cox.site_data import CoxCases


@dataclass(frozen=True)
class CoxTold(Told):
    """What has been told of a point, and the rows that a report goes on from.

    Parameters
    ----------
    strata
        Strata of the federation where the baseline is common, else None.
    wanted
        What the report is asked for.
    null, noise
        What noise takes, and of what is told at this point.
    """

    sums: Sums
    evaluation: Cleared | None
    cases: CoxCases
    data: SortedData
    asked: Asked
    strata: int | None
    wanted: Report | None
    null: NullNoise
    noise: NoiseAt

    def report(self, policy: Policy, place: Place) -> Sums:
        """Return what the tables need at the final coefficients."""
        data, rows, wanted, beta = self.data, self.cases.rows, self.wanted, self.asked.beta
        pairs = self.null.pairs(concordance(data, beta), self.noise)
        sums = Sums({"pairs": pairs}, noise=self.null.noisy.told(["pairs"]))
        if wanted is None:
            return sums
        if wanted.meat and self.strata is None:
            found = residuals.score_residuals(data, beta)
            meat = residuals.meat(found, rows.weights, rows.clusters)
            meat, e = self.null.meat(meat, found, self.noise, rows.weights)
            form = Form(self.asked.labels, meat)
            told = self.null.noisy.told({"meat": Scale(0.0, e)})
            sums += Sums(forms={"meat": form}, noise=told)
        if wanted.grid is None:
            return sums
        if self.strata is not None:
            kinds = self.cases.outcome.kinds
            shown = remaining(data, kinds, self.strata, wanted.grid.times(), policy)
            return sums + Sums({"remaining": shown})
        if policy.allow_per_site:
            sums += _curves(self, wanted.grid, policy, place)
        return sums


def hazards_test(
    here: Checked[CoxPoint],
    labels: tuple[str, ...],
    transform: Transform,
    null: NullNoise,
    noise: NoiseAt,
) -> tuple[Sums, Cleared]:
    """Return the sums of the proportional-hazards test, and the evaluation that comes with them.

    Raises
    ------
    RefusalError
        ``BAD_TIME`` where an event has no logarithm of its time, ``COEFFICIENT_RANGE`` where
        exponentials have overflowed.
    """
    point = here.point.point
    if transform == "log" and (point.data.sets.times <= 0).any():
        raise RefusalError("BAD_TIME", ["zph_transform"])
    point.forget("expected", "residuals")
    found = ph_sums(point, transform)
    if not all(np.isfinite(getattr(found, field.name)).all() for field in fields(found)):
        raise RefusalError("COEFFICIENT_RANGE")
    evaluation = Evaluation(point.log_likelihood, found.score, found.information)
    if here.point.noisy:
        evaluation = without_rounding(point, evaluation)
    score, information, scale = null.hazards(point, found, transform, noise)
    both = with_time(labels)
    sums = Sums(
        {},
        {"hazards_score": labelled(both, score)},
        {"hazards_information": Form(both, information)},
        null.noisy.told({"hazards_score": NO_NOISE, "hazards_information": scale}),
    )
    return sums, here.clear(evaluation)


def risk_sums(here: Checked[CoxPoint], shift: Array, times: EventTimes, null: bool) -> Sums:
    """Return the sums at each event time of the federation (R14), at coefficients 0 too if asked.

    The sums over tied deaths are left out where they are not needed.

    Raises
    ------
    RefusalError
        ``NON_FINITE`` where an offset, or the shift, is so far off that an exponential is none.
    """
    data, beta = here.point.point.data, here.point.point.beta
    if np.abs(data.offset).max(initial=0.0) > FARTHEST_OFFSET:
        raise RefusalError("NON_FINITE", ["offset"])
    at = {"risk_sums": beta} | ({"null_sums": np.zeros_like(beta)} if null else {})
    arrays = {}
    for name, b in at.items():
        with np.errstate(over="ignore", invalid="ignore"):
            found = shared_baseline.risk_sums(data, b, times, shift)
        if not all(np.isfinite(getattr(found, field.name)).all() for field in fields(found)):
            raise RefusalError("NON_FINITE", ["shift"])
        for field in fields(found):
            if data.ties == "efron" or field.name not in TIED:
                arrays[f"{name}/{field.name}"] = np.atleast_1d(getattr(found, field.name))
    return Sums(arrays)


TIED = ("death_risk", "death_moments", "death_products")


def rows_at_event_times(here: Checked[CoxPoint], times: EventTimes) -> Sums:
    """Return the rows at risk at each different event time, for ``zph_transform="km"`` (R14)."""
    data, every = here.point.point.data, np.unique(times.times)
    return Sums({"at_risk": rows_at_risk(data.time, data.entry, every)})


def common_meat(
    here: Checked[CoxPoint], cases: CoxCases, asked: Asked, times: EventTimes, steps: AskedSteps
) -> Sums:
    """Return the robust errors' meat at the steps of a common baseline (R14)."""
    data, beta = here.point.point.data, here.point.point.beta
    read = _read_steps(steps, len(times.times), len(beta))
    found = shared_baseline.shared_score_residuals(data, beta, times, read, asked.shift)
    meat = residuals.meat(found, cases.rows.weights, cases.rows.clusters)
    return Sums(forms={"risk_sums/meat": Form(asked.labels, meat)})


def _read_steps(asked: AskedSteps, count: int, columns: int) -> residuals.HazardSteps:
    """Return the steps at K event times, p columns."""

    def series(name: str, *shape: int) -> Array:
        values = np.array(getattr(asked, name), dtype=np.float64)
        if values.size != np.prod(shape):
            raise RefusalError("BAD_REQUEST", [name])
        return values.reshape(shape)

    of_tied, none = series("tied_hazard", count), np.zeros(count)
    tied = np.flatnonzero(of_tied)
    of_sets = series("hazard", count), none, tied, of_tied[tied], none[tied], none[tied]
    jumps = Jumps(*of_sets, 0.0, none)
    tied_mean = None
    if asked.tied_mean_hazard is not None:
        tied_mean = series("tied_mean_hazard", count, columns)
    mean, mean_hazard = series("mean", count, columns), series("mean_hazard", count, columns)
    return residuals.HazardSteps(jumps, mean, mean_hazard, tied_mean)


def _curves(told: CoxTold, grid: Grid, policy: Policy, place: Place) -> Sums:
    """Return the site's curves (R15, R2), under its place: they add to nobody else's."""
    asked = told.asked
    kinds = told.cases.outcome.kinds
    site, times = f"site/{place.index}", grid.times()
    found = own_curves(told.data, kinds, asked.beta, asked.shift, times, policy, told.noise)
    strata = enumerate(told.cases.outcome.labels)
    numbered = {stratum_key(stratum): float(code) for code, stratum in strata}
    noise = told.null.noisy.told([f"{site}/curves"])
    return Sums({f"{site}/curves": found}, {f"{site}/strata": numbered}, noise=noise)
