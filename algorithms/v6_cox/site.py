"""The site side of ``cox_regression``: a table and a question in, sums out."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from v6_clinical.errors import RefusalError
from v6_clinical.labels import stratum_key
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.newton import Evaluation
from v6_clinical.protocol.analysis import Place, SiteAnswer
from v6_clinical.protocol.sums import Sums
from v6_clinical.regression.messages import LEVELS, evaluation_sums
from v6_clinical.regression.site.design import agreed_design, full_design
from v6_clinical.regression.site.opening import describe_columns, describe_design, describe_moments
from v6_clinical.regression.site.own_fit import quadratic
from v6_clinical.regression.site.sample import sample_step
from v6_cox.fitted import Fitted, at_risk, common_meat, hazards_test, report_sums, risk_sums
from v6_cox.kernel.partial_likelihood import Point
from v6_cox.leaves import LEAVES
from v6_cox.own_start import own_start
from v6_cox.questions import Evaluate, Opening
from v6_cox.site_data import Site, check_coefficients, common_times, read_site

if TYPE_CHECKING:
    import pandas as pd

    from v6_clinical.disclosure import Policy

Arguments = Mapping[str, Any]

NAME = "cox_regression"

__all__ = ["LEAVES", "NAME", "STEPS"]


def describe(frame: pd.DataFrame, arguments: Arguments, policy: Policy, place: Place) -> SiteAnswer:
    """Return moments of the columns that ``scale()`` and splines need, before anything else."""
    question = Opening.read(arguments)
    site = read_site(frame, question, policy)
    return _answer(site, describe_moments(question.model, site.rows, policy))


def start(frame: pd.DataFrame, arguments: Arguments, policy: Policy, place: Place) -> SiteAnswer:
    """Return what the columns hold, the likelihood at 0, and a quadratic at the site's optimum.

    For a common baseline event times instead of the likelihood at 0.
    """
    question = Opening.read(arguments)
    site = read_site(frame, question, policy)
    if not site.rows.n:
        return _answer(site, Sums())
    outcome = (question.survival.event, site.outcome.event.astype(np.float64))
    strata = site.outcome.strata
    coding, about = full_design(question.model, site.rows, outcome, policy, strata=strata)
    columns = describe_columns(question.model, site.rows)
    columns |= describe_design(coding.full_names, about)
    names, beta, own = coding.full_names, np.zeros(len(coding.names)), None
    if policy.allow_per_site:  # sorted apart: only what is needed is kept
        plain = strata is None and site.outcome.entry is None and question.model.weights is None
        every = sample_step(about, coding.derived, policy) if plain else 1
        own = own_start(site.sorted(about.design, question, every=every))
    data = site.sorted(about.design, question)
    del about, outcome  # what follows needs the sorted copy only
    null = found = _told(Point(data, beta), policy)
    if own is not None:
        with suppress(RefusalError):  # then the quadratic is that at 0
            beta, found = own, _told(Point(data, own), policy)
    sums = Sums(tallies=columns) + quadratic(names, beta, found)
    if question.exact:
        return _answer(site, sums + Sums(tallies=_event_times(site, question, policy)))
    return _answer(site, sums + evaluation_sums(names, null, "null_"))


def evaluate_at(
    frame: pd.DataFrame, arguments: Arguments, policy: Policy, place: Place
) -> SiteAnswer:
    """Return log-likelihood, score and information at the coefficients that are asked about."""
    question = Evaluate.read(arguments)
    site = read_site(frame, question, policy)
    if not site.rows.n:
        return _answer(site, Sums())
    outcome = (question.survival.event, site.outcome.event.astype(np.float64))
    strata = site.outcome.strata
    coding, about = agreed_design(question.model, site.rows, outcome, policy, strata=strata)
    shift, beta = _coefficients(question, len(coding.names))
    policy.check_shift(about, shift, "shift")
    site, times, strata = common_times(site, question)
    data = site.sorted(about.design, question, strata)
    total = Sums({"column_total": np.array([about.sums[: len(beta)].sum()])})
    del about, outcome  # what follows needs the sorted copy only
    report = question.report
    at = Point(data, beta)
    check_coefficients(at, policy, meat=report is not None and report.meat)
    fit = Fitted(site, data, coding.names, shift, beta)
    if report is not None:
        at = at.risks_only()
    if times is not None:
        total += risk_sums(fit, times, question.null)
        if report is not None and report.transform == "km":
            total += at_risk(fit, times)
        if report is not None and report.steps is not None:
            total += common_meat(fit, times, report.steps)
    elif report is None:
        total += evaluation_sums(fit.names, at.evaluation)
    else:
        total += hazards_test(fit, at, report.transform)
    if report is None:
        return _answer(site, total)
    del at  # a report needs the memory of what it holds
    strata_count = None if question.times is None else len(question.times)
    return _answer(site, total + report_sums(fit, report, policy, place, strata_count))


def _event_times(site: Site, question: Opening, policy: Policy) -> dict[str, dict[str, float]]:
    """Return the site's distinct event times by stratum, as tallies; R14 lets it be asked.

    Beside them how each column of strata is stored: the centre notices a stratum spelt twice.
    """
    outcome, tallies = site.outcome, {}
    codes = np.zeros(len(outcome.time), np.intp) if outcome.strata is None else outcome.strata
    for stratum in question.survival.strata:
        policy.check_levels(np.bincount(codes), stratum.column)  # names of strata leave
    for code, label in enumerate(outcome.labels):
        died = np.unique(outcome.time[outcome.event & (codes == code)]).tolist()
        if died:
            tallies[f"times/{stratum_key(label)}"] = {repr(time): 1.0 for time in died}
    for stratum, stored in zip(question.survival.strata, outcome.stored, strict=True):
        tallies[f"kind/{stratum.column}"] = {LEVELS[stored]: 1.0}
    return tallies


def _answer(site: Site, sums: Sums) -> SiteAnswer:
    return site.rows.answer(site.outcome.event.astype(np.float64), sums)


def _told(point: Point, policy: Policy) -> Evaluation:
    """Return the evaluation at a point where R9 lets it be told; the point's memory is freed."""
    check_coefficients(point, policy)
    return point.evaluation


def _coefficients(question: Evaluate, columns: int) -> tuple[Array, Array]:
    for name in ("shift", "slopes"):
        if len(getattr(question, name)) != columns:
            raise RefusalError("BAD_REQUEST", [name])
    return np.array(question.shift, dtype=np.float64), np.array(question.slopes, dtype=np.float64)


STEPS = {
    "describe": describe,
    "start": start,
    "evaluate": evaluate_at,
}
