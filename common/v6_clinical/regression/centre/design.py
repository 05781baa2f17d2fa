"""One design for all sites: levels, references and columns from the sites' first answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from v6_clinical.errors import AnalysisError
from v6_clinical.model.affine import affine_map, raw_terms
from v6_clinical.model.coding import INTERCEPT, coding
from v6_clinical.model.design import Coding
from v6_clinical.model.errors import FormulaError
from v6_clinical.model.factors import Category
from v6_clinical.model.formula import Formula
from v6_clinical.model.levels import agree
from v6_clinical.model.moments import Moments
from v6_clinical.model.terms import Term, raw_columns
from v6_clinical.numerics.arrays import Array
from v6_clinical.protocol.sums import Sums
from v6_clinical.regression.messages import NUMBERS
from v6_clinical.regression.request import RegressionRequest, bad_model

TERM = "term"  # what tables of terms call the term


@dataclass(frozen=True)
class Design:
    """The columns of a model, as the analyst named them and as sites compute them.

    Sites compute raw columns less ``shift``. Parameters are the intercepts (one, or one a site)
    followed by a slope for each other column.

    Parameters
    ----------
    user, raw
        The analyst's columns, and those without changes of unit; they correspond one by one.
    shift, sd
        Pooled means taken off the slopes' raw columns, and their pooled standard deviations;
        shape (slopes,).
    intercepts
        Labels of the intercepts in the sites' sums, none without an intercept.
    terms
        The analyst's names of all parameters; intercepts of sites carry the organisation.
    to_user
        Shape (k, k): the analyst's parameters from those that are fitted.
    across_sites
        How the analyst has rows of different sites compared, for a remedy.
    """

    user: Coding
    raw: Coding
    shift: Array
    sd: Array
    intercepts: tuple[str, ...]
    terms: tuple[str, ...]
    to_user: Array
    across_sites: str

    @property
    def slopes(self) -> tuple[str, ...]:
        """Names of the raw columns but the intercept."""
        return tuple(name for name in self.raw.names if name != INTERCEPT)

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of all parameters in the sites' sums."""
        return (*self.intercepts, *self.slopes)

    @property
    def user_slopes(self) -> tuple[str, ...]:
        """The analyst's names of the slopes."""
        return tuple(name for name in self.user.names if name != INTERCEPT)

    def penalty(self, ridge: float) -> Array:
        """Return the ridge penalty of each parameter; intercepts are free. Shape (k,)."""
        free = np.zeros(len(self.intercepts))
        return np.concatenate([free, ridge * self.sd**2])

    def split(self, beta: Array) -> tuple[list[float], list[float]]:
        """Return the intercepts and the slopes as plain numbers, for a question."""
        place = len(self.intercepts)
        return beta[:place].tolist(), beta[place:].tolist()


def pooled_moments(total: Sums, names: Sequence[str], n: float) -> dict[str, Moments]:
    """Return pooled means and standard deviations (n - 1) of columns, by name.

    sd^2 = (sum of squares about the sites' means + sum n_s m_s^2 - n m^2) / (n - 1)
    """
    sums, within, squares = (
        total.vector(f"column_{what}", names) for what in ("sum", "within", "squares")
    )
    mean = sums / max(n, 1)
    between = np.maximum(squares - n * mean**2, 0.0)
    sd = np.sqrt((within + between) / max(n - 1, 1))
    return {
        name: Moments(m, s) for name, m, s in zip(names, mean.tolist(), sd.tolist(), strict=True)
    }


