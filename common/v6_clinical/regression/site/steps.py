"""The steps of every regression at a site, in one order: read, check, compute, tell.

``site_steps`` makes them from what a regression brings (``cases.Regression``). R5, R7, R11 are
checked here, R9 in ``guard.check``, without which nothing of a point can be told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from v6_clinical.disclosure.blur import factor_of
from v6_clinical.disclosure.row_key import Columns
from v6_clinical.disclosure.survey import Survey
from v6_clinical.errors import RefusalError
from v6_clinical.model.coding import INTERCEPT
from v6_clinical.model.design import Coding
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.newton import SingularError
from v6_clinical.numerics.whitening import Factor
from v6_clinical.protocol.analysis import Place, SiteAnswer, SiteStep
from v6_clinical.protocol.question import Question
from v6_clinical.protocol.sums import Sums
from v6_clinical.regression.question import Evaluate
from v6_clinical.regression.site.cases import Cases, Regression
from v6_clinical.regression.site.design import agreed_design, full_design
from v6_clinical.regression.site.guard import check
from v6_clinical.regression.site.kept import Kept
from v6_clinical.regression.site.likelihood import Asked, Likelihood, Told
from v6_clinical.regression.site.noise import Noisy, described, powers_beside
from v6_clinical.regression.site.opening import describe_columns, describe_design, describe_moments
from v6_clinical.regression.site.own_fit import Quadratic, RidgeOptimum, own_estimates, why_not
from v6_clinical.regression.site.sample import sample_step

if TYPE_CHECKING:
    import pandas as pd

    from v6_clinical.disclosure import Policy

Arguments = Mapping[str, Any]
Step = Callable[
    [Regression[Any, Any], "pd.DataFrame", Arguments, "Policy", Place],
    SiteAnswer,
]


def site_steps(regression: Regression[Any, Any]) -> dict[str, SiteStep]:
    """Return the steps of a regression by name."""
    steps: dict[str, Step] = {"describe": describe, "start": start, "evaluate": evaluate}
    return {name: partial(step, regression) for name, step in steps.items()}


def site_questions(regression: Regression[Any, Any]) -> dict[str, type[Question]]:
    """Return the classes that the steps of a regression read, by name."""
    opening, evaluation = regression.opening, regression.evaluation
    return {"describe": opening, "start": opening, "evaluate": evaluation}


def describe(
    regression: Regression[Any, Any],
    frame: pd.DataFrame,
    arguments: Arguments,
    policy: Policy,
    place: Place,
) -> SiteAnswer:
    """Return moments of the columns that ``scale()`` and splines need, before anything else."""
    question = regression.opening.read(arguments)
    cases = regression.read(frame, question, policy)
    return cases.answer(describe_moments(question.model, cases.rows, policy), policy)


def start(
    regression: Regression[Any, Any],
    frame: pd.DataFrame,
    arguments: Arguments,
    policy: Policy,
    place: Place,
) -> SiteAnswer:
    """Return what the columns hold, and a quadratic of the likelihood at the site's own optimum."""
    question = regression.opening.read(arguments)
    cases = regression.read(frame, question, policy)
    if not cases.rows.n:
        return cases.answer(Sums(), policy)
    sums, labels, own, likelihood = _opened(regression, question, cases, policy, place)
    first, null = None, None
    origin = np.zeros(len(labels)) if likelihood.origin is None else likelihood.origin
    origin, question = likelihood.asked(origin)
    if own is None or likelihood.tells_null:
        null = check(likelihood.at(origin), policy)
    if own is not None:
        with suppress(RefusalError, SingularError):
            first = likelihood.own_quadratic(own, policy, place)
    if first is None:
        null = null or check(likelihood.at(origin), policy)
        noise = likelihood.noise_at(null, question)
        first = Quadratic(null.evaluation, origin, noise=noise)
    sums += first.sums(labels)
    sums += likelihood.whole_sums(labels, first, policy, place)
    evaluation = None if null is None else null.evaluation
    sums += likelihood.opening_sums(labels, evaluation, policy)
    return cases.answer(sums, policy)


def _opened(
    regression: Regression[Any, Any],
    question: Any,
    cases: Cases,
    policy: Policy,
    place: Place,
) -> tuple[Sums, tuple[str, ...], RidgeOptimum | None, Likelihood]:
    """Return the sums of the columns, the parameters' labels, the own optimum, the likelihood."""
    coding, about = full_design(
        question.model,
        cases.rows,
        (cases.column, cases.events),
        policy,
        strata=cases.strata,
        by_column=regression.by_column,
    )
    columns = Sums(tallies=describe_columns(question.model, cases.rows))
    columns += describe_design(coding.full_names, about, cases.rows, policy)
    own, every = None, 1
    if cases.quadratic or policy.allow_per_site:  # a quadratic is the same wherever it is taken
        every = sample_step(about, coding.derived, policy) if cases.may_sample else 1
        with suppress(SingularError):
            own = cases.likelihood(about.design, every=every).ridge_optimum()
    labels = regression.labels(coding.full_names, question, place)
    likelihood = _likelihood(cases, about, coding, policy)
    return columns, labels, own, likelihood


