"""The central side of ``cox_regression``: start, then evaluate until nothing moves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from v6_clinical.errors import AnalysisError
from v6_clinical.model.formula import Formula
from v6_clinical.model.terms import raw_columns
from v6_clinical.protocol.analysis import Analysis
from v6_clinical.protocol.question import asking
from v6_clinical.regression.centre.fit import Rounds, maximise
from v6_clinical.regression.centre.plan import ask_start, opening_model, resolve_moments
from v6_clinical.regression.question import merging
from v6_clinical.regression.request import check_columns, read_formula
from v6_clinical.survival.grid import grid_up_to
from v6_clinical.survival.question import Stratum, Survival
from v6_cox.fitting import Fitting
from v6_cox.questions import CoxModel, Grid, Opening, Report
from v6_cox.request import CoxRequest
from v6_cox.result import GLOBAL, conclude
from v6_cox.shared_times import CommonTimes, check_strata, read_times

REQUEST = CoxRequest


def analyse(request: CoxRequest) -> Analysis:
    """Ask ``describe`` where it is needed, ``start``, then ``evaluate``."""
    rounds = Rounds(0, request.max_rounds)

    def opening(formula: Formula) -> Opening:
        return _opening(request, formula)

    formula = yield from resolve_moments(_formula(request), opening, rounds)
    common = request.baseline == "exact"
    null = set() if common else {"null_likelihood", "null_score", "null_information"}
    reply = yield from ask_start(formula, opening, rounds, frozenset(null))
    times = read_times(reply.total) if common else None
    if times is not None:
        check_strata(request, reply.total, times)
        _check_transform(request, times)
    fitting = Fitting(request, formula, opening(formula), reply, times)
    fit = yield from maximise(
        fitting.design,
        fitting.state,
        fitting.penalty,
        rounds,
        fitting.ask,
        fitting.read,
        None if common else fitting.parted,
    )
    return conclude(request, fitting, fit, reply.organizations, rounds.used)


def standing(request: CoxRequest) -> list[Any]:
    """Return what is the same in the questions of a request, without and with a report."""
    opening = _opening(request, _formula(request)).standing()
    horizon = request.time_horizon
    report = Report(
        meat=request.robust or request.cluster is not None,
        steps=None,
        transform=request.zph_transform,
        grid=None if horizon is None else Grid.of(grid_up_to(horizon)),
    )
    return [opening, opening | {"report": report.standing()}]


def _formula(request: CoxRequest) -> Formula:
    """Return the model, coded as beside an intercept whatever the formula says of one (as R)."""
    formula = read_formula(request)
    named = {"time": request.time, "event": request.event, "entry": request.entry}
    strata = {f"strata[{i}]": name for i, name in enumerate(request.strata)}
    others = {name: getattr(request, name) for name in ("weights", "offset", "cluster")}
    roles = {k: v for k, v in (named | strata | others).items() if v is not None}
    check_columns(request, formula, roles)
    columns = raw_columns(formula.terms)
    if not columns:
        raise AnalysisError("BAD_REQUEST", "Argument 'formula': no predictor is left.")
    if any(term.label == GLOBAL for term in formula.terms):
        message = f"'{GLOBAL}' is the name of the last row of the table of proportional hazards."
        raise AnalysisError("BAD_REQUEST", message, remedy="Rename the column.")
    for number, profile in enumerate(request.profiles, 1):
        wrong = set(columns) ^ (set(profile) - {request.offset})
        if wrong:
            message = f"Argument 'profiles': profile {number} lacks or adds {sorted(wrong)[0]!r}."
            raise AnalysisError("BAD_REQUEST", message, remedy="Name every predictor, no other.")
    return replace(formula, intercept=True)


def _check_transform(request: CoxRequest, times: CommonTimes) -> None:
    if request.zph_transform == "log" and min(times.flat().times) <= 0:
        raise AnalysisError("BAD_TIME", "Argument 'zph_transform': an event has time 0 or less.")


@asking()
def _opening(request: CoxRequest, formula: Formula) -> Opening:
    survival = Survival(
        time=request.time,
        event=request.event,
        event_value=request.event_values,
        entry=request.entry,
        strata=tuple(_stratum(request, name) for name in request.strata),
        ties=request.ties,
    )
    model = opening_model(request, formula.terms, True, CoxModel)
    return Opening(model=model, survival=survival, exact=request.baseline == "exact")


def _stratum(request: CoxRequest, name: str) -> Stratum:
    levels, merged = request.levels.get(name), request.collapse.get(name, {})
    return Stratum(
        column=name,
        levels=None if levels is None else tuple(levels),
        collapse=merging(merged),
    )
