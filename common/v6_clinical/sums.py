"""Named numbers that add: the only thing that a site sends and the only aggregation there is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from v6_clinical.errors import AnalysisError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Sums:
    """Float64 arrays that add entry by entry, and tallies that add label by label.

    A name or a label that one side lacks counts as zero there, so addition is associative and
    commutative (up to rounding) and ``Sums()`` is its neutral element. A site that withholds an
    array simply leaves it out.

    Parameters
    ----------
    arrays
        Name to float64 array of any shape; the same shape at every site.
    tallies
        Name to {label: number}: for what sites cannot index yet, such as the levels of a column.
    """

    arrays: Mapping[str, Array] = field(default_factory=dict)
    tallies: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def __add__(self, other: Sums) -> Sums:
        arrays = dict(self.arrays)
        for name, array in other.arrays.items():
            if name in arrays and arrays[name].shape != array.shape:
                raise AnalysisError("BAD_ANSWER", f"Sites sent '{name}' in different shapes.")
            arrays[name] = arrays[name] + array if name in arrays else array
        tallies = {name: dict(tally) for name, tally in self.tallies.items()}
        for name, tally in other.tallies.items():
            mine = tallies.setdefault(name, {})
            for label, number in tally.items():
                mine[label] = mine.get(label, 0.0) + number
        return Sums(arrays, tallies)

    def __getitem__(self, name: str) -> Array:
        try:
            return self.arrays[name]
        except KeyError:
            raise AnalysisError("BAD_ANSWER", f"No site sent '{name}'.") from None

    def get(self, name: str, shape: tuple[int, ...]) -> Array:
        """Return the array, or zeros of this shape where every site withheld it."""
        array = self.arrays.get(name)
        if array is None:
            return np.zeros(shape)
        if array.shape != shape:
            raise AnalysisError("BAD_ANSWER", f"'{name}' came in an unexpected shape.")
        return array

    def counts(self) -> dict[str, int]:
        """Return how many numbers each name holds: the ledger's source."""
        sizes = {name: int(array.size) for name, array in self.arrays.items()}
        return sizes | {name: len(tally) for name, tally in self.tallies.items()}

    def to_json(self) -> dict[str, Any]:
        """Return plain Python numbers in strict JSON form.

        Raises
        ------
        ValueError
            If a number is not finite: NaN must never reach a message.
        """
        for name, array in self.arrays.items():
            if not np.isfinite(array).all():
                raise ValueError(f"'{name}' is not finite")
        arrays = {
            name: {"shape": list(array.shape), "data": [_short(v) for v in array.ravel().tolist()]}
            for name, array in self.arrays.items()
        }
        return {
            "arrays": arrays,
            "tallies": {name: dict(tally) for name, tally in self.tallies.items()},
        }

    @classmethod
    def from_json(cls, message: object) -> Sums:
        """Rebuild from a message, trusting nothing about its form.

        Raises
        ------
        AnalysisError
            ``BAD_ANSWER`` if the message is not what ``to_json`` writes.
        """
        try:
            return cls._decode(message)
        except (TypeError, ValueError, KeyError, AttributeError, OverflowError):
            raise AnalysisError("BAD_ANSWER", "A site's answer is malformed.") from None

    @classmethod
    def _decode(cls, message: Any) -> Sums:
        if set(message) != {"arrays", "tallies"}:
            raise ValueError("unexpected fields")
        arrays = {_name(name): _array(entry) for name, entry in message["arrays"].items()}
        tallies = {
            _name(name): {_name(label): _number(number) for label, number in tally.items()}
            for name, tally in message["tallies"].items()
        }
        return cls(arrays, tallies)


def _short(value: float) -> float | int:
    """Write whole numbers without '.0': counts dominate the messages."""
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError("names are text")
    return name


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("not a number")
    number = float(value)
    if not np.isfinite(number):
        raise ValueError("not finite")
    return number


def _array(entry: Any) -> Array:
    if set(entry) != {"shape", "data"} or not isinstance(entry["data"], list):
        raise ValueError("unexpected fields")
    array = np.array([_number(value) for value in entry["data"]], dtype=np.float64)
    if any(isinstance(size, bool) or not isinstance(size, int) for size in entry["shape"]):
        raise TypeError("shape")
    if any(size < 0 for size in entry["shape"]):
        raise ValueError("shape")
    return array.reshape(entry["shape"])
