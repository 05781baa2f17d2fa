"""What a site sends of its rows at given coefficients."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from v6_clinical.errors import RefusalError
from v6_clinical.labels import stratum_key
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.newton import Evaluation
from v6_clinical.protocol.analysis import Place
from v6_clinical.protocol.sums import Form, Sums, labelled
from v6_clinical.regression.messages import evaluation_sums
from v6_clinical.regression.site.own_fit import own_estimates
from v6_clinical.survival.kaplan_meier import rows_at_risk
from v6_cox.curves import own_curves, remaining
from v6_cox.kernel import partial_likelihood, residuals
from v6_cox.kernel import shared_baseline as common_baseline
from v6_cox.kernel.concordance import Concordance, concordance
from v6_cox.kernel.jumps import Jumps
from v6_cox.kernel.partial_likelihood import Point
from v6_cox.kernel.proportional_hazards import Transform, ph_sums
from v6_cox.kernel.shared_baseline import EventTimes
from v6_cox.kernel.sorted_data import SortedData
from v6_cox.questions import FARTHEST_OFFSET, Report, Steps
from v6_cox.site_data import Site, may_tell

if TYPE_CHECKING:
    from v6_clinical.disclosure import Policy


@dataclass
class Fitted:
    """A site's rows at coefficients ``beta`` (p,); ``found`` is the evaluation there, once made."""

    site: Site
    data: SortedData
    names: tuple[str, ...]
    shift: Array
    beta: Array
    found: Evaluation | None = None


def hazards_test(fit: Fitted, point: Point, transform: Transform) -> Sums:
    """Return the likelihood, and beside it the sums of the proportional-hazards test.

    Raises
    ------
    RefusalError
        ``BAD_TIME`` where an event has no logarithm of its time.
    """
    if transform == "log" and (point.data.sets.times <= 0).any():
        raise RefusalError("BAD_TIME", ["zph_transform"])
    found = ph_sums(point, transform)
    value = partial_likelihood.log_likelihood(point.data, point.risk, point.jumps)
    fit.found = Evaluation(value, found.score, found.information)
    return evaluation_sums(fit.names, fit.found) + Sums(
        {"event_times": np.array([found.times])},
        {"score_g": labelled(fit.names, found.score_g)},
        {
            "information_g": Form(fit.names, found.information_g),
            "information_gg": Form(fit.names, found.information_gg),
        },
    )


def risk_sums(fit: Fitted, times: EventTimes, null: bool) -> Sums:
    """Return the sums at each event time of the federation (R14), at coefficients 0 too if asked.

    The sums over tied deaths are left out where they are not needed.

    Raises
    ------
    RefusalError
        ``NON_FINITE`` where an offset, or the shift, is so far off that an exponential is none.
    """
    if np.abs(fit.data.offset).max(initial=0.0) > FARTHEST_OFFSET:
        raise RefusalError("NON_FINITE", ["offset"])
    at = {"risk_sums": fit.beta} | ({"null_sums": np.zeros_like(fit.beta)} if null else {})
    arrays = {}
    for name, beta in at.items():
        with np.errstate(over="ignore", invalid="ignore"):
            found = common_baseline.risk_sums(fit.data, beta, times, fit.shift)
        if not all(np.isfinite(getattr(found, field.name)).all() for field in fields(found)):
            raise RefusalError("NON_FINITE", ["shift"])
        for field in fields(found):
            if fit.data.ties == "efron" or field.name not in TIED:
                arrays[f"{name}/{field.name}"] = np.atleast_1d(getattr(found, field.name))
    return Sums(arrays)


TIED = ("death_risk", "death_moments", "death_products")


def at_risk(fit: Fitted, times: EventTimes) -> Sums:
    """Return the rows at risk at each different event time, for ``zph_transform="km"`` (R14)."""
    every = np.unique(times.times)
    return Sums({"at_risk": rows_at_risk(fit.data.time, fit.data.entry, every)})


def common_meat(fit: Fitted, times: EventTimes, asked: Steps) -> Sums:
    """Return the robust errors' meat at the steps of a common baseline (R14)."""
    steps = _read_steps(asked, len(times.times), len(fit.beta))
    found = common_baseline.common_score_residuals(fit.data, fit.beta, times, steps, fit.shift)
    rows = fit.site.rows
    return Sums(forms={"meat": Form(fit.names, residuals.meat(found, rows.weights, rows.clusters))})


def _read_steps(asked: Steps, count: int, columns: int) -> residuals.Steps:
    """Return the steps at K event times, p columns."""

    def series(name: str, *shape: int) -> Array:
        values = np.array(getattr(asked, name), dtype=np.float64)
        if values.size != np.prod(shape):
            raise RefusalError("BAD_REQUEST", [name])
        return values.reshape(shape)

    own, none = series("own", count), np.zeros(count)
    tied = np.flatnonzero(own)
    jumps = Jumps(series("hazard", count), none, tied, own[tied], none[tied], none[tied], 0.0)
    own_flow = None if asked.own_flow is None else series("own_flow", count, columns)
    mean, flow = series("mean", count, columns), series("flow", count, columns)
    return residuals.Steps(jumps, mean, flow, own_flow)


def report_sums(
    fit: Fitted, report: Report, policy: Policy, place: Place, strata: int | None
) -> Sums:
    """Return what the tables need at the final coefficients.

    Parameters
    ----------
    strata
        Strata of the federation where the baseline is common, else None.
    """
    data, rows = fit.data, fit.site.rows
    sums = Sums({"pairs": ordered_pairs(concordance(data, fit.beta))})
    if report.meat and strata is None:
        found = residuals.score_residuals(data, fit.beta)
        form = Form(fit.names, residuals.meat(found, rows.weights, rows.clusters))
        sums += Sums(forms={"meat": form})
    if report.grid is not None and strata is not None:
        sums += Sums(
            {
                "remaining": remaining(
                    data, fit.site.outcome.kinds, strata, report.grid.times(), policy
                )
            }
        )
    elif report.grid is not None and policy.allow_per_site:
        sums += _curves(fit, report, policy, place)
    if policy.allow_per_site and place.count > 1:  # one site differs from no other
        sums += _own_estimates(fit, policy)
    return sums


def _own_estimates(fit: Fitted, policy: Policy) -> Sums:
    def at(beta: Array) -> tuple[Evaluation, bool]:
        point = Point(fit.data, beta)
        return point.evaluation, may_tell(point, policy)

    first = partial_likelihood.evaluate(fit.data, fit.beta) if fit.found is None else fit.found
    events = float(fit.site.outcome.event.sum())
    return own_estimates(at, fit.names, fit.beta, first, events)


def ordered_pairs(found: Concordance) -> Array:
    """Return the concordant pairs, tied ones counted half, and the comparable ones, shape (2,).

    Not tied pairs by themselves: two patients who die at one time, or have one predictor, are such
    a pair, and with weights it tells the product of their weights.
    """
    comparable = found.concordant + found.discordant + found.tied_x
    return np.array([found.concordant + found.tied_x / 2, comparable])


def _curves(fit: Fitted, report: Report, policy: Policy, place: Place) -> Sums:
    """Return the site's curves (R15, R2), under its place: they add to nobody else's."""
    if report.grid is None:
        return Sums()
    found = own_curves(
        fit.data, fit.site.outcome.kinds, fit.beta, fit.shift, report.grid.times(), policy
    )
    site = f"site/{place.index}"
    strata = enumerate(fit.site.outcome.labels)
    numbered = {stratum_key(stratum): float(code) for code, stratum in strata}
    return Sums({f"{site}/curves": found}, {f"{site}/strata": numbered})
