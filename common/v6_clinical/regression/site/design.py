"""A model's design matrix at a site, with every check on it made before it is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from v6_clinical.disclosure.survey import Survey, survey
from v6_clinical.errors import RefusalError
from v6_clinical.model.coding import coding, full_coding
from v6_clinical.model.design import Coding, DesignColumn
from v6_clinical.model.errors import FormulaError
from v6_clinical.model.factors import Factor, Function, Power, Scale, Spline
from v6_clinical.model.terms import Term, without_references
from v6_clinical.numerics.arrays import Array
from v6_clinical.regression.question import Model
from v6_clinical.regression.site.rows import Rows

if TYPE_CHECKING:
    from v6_clinical.disclosure import Policy

# Of V6C_MAX_PARAMETERS_PER_ROW, where a product has a function of a number in it and sums bear
# noise: 25 rows a parameter as shipped.
BENT: Final = 0.4


def full_design(
    model: Model,
    rows: Rows,
    outcome: tuple[str, Array],
    policy: Policy,
    *,
    strata: NDArray[np.intp] | None = None,
    by_column: bool = False,
) -> tuple[Coding, Survey]:
    """Return the design before levels are agreed: a column for every level known at the site.

    Parameters
    ----------
    outcome
        The name of the column of events, and 1 for each row with one, shape (n,).
    strata
        Codes of the rows' strata, shape (n,), where the likelihood has any.
    by_column
        The design's order in memory, see ``Coding.matrix``.

    Raises
    ------
    RefusalError
        R5, R7, and what ``Coding.matrix`` refuses.
    """
    terms = model.read_terms()
    found = {**rows.levels, **model.levels}
    levels = {name: labels for name, labels in found.items() if name in rows.columns}
    try:
        full = _kept(full_coding(terms, levels, model.intercept), model)
        check_parameters(terms, model, rows, policy)
        return full, _surveyed(full, model, rows, outcome, policy, strata, by_column)
    except FormulaError:
        raise RefusalError("BAD_REQUEST", ["terms"]) from None


def agreed_design(
    model: Model,
    rows: Rows,
    outcome: tuple[str, Array],
    policy: Policy,
    *,
    strata: NDArray[np.intp] | None = None,
    by_column: bool = False,
) -> tuple[Coding, Survey]:
    """Return the design that all sites share, in treatment coding; see ``full_design``.

    R5 holds for the full coding too: a reference level is what the other columns leave over.

    Raises
    ------
    RefusalError
        R5, R7, and what ``Coding.matrix`` refuses.
    """
    terms = model.read_terms()
    levels = {name: labels for name, labels in model.levels.items() if name in rows.columns}
    try:
        agreed = _kept(coding(terms, levels, model.references, model.intercept), model)
        check_parameters(terms, model, rows, policy)
        return agreed, _surveyed(agreed, model, rows, outcome, policy, strata, by_column)
    except FormulaError:
        raise RefusalError("BAD_REQUEST", ["terms"]) from None


def _surveyed(
    coded: Coding,
    model: Model,
    rows: Rows,
    outcome: tuple[str, Array],
    policy: Policy,
    strata: NDArray[np.intp] | None,
    by_column: bool,
) -> Survey:
    """Return the design, once R5 has passed it, and what it leaves out and is read beside it."""
    hidden, roles = _left_out(coded), _roles(model, rows, outcome)
    design = coded.matrix(rows.columns, rows.n, by_column=by_column)
    rest = np.empty((rows.n, 0))
    if hidden.columns:
        rest = hidden.matrix(rows.columns, rows.n, by_column=True)
    others, noisy = [*roles.values(), *rest.T], policy.noise.on
    # of single rows: the information of the null model is that of the weights
    by = 1 if noisy and by_column and not (rows.weigh_alike or rows.has_offset) else None
    about = survey(design, others, cubes=noisy, weights=by)
    movable = [_is_movable(column) for column in coded.columns]
    policy.check_design(about, coded.names, coded.derived, coded.dummies, movable)
    policy.check_design(about.last(rest), hidden.names, hidden.derived, hidden.dummies)
    policy.check_combinations(about, [*coded.names, *roles, *hidden.names])
    if strata is not None:
        dummies = [*coded.dummies, *hidden.dummies]
        policy.check_within([*design.T, *rest.T], [*coded.names, *hidden.names], strata, dummies)
    return about


def _is_movable(column: DesignColumn) -> bool:
    """Tell whether a product holds a column less a number that may be any."""
    return len(column.parts) > 1 and any(isinstance(part.factor, Scale) for part in column.parts)


def _left_out(coded: Coding) -> Coding:
    """Return the columns of a design's margins that it leaves out: references, terms within terms.

    A reference level is what the other columns leave over. Without its margins a product could
    hide what they would show: (age - m) times a dummy is all but 0 in the patient whose age is m.
    """
    terms: dict[frozenset[Factor], Term] = {}
    for term in coded.terms:
        for size in range(1, len(term.factors) + 1):
            for factors in combinations(term.factors, size):
                terms.setdefault(frozenset(factors), Term(factors=factors))
    whole = full_coding(tuple(terms.values()), coded.levels, True).without_intercept()
    known = set(coded.full_names)
    left = tuple(column for column in whole.columns if column.full_name not in known)
    return replace(whole, columns=left)


def _kept(coded: Coding, model: Model) -> Coding:
    return coded.without_intercept() if model.absorbs_intercept else coded


def check_parameters(terms: Sequence[Term], model: Model, rows: Rows, policy: Policy) -> None:
    """R7: parameters of the model in the levels that the site has rows of.

    A column such as a spline's times a dummy has few rows of large leverage: noise hides these
    rows, but not that there are no others. So a model with such a product needs more rows.
    """
    if not rows.n:
        return
    present = rows.levels
    own = coding(without_references(terms), present, {}, model.intercept)
    count = own.parameter_count() - int(model.intercept)
    bent = policy.noise.on and any(_is_bent_product(term) for term in terms)
    policy.check_parameters(count, rows.n, model.beside(), BENT if bent else 1.0)


def _is_bent_product(term: Term) -> bool:
    """Tell whether a product has a spline, a power or another function of a number in it."""
    bent = any(isinstance(factor, Function | Power | Spline) for factor in term.factors)
    return bent and len(term.factors) > 1


def _roles(model: Model, rows: Rows, outcome: tuple[str, Array]) -> dict[str, Array]:
    """Return what the model reads beside its design, by column: outcome, weights, offset."""
    roles = dict([outcome])
    if model.weights is not None:
        roles[model.weights] = rows.weights
    if model.offset is not None:
        roles[model.offset] = rows.offset
    if model.exposure is not None:
        roles[model.exposure] = rows.offset
    return roles
