"""Survival curves of people with given covariates, from a result alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from v6_clinical.errors import AnalysisError, RefusalError
from v6_clinical.labels import label_of
from v6_clinical.model.coding import coding_from_json, coding_to_json
from v6_clinical.model.columns import CategoricalColumn, NumericColumn, SiteColumn
from v6_clinical.model.design import Coding
from v6_clinical.model.moments import placed_knots
from v6_clinical.model.terms import raw_columns
from v6_clinical.numerics.arrays import Array
from v6_clinical.regression.centre.tables import plain
from v6_cox.questions import FARTHEST_OFFSET

Profile = Mapping[str, Any]
Record = dict[str, Any]


def predict(result: Mapping[str, Any], profiles: Sequence[Profile]) -> list[Record]:
    """Return S(t|x) = exp(-H0(t) exp((x - m) b + offset)) of each profile on each baseline curve.

    H0 is the cumulative hazard at the pooled means m of the columns, ``model["means"]``, and offset
    0. The difference is taken column by column: x b by itself would over- or underflow, or lose its
    digits, where a covariate lies far from 0.

    Parameters
    ----------
    result
        What ``cox_regression`` returned, asked with a ``time_horizon``; also read from JSON.
    profiles
        A value for every predictor: a number, or a level. The column of the model's offset may
        have one too; it is 0 if not.

    Returns
    -------
    list of dict
        ``profile`` (counted from 1), ``organization_id`` and ``stratum`` of the curve, and the
        columns ``time``, ``cumulative_hazard`` and ``survival``.

    Raises
    ------
    AnalysisError
        ``BAD_REQUEST`` naming the column for which a profile has no value, or no known level.
    """
    model = result["model"]
    agreed = coding_from_json(model["coding"]).without_intercept()
    matrix = profile_matrix(agreed, profiles)
    slopes, means = (
        np.array([model[what][name] for name in agreed.names]) for what in ("coefficients", "means")
    )
    relative = (matrix - means) @ slopes + offsets(profiles, model["offset"])
    return [
        _curve(number, curve, float(predictor))
        for number, predictor in enumerate(relative, 1)
        for curve in result["baseline_hazard"]
    ]


def model_record(agreed: Coding, slopes: Array, means: Array, offset: str | None) -> Record:
    """Return what ``predict`` needs of a fit.

    The coding of the sites' columns, their coefficients, the pooled means at which the baseline
    hazard stands, and the name of the offset, at 0 there.
    """
    named = {"coefficients": slopes, "means": means}
    found = {
        what: dict(zip(agreed.names, values.tolist(), strict=True))
        for what, values in named.items()
    }
    knots = placed_knots(agreed.terms)
    return {"coding": coding_to_json(agreed), "knots": knots, **found, "offset": offset}


def offsets(profiles: Sequence[Profile], name: str | None) -> Array:
    """Return the profiles' offsets, 0 where a profile has none; shape (profiles,).

    Raises
    ------
    AnalysisError
        ``BAD_REQUEST`` for what is no number, or so far from 0 that the hazard at offset 0 may not
        be one.
    """
    values = [0.0 if name is None else profile.get(name, 0.0) for profile in profiles]
    if not all(_is_number(value) and abs(value) <= FARTHEST_OFFSET for value in values):
        message = f"Argument 'profiles': '{name}' is no number from -500 to 500."
        remedy = "Take a number off the offset column: the model stays the same."
        raise AnalysisError("BAD_REQUEST", message, remedy=remedy)
    return np.array(values, dtype=np.float64)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def profile_matrix(agreed: Coding, profiles: Sequence[Profile]) -> Array:
    """Return the design of the profiles, shape (profiles, p)."""
    columns = {name: _column(name, agreed, profiles) for name in raw_columns(agreed.terms)}
    try:
        return agreed.matrix(columns, len(profiles))
    except RefusalError as refusal:
        message = f"Argument 'profiles': {refusal.code} in {', '.join(refusal.where)}."
        raise AnalysisError("BAD_REQUEST", message) from None


def _column(name: str, agreed: Coding, profiles: Sequence[Profile]) -> SiteColumn:
    try:
        values = [profile[name] for profile in profiles]
    except KeyError:
        message = f"Argument 'profiles': a profile has no value of '{name}'."
        raise AnalysisError("BAD_REQUEST", message) from None
    if name in agreed.levels:
        labels = [label_of(value) for value in values]
        levels = tuple(sorted(set(labels)))
        codes = np.array([levels.index(label) for label in labels], dtype=np.int64)
        return CategoricalColumn(codes, levels)
    if any(isinstance(value, str) for value in values):
        message = f"Argument 'profiles': '{name}' is a number."
        raise AnalysisError("BAD_REQUEST", message)
    return NumericColumn(np.array(values, dtype=np.float64))


def _curve(number: int, curve: Mapping[str, Any], predictor: float) -> Record:
    known = [np.inf if hazard is None else hazard for hazard in curve["cumulative_hazard"]]
    with np.errstate(over="ignore", divide="ignore"):
        hazard = np.exp(np.log(np.array(known, dtype=np.float64)) + predictor)
    return {
        "profile": number,
        "organization_id": curve["organization_id"],
        "stratum": curve["stratum"],
        "time": curve["time"],
        "cumulative_hazard": [plain(h) for h in hazard.tolist()],
        "survival": np.exp(-hazard).tolist(),
    }
