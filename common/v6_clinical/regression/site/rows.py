"""The complete cases of a model at a site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from v6_clinical.disclosure.survey import survey
from v6_clinical.errors import RefusalError
from v6_clinical.model.columns import CategoricalColumn, NumericColumn, SiteColumn
from v6_clinical.model.factors import Category, Scale, Spline
from v6_clinical.model.knots import fine_step
from v6_clinical.model.terms import Term, raw_columns
from v6_clinical.numerics.arrays import Array
from v6_clinical.regression.counts import Counts
from v6_clinical.regression.question import Model, merged_labels
from v6_clinical.table import categories, distinct, kind_of, labels, looks_numeric, numbers, select

if TYPE_CHECKING:
    import pandas as pd

    from v6_clinical.disclosure import Policy


@dataclass(frozen=True)
class Rows:
    """Complete cases: every column of the model has a value.

    Parameters
    ----------
    n, dropped
        Rows used, and rows left out because a value is missing.
    columns
        The predictors.
    others
        The remaining columns as they are in the file.
    weights, offset
        Shape (n,); 1 and 0, which take no memory, where the model has none or these change nothing.
    clusters
        Codes 0, 1, ... of shape (n,), or none.
    weighted
        Whether the model has weights.
    """

    n: int
    dropped: int
    columns: Mapping[str, SiteColumn]
    others: Mapping[str, pd.Series]
    weights: Array
    offset: Array
    clusters: NDArray[np.int64] | None
    weighted: bool = False

    @property
    def weigh_alike(self) -> bool:
        """Whether each row counts once."""
        return self.weights.strides == (0,)

    @property
    def has_offset(self) -> bool:
        """Whether something is added to the linear predictor."""
        return self.offset.strides != (0,)

    @cached_property
    def patients(self) -> NDArray[np.int64] | None:
        """The clusters, or none where every row is one of its own."""
        codes = self.clusters
        alone = codes is None or int(codes.max(initial=-1)) + 1 == len(codes)
        return None if alone else codes

    @cached_property
    def levels(self) -> dict[str, tuple[str, ...]]:
        """The levels that the site has rows of, by categorical column."""
        return {
            name: tuple(column.levels[code] for code in np.unique(column.codes))
            for name, column in self.columns.items()
            if isinstance(column, CategoricalColumn)
        }

    def counts(self, events: Array) -> Counts:
        """Return the sums over rows; ``events``, shape (n,), is 1 for a row with an event."""
        weight, of_events = float(self.weights.sum()), float(np.dot(self.weights, events))
        return Counts(self.n, self.dropped, float(events.sum()), weight, of_events)


def complete_cases(
    frame: pd.DataFrame, model: Model, others: Sequence[str], policy: Policy
) -> Rows:
    """Select the complete cases and read the predictors, after every check on columns and rows.

    Raises
    ------
    RefusalError
        R12, R4, R1, R13, R8, and whatever is wrong with a column.
    """
    terms = model.read_terms()
    predictors = raw_columns(terms)
    names = list(dict.fromkeys([*model.columns(), *others]))
    _check_aliases(names)
    policy.check_columns(name.strip() for name in names)
    series = select(frame, names)
    keep = _complete(series, len(frame), policy)
    n = int(keep.sum())
    policy.check_rows(n)
    if n < len(frame):
        series = {name: column[keep] for name, column in series.items()}
    columns = {name: _predictor(series[name], name, model, terms, policy) for name in predictors}
    if n:
        _check_knots(terms, columns)
        _check_scales(terms, columns, policy)
    return Rows(
        n,
        len(frame) - n,
        columns,
        {name: series[name] for name in others},
        _weights(series, model, n, policy),
        _offset(series, model, n, policy),
        _clusters(series, model, policy),
        model.weights is not None,
    )


def _complete(series: Mapping[str, pd.Series], rows: int, policy: Policy) -> NDArray[np.bool_]:
    """Mark the rows without a missing value; R4."""
    absent = {name: column.isna().to_numpy() for name, column in series.items()}
    absent = {name: marks for name, marks in absent.items() if marks.any()}
    missing = np.array(list(absent.values()), dtype=np.bool_).reshape(len(absent), rows).T
    if absent:
        policy.check_complete_cases(missing, list(absent))
    return np.asarray(~missing.any(axis=1))


def _check_aliases(names: Sequence[str]) -> None:
    """R7: one column under two spellings would count as two columns, the outcome as predictor."""
    if len({name.strip() for name in names}) < len(names):
        raise RefusalError("BAD_REQUEST", ["terms"])


def _predictor(
    column: pd.Series, name: str, model: Model, terms: Sequence[Term], policy: Policy
) -> SiteColumn:
    """Read a predictor: categorical if the model says so or it holds text, else numbers."""
    called = any(isinstance(f, Category) and f.column == name for t in terms for f in t.factors)
    coded = name in model.levels
    if not (coded or called or name in model.collapse or kind_of(column, name) == "text"):
        return NumericColumn(numbers(column, name))
    try:
        found = categories(column, name, merged_labels(model, name), policy)
        if not coded:
            policy.check_levels(found.counts(), name)
        if found.codes.min(initial=0) < 0:  # merged into what reads as a blank
            raise RefusalError("BAD_REQUEST", ["collapse", name])
    except RefusalError as refusal:
        if (
            refusal.code != "BAD_REQUEST"
            and not (coded or called)
            and looks_numeric(labels(column))
        ):
            raise RefusalError("NOT_NUMERIC", [name]) from None
        raise refusal from None
    return CategoricalColumn(found.codes, found.levels, found.stored)


def _check_knots(terms: Sequence[Term], columns: Mapping[str, SiteColumn]) -> None:
    """R11: a caller may not place knots more finely than the site's own values justify."""
    for spline in (f for term in terms for f in term.factors if isinstance(f, Spline)):
        column = columns[spline.column]
        if spline.step is None or not isinstance(column, NumericColumn):
            continue
        if fine_step(spline.step, float(column.values.std(ddof=1))):
            raise RefusalError("BAD_REQUEST", ["terms", spline.column])


