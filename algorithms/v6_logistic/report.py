"""Brier score, discrimination and calibration: what the report of logistic regression adds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from v6_clinical.disclosure.cells import Window
from v6_clinical.numerics.arrays import Array, Index
from v6_clinical.numerics.blocks import row_blocks
from v6_clinical.protocol.sums import Sums
from v6_clinical.regression.counts import Counts
from v6_clinical.regression.glm.likelihood import squared_error
from v6_clinical.regression.glm.told import GLMTold
from v6_clinical.regression.site.noise import NO_PARTS, parts_of
from v6_logistic.questions import Evaluate
from v6_logistic.risk import JITTER, concordance, pairs_of_rows, risk_counts

if TYPE_CHECKING:
    from v6_clinical.disclosure import Policy


def discrimination(told: GLMTold, policy: Policy) -> Sums:
    """Return the Brier score's sum, pairs and, asked for, cumulative counts of rows by risk."""
    slopes, rounding = _without_constant(told)
    constant = float((told.predictor - slopes).mean())
    order = np.argsort(slopes)
    ranked = Ranked(
        slopes[order],
        told.data.outcome[order],
        _in_order(told.data.weights, order),
        told.residuals[order],
        order,
    )
    found = {"brier": _brier(told), "pairs": _pairs(told, ranked, rounding, policy)}
    question = told.cases.question
    if isinstance(question, Evaluate) and question.report and question.report.grid:
        found |= _risks(told, ranked, constant, question.report.grid.window(), policy)
    return Sums(found, noise=told.noise.noisy.told(list(found)))


@dataclass(frozen=True)
class Ranked:
    """Rows by their linear predictor about the site's means, which is sorted; shape (n,) each.

    Parameters
    ----------
    residuals
        w (y - mu).
    order
        Their places in the site's order.
    """

    predictor: Array
    events: Array
    weights: Array
    residuals: Array
    order: Index

    @property
    def expected(self) -> Array:
        """The risks w mu."""
        return np.asarray(self.weights * self.events - self.residuals)


def _in_order(weights: Array, order: Index) -> Array:
    """Return weights in an order; one for all stays one."""
    return weights if weights.strides == (0,) else weights[order]


def _brier(told: GLMTold) -> Array:
    """Return the sum of squared differences of outcome and risk."""
    value, parts = squared_error(told.residuals, told.data.weights), NO_PARTS
    if told.noise.noisy.on:
        parts = parts_of(told.residuals**2 / told.data.weights, told.noise.noisy.clusters)
    return np.array([max(told.noise.number("brier", value, parts), 0.0)])


def _pairs(told: GLMTold, ranked: Ranked, rounding: float, policy: Policy) -> Array:
    """Return concordant pairs, tied ones counted half, and all pairs.

    A tied pair by itself may be two patients, and with weights tells the product of theirs. With
    noise a patient's part are all pairs that one is part of, and the number of pairs follows from
    what is told of the classes.
    """
    eta, y, w = ranked.predictor, ranked.events, ranked.weights
    concordant, tied, pairs = concordance(eta, y, w, rounding).tolist()
    value, noisy = concordant + tied / 2, told.noise.noisy
    if noisy.on:
        each = pairs_of_rows(eta, y, w, rounding)
        clusters = None if noisy.clusters is None else noisy.clusters[ranked.order]
        counts = Counts.read(told.cases.counts_told(policy))
        pairs = max(counts.event_weight * (counts.weight - counts.event_weight), 0.0)
        value = told.noise.number("pairs", value, parts_of(each, clusters))
        value = min(max(value, 0.0), pairs)
    return np.array([value, pairs])


def _risks(
    told: GLMTold, ranked: Ranked, constant: float, grid: Window, policy: Policy
) -> dict[str, Array]:
    """Return counts of risks on the grid.

    With noise the linear predictor is moved by a little, each row's the same wherever the grid is
    and however long the slopes, and anew in another direction: where a row crosses a point does not
    tell its value, nor do two directions.
    """
    noisy, risks = told.noise.noisy, ranked.expected
    if not noisy.on:
        eta = ranked.predictor + constant
        counts = risk_counts(eta, ranked.events, ranked.weights, risks, grid, policy.min_cell)
        return {"risks": counts.array(), "expected": np.array([risks.sum()])}
    eta = ranked.predictor + constant
    eta += JITTER * float(eta.std()) * noisy.source.normals("risks", _direction(told), eta.shape)
    order = np.argsort(eta)

    def cell_sum(name: str, rows: Array) -> float:
        value, parts = float(rows.sum()), parts_of(rows)
        return max(told.noise.number(f"risks/{name}", value, parts), 0.0)

    counts = risk_counts(
        eta[order],
        ranked.events[order],
        _in_order(ranked.weights, order),
        risks[order],
        grid,
        policy.min_cell,
        cell_sum,
    )
    whole = told.noise.sum("expected", risks)
    return {"risks": counts.array(), "expected": np.array([max(whole, 0.0)])}


def _direction(told: GLMTold) -> bytes:
    """Return what stands for the slopes but for their length, to a thousandth of it."""
    columns, beta = told.noise.noisy.columns, told.asked.beta.copy()
    if columns is None:
        return b""
    if columns.intercept:
        beta[0] = 0.0
    canonical = columns.canonical(beta, told.noise.noisy.moments)[int(columns.intercept) :]
    length = float(np.sqrt(np.dot(canonical, canonical)))
    return (np.round(canonical / (length or 1.0), 3) + 0.0).tobytes()


def _without_constant(told: GLMTold) -> tuple[Array, float]:
    """Return the linear predictor about the site's means, and what rounding may add to it.

    No constant of the caller's choice is in it: beside a large one rows would seem tied.
    """
    asked, data = told.asked, told.data
    offset, usual = data.offset, data.offset.mean()
    slopes = np.empty(len(told.predictor))
    for rows in row_blocks(len(slopes), len(asked.mean)):
        slopes[rows] = np.dot(data.design[rows] - asked.mean, asked.beta) + (offset[rows] - usual)
    largest = float(asked.reach @ np.abs(asked.beta) + np.ptp(offset))  # no row's terms are more
    return slopes, 4 * (len(asked.mean) + 1) * float(np.finfo(float).eps) * largest