def agree_design(
    request: RegressionRequest,
    formula: Formula,
    total: Sums,
    n: float,
    *,
    centred: bool,
    site_effect: Sequence[int] | None = None,
    absorbs_intercept: bool = False,
) -> Design:
    """Agree on levels and columns.

    Parameters
    ----------
    centred
        Whether columns may be centred: the model has an intercept, or needs none.
    site_effect
        The sites' organisations where each has an intercept of its own.
    absorbs_intercept
        Whether the intercept is left out after coding: the likelihood holds one.

    Raises
    ------
    AnalysisError
        ``NOT_NUMERIC`` where sites disagree on what a column is, ``SINGULAR`` for a categorical
        column of one level, ``EMPTY_LEVEL`` naming the design columns without a row,
        ``BAD_REQUEST`` for levels and references that do not fit.
    """
    try:
        levels, references = _levels(request, formula.terms, total)
        user = coding(formula.terms, levels, references, formula.intercept)
        raw = coding(raw_terms(formula.terms), levels, references, formula.intercept)
        unit = affine_map(user)
    except FormulaError as error:
        raise bad_model(error) from None
    if absorbs_intercept:
        # the intercept's column is the first; no other coefficient depends on it
        user, raw, unit = user.without_intercept(), raw.without_intercept(), unit[1:, 1:]
    if TERM in user.names:
        message = f"'{TERM}' is a column of the covariance table, and cannot be a predictor's name."
        raise AnalysisError("BAD_REQUEST", message, remedy="Rename the predictor.")
    _check_empty(raw, user, total)
    moments = pooled_moments(total, full_slopes(raw), n)
    mean, sd = np.array([*moments.values()]).reshape(-1, 2).T
    shift = mean if centred else np.zeros_like(mean)
    has_intercept = formula.intercept and not absorbs_intercept
    intercepts = _intercepts(total, site_effect) if has_intercept else {}
    terms = (*intercepts.values(), *(name for name in user.names if name != INTERCEPT))
    to_user = _to_user(unit, shift, len(intercepts))
    labels = tuple(intercepts)
    return Design(user, raw, shift, sd, labels, terms, to_user, request.across_sites)


def _intercepts(total: Sums, site_effect: Sequence[int] | None) -> dict[str, str]:
    """Return labels of the intercepts and their names, one for each site with rows if asked."""
    if site_effect is None:
        return {INTERCEPT: INTERCEPT}
    found = {f"{INTERCEPT}/{place}": site for place, site in enumerate(site_effect)}
    known = total.tallies["right_hand_side"]
    return {label: f"{INTERCEPT}[site {site}]" for label, site in found.items() if label in known}


def full_slopes(raw: Coding) -> list[str]:
    """Return the names in full coding of all columns but the intercept."""
    named = zip(raw.names, raw.full_names, strict=True)
    return [full for name, full in named if name != INTERCEPT]


def _levels(
    request: RegressionRequest, terms: Sequence[Term], total: Sums
) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    levels: dict[str, tuple[str, ...]] = {}
    references: dict[str, str] = {}
    called = {f.column for term in terms for f in term.factors if isinstance(f, Category)}
    for column in raw_columns(terms):
        kinds = total.tallies.get(f"kind/{column}", {})
        if NUMBERS in kinds and len(kinds) > 1:
            raise AnalysisError(
                "NOT_NUMERIC",
                f"Column '{column}' holds numbers at some sites and text at others.",
            )
        if column in called or column in request.levels or not kinds.keys() <= {NUMBERS}:
            reported = list(total.tallies.get(f"level/{column}", {}))
            codebook = request.levels.get(column)
            levels[column], references[column] = agree(
                column, reported, codebook, request.reference.get(column), kinds
            )
            if len(levels[column]) == 1:
                raise _one_level(column)
        elif column in request.reference:
            problem = "a reference level is given for a column of numbers"
            raise FormulaError(problem, column, f"Write C({column}) for levels.")
    return levels, references


def _one_level(column: str) -> AnalysisError:
    message = f"Column '{column}' has one level only, over all sites: there is nothing to compare."
    return AnalysisError("SINGULAR", message, remedy=f"Leave '{column}' out of the model.")


def _check_empty(raw: Coding, user: Coding, total: Sums) -> None:
    """Name dummies and combinations that no site has a row of."""
    sums = total.vector("column_squares", raw.full_names)
    sums = sums + total.vector("column_within", raw.full_names)
    empty = [
        name
        for name, full, squares in zip(user.names, raw.names, sums, strict=True)
        if squares == 0 and "[" in full
    ]
    if empty:
        message = f"No row at any site for {', '.join(empty)}."
        raise AnalysisError("EMPTY_LEVEL", message)


def _to_user(unit: Array, shift: Array, intercepts: int) -> Array:
    """Return the map from (intercepts, slopes) of shifted raw columns to the analyst's.

    With one intercept a and raw slopes b it is T (a - shift'b, b); each site's own intercept
    changes in the same way.
    """
    if not intercepts:
        return unit
    slopes = len(unit) - 1
    unshift = np.eye(slopes + 1)
    unshift[0, 1:] = -shift
    single = unit @ unshift
    found = np.zeros((intercepts + slopes, intercepts + slopes))
    found[:intercepts, :intercepts] = single[0, 0] * np.eye(intercepts)
    found[:intercepts, intercepts:] = single[0, 1:]
    found[intercepts:, intercepts:] = single[1:, 1:]
    return found