def _check_scales(terms: Sequence[Term], columns: Mapping[str, SiteColumn], policy: Policy) -> None:
    """R11: a caller may not choose a mean so far away that rounding cuts the column in two."""
    for scale in (f for term in terms for f in term.factors if isinstance(f, Scale)):
        column = columns[scale.column]
        if scale.mean is not None and isinstance(column, NumericColumn):
            about = survey(column.values[:, None])
            policy.check_shift(about, [scale.mean], "terms", scale.column)


def _weights(series: Mapping[str, pd.Series], model: Model, n: int, policy: Policy) -> Array:
    if model.weights is None or n == 0:
        return np.broadcast_to(np.float64(1), n)  # takes no memory
    weights = numbers(series[model.weights], model.weights)
    policy.check_weights(weights, model.weights)
    # R5: a fit without the weights beside it gives what they single out
    policy.check_design(survey(weights[:, None]), [model.weights], [False])
    return np.broadcast_to(np.float64(1), n) if (weights == 1).all() else weights


def _offset(series: Mapping[str, pd.Series], model: Model, n: int, policy: Policy) -> Array:
    """Return the offset and the logarithm of the exposure; R5 on each column as it is."""
    whole: Array = np.broadcast_to(np.float64(0), n)  # takes no memory
    for name in (model.offset, model.exposure):
        if name is None or n == 0:
            continue
        values = numbers(series[name], name)
        policy.check_design(survey(values[:, None]), [name], [False])
        if name == model.exposure:
            if not (values > 0).all():
                raise RefusalError("DOMAIN", [name])
            values = np.log(values)
            policy.check_design(survey(values[:, None]), [name], [False])
        whole = whole + values
    return whole if whole.any() else np.broadcast_to(np.float64(0), n)


def _clusters(
    series: Mapping[str, pd.Series], model: Model, policy: Policy
) -> NDArray[np.int64] | None:
    """Return codes of clusters; their labels, often patients' numbers, are never looked at."""
    if model.cluster is None:
        return None
    codes, _ = distinct(series[model.cluster])
    policy.check_clusters(np.bincount(codes), model.cluster)
    return codes