def evaluate(
    regression: Regression[Any, Any],
    frame: pd.DataFrame,
    arguments: Arguments,
    policy: Policy,
    place: Place,
) -> SiteAnswer:
    """Return log-likelihood, score and information at the coefficients that are asked about."""
    question = regression.evaluation.read(arguments)
    cases = regression.read(frame, question, policy)
    if not cases.rows.n:
        return cases.answer(Sums(), policy)
    asked, likelihood = _agreed(regression, question, cases, policy, place)
    told = _told(likelihood, asked, question, policy)
    sums = told.sums
    if question.report is not None:
        sums += told.report(policy, place)
        if question.report.meat and cases.rows.clusters is not None:
            sums += Sums({"clusters": np.array([cases.rows.clusters.max() + 1.0])})
        if policy.allow_per_site and place.count > 1:  # R15; one site differs from no other
            own = own_estimates(likelihood, asked, told.evaluation, policy)
            sums += own if isinstance(own, Sums) else why_not(own, place)
    return cases.answer(sums, policy)


def _agreed(
    regression: Regression[Any, Any],
    question: Evaluate,
    cases: Cases,
    policy: Policy,
    place: Place,
) -> tuple[Asked, Likelihood]:
    """Return where to evaluate, and the likelihood of the shifted design."""
    coding, about = agreed_design(
        question.model,
        cases.rows,
        (cases.column, cases.events),
        policy,
        strata=cases.strata,
        by_column=regression.by_column,
    )
    shift, beta = regression.coefficients(question, coding.names, place)
    policy.check_shift(about, shift, "shift")
    p = len(beta)
    labels = regression.labels(coding.names, question, place)
    likelihood = _likelihood(cases, about, coding, policy, shift)
    beta, canonical = likelihood.asked(beta)
    mean, reach = about.mean[:p] - shift, about.reach[:p]
    return Asked(beta, shift, labels, mean, reach, canonical), likelihood


def _likelihood(
    cases: Cases, about: Survey, coding: Coding, policy: Policy, shift: Array | None = None
) -> Likelihood:
    """Return the likelihood of a design, less ``shift`` of shape (p,), with its noise.

    Where a shift changes nothing the rows are copied, after the noise has looked at them; else it
    is taken off in place, before.
    """
    if not policy.noise.on:
        return cases.likelihood(about.design, shift)
    cases.know(powers_beside(about))
    if cases.centred:
        p = len(coding.names)
        factor = Factor(about.products[:p, :p])
        noisy = _noisy(cases, about, coding, policy, factor.squares(about.design, about.mean[:p]))
        return cases.likelihood(about.design, shift).with_noise(noisy)
    likelihood = cases.likelihood(about.design, shift)
    if shift is not None:
        less = np.append(shift, np.zeros(len(about.mean) - len(shift)))
        here = {name: getattr(about, name) - less for name in ("mean", "low", "high")}
        about = replace(about, **here)
    likelihood, leverage = likelihood.at_null(about.weighted_gram, cases.rows.patients)
    return likelihood.with_noise(_noisy(cases, about, coding, policy, leverage))


def _noisy(cases: Cases, about: Survey, coding: Coding, policy: Policy, leverage: Array) -> Noisy:
    """Return the noise of the rows and a design's columns."""
    p = len(coding.names)
    found = described(about, p, policy.noise, cases.rows.patients)
    columns = Columns(found.digests, bool(p) and coding.names[0] == INTERCEPT)
    kept = Kept.of(factor_of(_compared(about, p, cases), columns))
    return cases.noisy(policy, columns, found.moments, leverage, kept)


def _compared(about: Survey, p: int, cases: Cases) -> Array:
    """Return the columns' products, (p, p), within strata where rows are compared within them."""
    if not cases.centred:
        return about.gram
    codes, products = cases.strata, about.products[:p, :p]
    if codes is None:
        return products
    rows = np.bincount(codes)
    means = np.array([np.bincount(codes, x) / rows for x in about.design.T]).reshape(p, -1)
    away = means - about.mean[:p, None]
    return np.asarray(products - (away * rows) @ away.T)


def _told(likelihood: Likelihood, asked: Asked, question: Evaluate, policy: Policy) -> Told:
    """Return what is told of the point; the memory of what is not needed again is freed."""
    meat = question.report is not None and question.report.meat
    here = check(likelihood.point(asked, policy), policy, meat=meat)
    return likelihood.tell(here, asked, policy)
