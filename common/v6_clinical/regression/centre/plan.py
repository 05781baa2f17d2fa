"""The first rounds of a regression at the centre, and what they come to: where the fit starts."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from typing import Final, TypeVar

import numpy as np

from v6_clinical.errors import AnalysisError
from v6_clinical.model.affine import raw_terms
from v6_clinical.model.errors import FormulaError
from v6_clinical.model.formula import Formula
from v6_clinical.model.moments import needs_moments, resolve, settle
from v6_clinical.model.terms import Term, raw_columns, to_json
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.dyadic import grid_steps
from v6_clinical.numerics.newton import SingularError, inverse
from v6_clinical.numerics.proposal import ROUNDED, SINGULAR
from v6_clinical.protocol.analysis import Ask, Reply
from v6_clinical.protocol.question import Question, asking
from v6_clinical.protocol.sums import Sums
from v6_clinical.regression.centre.design import Design, full_slopes, pooled_moments
from v6_clinical.regression.centre.diagnoses import singular
from v6_clinical.regression.centre.fit import Rounds
from v6_clinical.regression.counts import ROWS, Counts
from v6_clinical.regression.messages import read_noise
from v6_clinical.regression.question import Model, merging
from v6_clinical.regression.request import RegressionRequest, bad_model

MOMENTS: Final = frozenset({"rows", "column_sum", "column_within", "column_squares"})
M = TypeVar("M", bound=Model)

QUADRATIC: Final = MOMENTS | {"right_hand_side", "information"}


@asking()
def opening_model(
    request: RegressionRequest, terms: Sequence[Term], intercept: bool, kind: type[M]
) -> M:
    """Return the model as sites are first asked about it: the codebook, no references.

    ``kind`` is the regression's own model.

    Raises
    ------
    AnalysisError
        ``BAD_REQUEST`` where a column is in the model twice, in two units, or no site would read
        such a model.
    """
    columns = set(raw_columns(terms))
    try:
        raw = raw_terms(terms)
    except FormulaError as error:
        raise bad_model(error) from None
    codebook = {k: tuple(v) for k, v in request.levels.items() if k in columns}
    return kind(
        terms=to_json(raw),
        intercept=intercept,
        levels=codebook,
        references={},
        collapse={k: merging(v) for k, v in request.collapse.items() if k in columns},
        weights=request.weights,
        offset=request.offset,
        cluster=request.cluster,
        exposure=getattr(request, "exposure", None),
        codebook=codebook,
    )


def resolve_moments(
    formula: Formula, opening: Callable[[Formula], Question], rounds: Rounds
) -> Generator[Ask, Reply, Formula]:
    """Fill in pooled moments and knots: one round, only where ``scale()`` or a spline needs it."""
    formula = replace(formula, terms=settle(formula.terms))
    names = needs_moments(formula.terms)
    if not names:
        return formula
    reply = yield Ask("describe", opening(formula).to_json(), needs=MOMENTS)
    rounds.used += 1
    moments = pooled_moments(reply.total, names, count_rows(reply.total))
    try:
        return replace(formula, terms=resolve(formula.terms, moments))
    except FormulaError as error:
        raise bad_model(error) from None


def ask_start(
    formula: Formula,
    opening: Callable[[Formula], Question],
    rounds: Rounds,
    needs: frozenset[str] = frozenset(),
) -> Generator[Ask, Reply, Reply]:
    """Ask ``start``, in which sites describe their columns and send a quadratic of their own."""
    reply = yield Ask("start", opening(formula).to_json(), needs=QUADRATIC | needs)
    rounds.used += 1
    count_rows(reply.total)
    return reply


def count_rows(total: Sums) -> float:
    """Return the rows used over all sites.

    Raises
    ------
    AnalysisError
        ``TOO_FEW_SITES`` if there is none.
    """
    n = Counts.read(total).n
    if n == 0:
        message = "No site has a row in which every column of the model has a value."
        raise AnalysisError("TOO_FEW_SITES", message)
    return n


def start(design: Design, total: Sums, penalty: Array, origin: Array | None = None) -> Array:
    """Return where the sum of the sites' quadratics has its optimum, in fitted parameters.

    Parameters
    ----------
    origin
        Where to stay in directions that cannot be told for noise, shape (k,); default 0. The first
        evaluation, of columns about their means, then tells whether the model has a fit.

    Raises
    ------
    AnalysisError
        ``SINGULAR`` naming the columns that determine each other.
    """
    labels = full_labels(design)
    right_hand_side = unshift(design).T @ total.vector("right_hand_side", labels)
    information = first_information(design, total) + np.diag(penalty)
    noise = read_noise(total, labels)
    if noise is not None:
        first = np.zeros(len(labels)) if origin is None else origin
        least = ROUNDED * noise.e * _farther(design, total) * len(labels) ** 0.5
        return first + _ridge(information, right_hand_side - information @ first, least)
    try:
        return inverse(information) @ right_hand_side
    except SingularError as error:
        raise singular(design, error) from None


def _ridge(matrix: Array, vector: Array, ridge: float) -> Array:
    """Solve A b = v, a ridge added to A where that is scaled to a unit diagonal.

    Parameters
    ----------
    matrix, vector
        A, shape (k, k), noisy as it may be, and v, shape (k,).
    ridge
        The size of an eigenvalue that is but rounding: what depends on it stays near 0.
    """
    diagonal, some = np.diag(matrix), np.diag(matrix) > 0
    scale = np.divide(1.0, np.sqrt(np.abs(diagonal)), out=np.zeros(len(matrix)), where=some)
    values, vectors = np.linalg.eigh(matrix * np.outer(scale, scale))
    inverse_values = 1 / (np.maximum(values, 0.0) + max(ridge, SINGULAR))
    found: Array = scale * (vectors @ (inverse_values * (vectors.T @ (scale * vector))))
    return found


def first_grid(information: Array, beta: Array, tolerance: float) -> Array:
    """Return the grid's steps for the start of a fit, shape (k,); see ``numerics.dyadic``.

    Parameters
    ----------
    information
        That of ``start``, with the penalty.
    beta
        Where the fit starts; 0 where that is the optimum of a quadratic, which no step improves.
    """
    squared = float(beta @ information @ beta)
    return grid_steps(information, max(squared, 0.0) ** 0.5, tolerance)


def _farther(design: Design, total: Sums) -> float:
    """Return how much more rounding weighs on columns about 0 than on those about their means."""
    raw = np.diag(total.form("information", full_labels(design)))
    about = np.diag(first_information(design, total))
    share = np.divide(raw, about, out=np.full(len(raw), np.inf), where=about > 0)
    return float(max(share.max(initial=1.0), 1.0))


def first_information(design: Design, total: Sums) -> Array:
    """Return the sum of the sites' information at their own optima, of fitted parameters."""
    raw = unshift(design)
    information = total.form("information", full_labels(design))
    return raw.T @ information @ raw


def full_labels(design: Design) -> tuple[str, ...]:
    """Return the labels of all parameters in the sums of ``start``."""
    return (*design.intercepts, *full_slopes(design.raw))


def unshift(design: Design) -> Array:
    """Return raw parameters from fitted ones: the intercepts give up shift'b."""
    found = np.eye(len(design.labels))
    found[: len(design.intercepts), len(design.intercepts) :] = -design.shift
    return found


def check_same_data(first: Sums, now: Sums) -> None:
    """Compare rows and events with those of the first answers: all else has noise.

    Raises
    ------
    AnalysisError
        ``DATA_CHANGED``.
    """
    if (first.get(ROWS, (3,)) != now.get(ROWS, (3,))).any():
        raise AnalysisError("DATA_CHANGED", "Values in a site's data changed between rounds.")
