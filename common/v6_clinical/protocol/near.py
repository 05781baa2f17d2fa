"""Whether a question is the one that an analysis would ask, however a machine rounds.

Two machines that follow one analysis from the same sums compute the same floats but for their last
bits. Coefficients lie on a grid (``numerics.dyadic``), where that makes no difference; all else is
compared closely, and what is not a float exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.dyadic import is_near

POINT: Final = ("intercepts", "slopes")  # what questions call their coefficients
MIDDLE: Final = 1e-3  # steps of the grid: linear algebra on columns that resemble errs by 1e-5
CLOSE: Final = 1e-9  # relative, of any other float
Coefficients = Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Near:
    """The coefficients of a question before they were put on the grid.

    Parameters
    ----------
    fields
        Says which fields of the question hold coefficients of shape (p,).
    beta, steps
        Before rounding, and the steps of the grid; shape (p,).
    """

    fields: Callable[[Array], Coefficients]
    beta: Array
    steps: Array

    def point(self, asked: Coefficients) -> Array:
        """Return the coefficients that were asked about, shape (p,).

        Raises
        ------
        ValueError
            Where they are not one's own on the grid, see ``numerics.dyadic.is_near``.
        """
        places = self.fields(np.arange(1.0, len(self.beta) + 1))
        if {name: len(values) for name, values in places.items()} != {
            name: len(values) for name, values in asked.items()
        }:
            raise ValueError("other coefficients")
        found = np.zeros(len(self.beta))
        for name, numbers in places.items():
            for place, value in zip(numbers, asked[name], strict=True):
                if place:
                    found[int(place) - 1] = value
        back = self.fields(found)
        same = all(list(back[name]) == list(asked[name]) for name in back)
        if not same or not is_near(found, self.beta, self.steps, MIDDLE).all():
            raise ValueError("other coefficients")
        return found

    def is_point(self, asked: Coefficients) -> bool:
        """Tell whether these coefficients are one's own on the grid."""
        try:
            self.point(asked)
        except ValueError:
            return False
        return True


def coefficients(arguments: Mapping[str, Any]) -> dict[str, list[float]] | None:
    """Return the coefficients of a question, None where it has none."""
    found = {name: list(arguments[name]) for name in POINT if arguments.get(name) is not None}
    return found or None


def is_same(asked: Mapping[str, Any], own: Mapping[str, Any], near: Near | None) -> bool:
    """Tell whether the arguments that were asked are one's own but for last bits."""
    if asked == own and _types(asked) == _types(own):
        return True
    if near is not None:
        point = coefficients(asked)
        if point is None or not near.is_point(point):
            return False
        asked, own = ({k: v for k, v in one.items() if k not in POINT} for one in (asked, own))
    return _is_close(asked, own)


def _types(value: Any) -> Any:
    """Return what a value is made of: 1, 1.0 and true are three."""
    if isinstance(value, Mapping):
        return {name: _types(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_types(part) for part in value]
    return type(value)


def _is_close(asked: Any, own: Any) -> bool:
    if isinstance(own, Mapping):
        if not isinstance(asked, Mapping) or asked.keys() != own.keys():
            return False
        return all(_is_close(asked[name], own[name]) for name in own)
    if isinstance(own, list | tuple):
        if not isinstance(asked, list | tuple) or len(asked) != len(own):
            return False
        return all(_is_close(*pair) for pair in zip(asked, own, strict=True))
    if type(own) is float and type(asked) is float:
        return abs(asked - own) <= CLOSE * abs(own)
    return type(asked) is type(own) and bool(asked == own)
