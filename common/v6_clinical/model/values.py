"""The numbers of a numeric factor, from the raw column."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from v6_clinical.errors import RefusalError
from v6_clinical.model import splines
from v6_clinical.model.errors import FormulaError
from v6_clinical.model.factors import Affine, Category, Column, Factor, Function, Power, Scale
from v6_clinical.numerics.arrays import Array

_FUNCTIONS: Final[dict[str, Callable[[Array], Array]]] = {
    "log": np.log,
    "log1p": np.log1p,
    "sqrt": np.sqrt,
}
# The smallest value of the domain; only the square root takes it.
_DOMAIN: Final = {"log": 0.0, "log1p": -1.0, "sqrt": 0.0}


def columns_of(factor: Factor, x: Array) -> Array:
    """Return the design columns of a numeric factor.

    Parameters
    ----------
    x
        The raw column, shape (n,).

    Returns
    -------
    ndarray of shape (n, factor.width)

    Raises
    ------
    RefusalError
        ``DOMAIN`` with the factor's label where a value has no logarithm or square root.
    FormulaError
        Where pooled moments are needed and not filled in.
    """
    if isinstance(factor, Column):
        return x[:, None]
    if isinstance(factor, Power):
        return (x * x if factor.exponent == 2 else x * x * x)[:, None]
    if isinstance(factor, Function):
        return _function(factor, x)[:, None]
    if isinstance(factor, Affine):
        return (factor.factor * x + factor.shift)[:, None]
    return _stateful(factor, x)


def _stateful(factor: Factor, x: Array) -> Array:
    if isinstance(factor, Category):
        raise TypeError("a category has no numbers")
    if isinstance(factor, Scale) and factor.mean is not None and factor.sd is not None:
        return ((x - factor.mean) / factor.sd)[:, None]
    placed = getattr(factor, "placed", None)
    if placed is None:
        raise FormulaError("the pooled moments are missing", factor.label, "Resolve the terms.")
    return (splines.bs if getattr(factor, "basis", "") == "bs" else splines.ns)(x, placed)


def _function(factor: Function, x: Array) -> Array:
    edge = _DOMAIN[factor.function]
    lowest = x.min(initial=np.inf)
    if lowest < edge or (lowest == edge and factor.function != "sqrt"):
        raise RefusalError("DOMAIN", [factor.label])
    return _FUNCTIONS[factor.function](x)
