"""Survival curves of people with given covariates, from a result alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from v6_clinical.errors import AnalysisError, RefusalError
from v6_clinical.model.coding import coding_from_json, coding_to_json
from v6_clinical.model.columns import CategoricalColumn, NumericColumn, SiteColumn
from v6_clinical.model.design import Coding
from v6_clinical.model.terms import raw_columns
from v6_clinical.numerics.arrays import Array

Profile = Mapping[str, Any]
Record = dict[str, Any]


def predict(result: Mapping[str, Any], profiles: Sequence[Profile]) -> list[Record]:
    """Return S(t|x) = exp(-H0(t) exp(x b)) of each profile on each baseline curve of a result.

    Parameters
    ----------
    result
        What ``cox_regression`` returned, asked with a ``time_horizon``; also read from JSON.
    profiles
        A value for every predictor: a number, or a level.

    Returns
    -------
    list of dict
        ``profile`` (counted from 1), ``organization_id`` and ``stratum`` of the curve, and the
        columns ``time``, ``cumulative_hazard`` and ``survival``. The offset is taken as 0.

    Raises
    ------
    AnalysisError
        ``BAD_REQUEST`` naming the column for which a profile has no value, or no known level.
    """
    model = result["model"]
    agreed = coding_from_json(model["coding"]).without_intercept()
    matrix = profile_matrix(agreed, profiles)
    slopes = np.array([model["coefficients"][name] for name in agreed.names])
    relative = matrix @ slopes - model["origin"]
    return [
        _curve(number, curve, float(predictor))
        for number, predictor in enumerate(relative, 1)
        for curve in result["baseline_hazard"]
    ]


def model_record(agreed: Coding, slopes: Array, origin: float) -> Record:
    """Return what ``predict`` needs of a fit: coding and coefficients of the sites' columns."""
    coefficients = dict(zip(agreed.names, slopes.tolist(), strict=True))
    return {"coding": coding_to_json(agreed), "coefficients": coefficients, "origin": origin}


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
        labels = [_label(value) for value in values]
        levels = tuple(sorted(set(labels)))
        codes = np.array([levels.index(label) for label in labels], dtype=np.int64)
        return CategoricalColumn(codes, levels)
    if any(isinstance(value, str) for value in values):
        message = f"Argument 'profiles': '{name}' is a number."
        raise AnalysisError("BAD_REQUEST", message)
    return NumericColumn(np.array(values, dtype=np.float64))


def _label(value: Any) -> str:
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if whole else str(value)


def _curve(number: int, curve: Mapping[str, Any], predictor: float) -> Record:
    with np.errstate(over="ignore", divide="ignore"):
        hazard = np.exp(np.log(np.array(curve["cumulative_hazard"])) + predictor)
    return {
        "profile": number,
        "organization_id": curve["organization_id"],
        "stratum": curve["stratum"],
        "time": curve["time"],
        "cumulative_hazard": [h if np.isfinite(h) else None for h in hazard.tolist()],
        "survival": np.exp(-hazard).tolist(),
    }
