"""The site side of ``logistic_regression``: a table and a question in, sums out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from v6_clinical.errors import RefusalError
from v6_clinical.model.coding import INTERCEPT
from v6_clinical.numerics.arrays import Array
from v6_clinical.protocol.analysis import Place, SiteAnswer
from v6_clinical.protocol.sums import Sums
from v6_clinical.regression.messages import evaluation_sums
from v6_clinical.regression.question import Model
from v6_clinical.regression.site.design import agreed_design, full_design
from v6_clinical.regression.site.opening import describe_columns, describe_design, describe_moments
from v6_clinical.regression.site.own_fit import quadratic, site_labels
from v6_clinical.regression.site.rows import Rows, complete_cases
from v6_clinical.regression.site.sample import sample_step
from v6_logistic import likelihood
from v6_logistic.leaves import LEAVES
from v6_logistic.outcome import read_outcome
from v6_logistic.own_start import evaluate_at, own_start
from v6_logistic.questions import Evaluate, Opening, Outcome
from v6_logistic.report import Fitted, check_range, report

if TYPE_CHECKING:
    import pandas as pd

    from v6_clinical.disclosure import Policy

Arguments = Mapping[str, Any]

NAME = "logistic_regression"

__all__ = ["LEAVES", "NAME", "STEPS"]


def describe(frame: pd.DataFrame, arguments: Arguments, policy: Policy, place: Place) -> SiteAnswer:
    """Return moments of the columns that ``scale()`` and splines need, before anything else."""
    question = Opening.read(arguments)
    rows, events = _rows(frame, question.model, question.outcome, policy)
    return rows.answer(events, describe_moments(question.model, rows, policy))


def start(frame: pd.DataFrame, arguments: Arguments, policy: Policy, place: Place) -> SiteAnswer:
    """Return what the columns hold, and a quadratic at the site's own optimum."""
    question = Opening.read(arguments)
    rows, events = _rows(frame, question.model, question.outcome, policy)
    if not rows.n:
        return rows.answer(events, Sums())
    outcome = (question.outcome.column, events)
    coding, about = full_design(question.model, rows, outcome, policy, by_column=True)
    design, own = about.design, None
    if policy.allow_per_site:
        plain, intercept = question.model.weights is None, question.model.intercept
        every = sample_step(about, coding.derived, policy) if plain else 1
        own = own_start(design, events, rows, intercept, policy, every, place.count)
    if own is None:
        origin = np.zeros(len(coding.names))
        own = origin, evaluate_at(origin, design, events, rows, policy)[1]
    labels = site_labels(coding.full_names, question.site_effect, place.index)
    columns = describe_columns(question.model, rows)
    columns |= describe_design(coding.full_names, about)
    sums = Sums(tallies=columns) + quadratic(labels, *own)
    if question.model.offset is not None:
        sums += Sums({"null": _null_quadratic(rows, events, policy)})
    return rows.answer(events, sums)


def evaluate(frame: pd.DataFrame, arguments: Arguments, policy: Policy, place: Place) -> SiteAnswer:
    """Return log-likelihood, score and information at the coefficients that are asked about."""
    question = Evaluate.read(arguments)
    rows, events = _rows(frame, question.model, question.outcome, policy)
    if not rows.n:
        return rows.answer(events, Sums())
    outcome = (question.outcome.column, events)
    coding, about = agreed_design(question.model, rows, outcome, policy, by_column=True)
    shift, beta = _coefficients(question, coding.names, place)
    policy.check_shift(about, shift, "shift")
    design = about.design
    for column, less in zip(design.T, shift, strict=True):
        column -= less  # the rows are not kept a second time
    eta = likelihood.linear_predictor(design, beta, rows.offset)
    at = likelihood.pointwise(events, rows.weights, eta)
    with_meat = question.report is not None and question.report.meat
    check_range(eta, at, policy, meat=with_meat)
    found = likelihood.evaluate(design, at)
    labels = site_labels(coding.names, question.site_effect, place.index)
    total = Sums({"column_total": np.array([about.sums[: len(beta)].sum()])})
    sums = evaluation_sums(labels, found) + total
    if question.null is not None:
        sums += Sums({"null": _null(rows, events, question.null, policy)})
    if question.report is not None:
        mean, reach = about.mean[: len(beta)] - shift, about.reach[: len(beta)]
        here = Fitted(rows, events, design, beta, eta, mean, reach, at.residuals, found, labels)
        del at  # a report needs the memory of its weights
        sums += report(here, question.report, policy, place)
    return rows.answer(events, sums)


def _rows(
    frame: pd.DataFrame, model: Model, outcome: Outcome, policy: Policy
) -> tuple[Rows, Array]:
    """Return the complete cases and their outcomes; R6: classes of 0 or at least a cell."""
    if outcome.column in model.columns():
        raise RefusalError("BAD_REQUEST", ["outcome"])
    rows = complete_cases(frame, model, [outcome.column], policy)
    events = read_outcome(rows.others[outcome.column], outcome)
    ones = int(events.sum())
    policy.check_classes(ones, rows.n - ones, outcome.column)
    return rows, events


def _coefficients(question: Evaluate, names: tuple[str, ...], place: Place) -> tuple[Array, Array]:
    """Return shift and coefficients of all columns, the intercept's own included."""
    which = place.index if question.site_effect else 0
    own = question.intercepts[which : which + 1]
    with_intercept = INTERCEPT in names
    if len(own) != with_intercept or len(question.slopes) != len(names) - with_intercept:
        raise RefusalError("BAD_REQUEST", ["slopes"])
    if len(question.shift) != len(question.slopes):
        raise RefusalError("BAD_REQUEST", ["shift"])
    shift = np.array([*([0.0] * with_intercept), *question.shift])
    return shift, np.array([*own, *question.slopes], dtype=np.float64)


def _null(rows: Rows, events: Array, intercept: float, policy: Policy) -> Array:
    eta = intercept + rows.offset
    check_range(eta, likelihood.pointwise(events, rows.weights, eta), policy)
    return likelihood.evaluate_null(events, rows.weights, eta)


def _null_quadratic(rows: Rows, events: Array, policy: Policy) -> Array:
    """Return h and v = h a + score of the null model, at its optimum a at the site if allowed."""
    at = 0.0
    if policy.allow_per_site and 0 < events.sum() < rows.n:
        at = -float(rows.offset.mean())
        for _ in range(50):
            _, score, information = likelihood.evaluate_null(events, rows.weights, at + rows.offset)
            if not information > 0:
                break
            step = float(np.clip(score / information, -2.0, 2.0))
            at += step
            if abs(step) < 1e-9:
                break
    _, score, information = _null(rows, events, at, policy)
    return np.array([information, information * at + score])


STEPS = {"describe": describe, "start": start, "evaluate": evaluate}
