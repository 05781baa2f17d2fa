"""Named numbers that add: the only thing that a site sends and the only aggregation there is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from v6_clinical.errors import AnalysisError
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.exact import exact_total


def labelled(names: Sequence[str], values: Array) -> Mapping[str, float]:
    """Return a vector as a tally."""
    return dict(zip(names, values.tolist(), strict=True))


@dataclass(frozen=True)
class Form:
    """A symmetric matrix with labelled rows and columns, such as an information matrix.

    Parameters
    ----------
    labels
        q different labels.
    values
        Shape (q, q), symmetric.
    """

    labels: tuple[str, ...]
    values: Array

    def at(self, labels: Sequence[str]) -> Array:
        """Return the entries at these labels, zero where a label is unknown; shape (p, p)."""
        place = {label: index for index, label in enumerate(self.labels)}
        places = np.array([place.get(label, len(place)) for label in labels], dtype=np.intp)
        return np.pad(self.values, (0, 1))[np.ix_(places, places)]

    @classmethod
    def total(cls, forms: Sequence[Form]) -> Form:
        """Return the sum: the labels are those of all, sorted unless all forms have the same."""
        labels = _same([form.labels for form in forms])
        if labels is not None:
            return cls(labels, exact_total([form.values for form in forms]))
        labels = _all_labels([form.labels for form in forms])
        return cls(labels, exact_total([form.at(labels) for form in forms]))


@dataclass(frozen=True)
class Sums:
    """Arrays that add entry by entry; tallies and forms that add label by label.

    A name or a label that one part lacks counts as zero there, so ``Sums()`` is neutral, and a site
    that withholds something simply leaves it out. ``total`` rounds once, so that the order of the
    parts is of no account.

    Parameters
    ----------
    arrays
        Name to float64 array of any shape; the same shape at every site.
    tallies
        Name to {label: number}: for what sites cannot index yet, such as the levels of a column.
    forms
        Name to symmetric matrix, its rows and columns labelled for the same reason.
    """

    arrays: Mapping[str, Array] = field(default_factory=dict)
    tallies: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    forms: Mapping[str, Form] = field(default_factory=dict)

    @classmethod
    def total(cls, parts: Sequence[Sums]) -> Sums:
        """Return the sum, each number rounded once: the same bits in whatever order of the parts.

        Names come out sorted, and so do the labels of tallies.

        Raises
        ------
        AnalysisError
            ``BAD_ANSWER`` where an array comes in different shapes, or a sum overflows.
        """
        try:
            return cls(
                {name: _add_arrays(name, found) for name, found in _by_name(parts, "arrays")},
                {name: _add_tallies(found) for name, found in _by_name(parts, "tallies")},
                {name: Form.total(found) for name, found in _by_name(parts, "forms")},
            )
        except OverflowError:
            raise AnalysisError("BAD_ANSWER", "A sum of the sites' numbers is too large.") from None

    def __add__(self, other: Sums) -> Sums:
        return Sums.total([self, other])

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

    def vector(self, name: str, labels: Sequence[str]) -> Array:
        """Return a tally at these labels, zero where it lacks one; shape (p,)."""
        tally = self.tallies.get(name, {})
        return np.array([tally.get(label, 0.0) for label in labels], dtype=np.float64)

    def form(self, name: str, labels: Sequence[str]) -> Array:
        """Return a form at these labels, zero where it lacks one; shape (p, p)."""
        return self.forms[name].at(labels) if name in self.forms else np.zeros((len(labels),) * 2)

    def counts(self) -> dict[str, int]:
        """Return how many numbers each name holds: the ledger's source."""
        sizes = {name: int(array.size) for name, array in self.arrays.items()}
        sizes |= {name: len(tally) for name, tally in self.tallies.items()}
        halves = {name: len(form.labels) for name, form in self.forms.items()}
        return sizes | {name: size * (size + 1) // 2 for name, size in halves.items()}

    def is_finite(self) -> bool:
        """Tell whether every number can be sent: squares of huge numbers may have overflowed."""
        parts = [*self.arrays.values(), *(form.values for form in self.forms.values())]
        parts += [np.array(list(tally.values())) for tally in self.tallies.values()]
        return all(np.isfinite(part).all() for part in parts)

    def to_json(self) -> dict[str, Any]:
        """Return plain Python numbers in strict JSON form.

        Raises
        ------
        ValueError
            If a number is not finite: NaN must never reach a message.
        """
        arrays = {
            name: {"shape": list(array.shape), "data": _plain(name, array)}
            for name, array in self.arrays.items()
        }
        tallies = {
            name: dict(zip(tally, _plain(name, np.array(list(tally.values()))), strict=True))
            for name, tally in self.tallies.items()
        }
        forms = {
            name: {"labels": list(form.labels), "half": _plain(name, _half(form.values))}
            for name, form in self.forms.items()
        }
        return {"arrays": arrays, "tallies": tallies, "forms": forms}

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
        if set(message) != {"arrays", "tallies", "forms"}:
            raise ValueError("unexpected fields")
        arrays = {_name(name): _array(entry) for name, entry in message["arrays"].items()}
        tallies = {_name(name): _tally(entry) for name, entry in message["tallies"].items()}
        forms = {_name(name): _form(entry) for name, entry in message["forms"].items()}
        return cls(arrays, tallies, forms)


def _by_name(parts: Sequence[Sums], kind: str) -> list[tuple[str, list[Any]]]:
    """Return what the parts hold under each name, the names sorted."""
    held = [getattr(part, kind) for part in parts]
    names = sorted({name for one in held for name in one})
    return [(name, [one[name] for one in held if name in one]) for name in names]


def _add_arrays(name: str, arrays: Sequence[Array]) -> Array:
    if len({array.shape for array in arrays}) > 1:
        raise AnalysisError("BAD_ANSWER", f"Sites sent '{name}' in different shapes.")
    return exact_total(arrays)


def _add_tallies(tallies: Sequence[Mapping[str, float]]) -> Mapping[str, float]:
    labels = _all_labels(tallies)
    rows = [
        np.array([tally.get(label, 0.0) for label in labels], dtype=np.float64) for tally in tallies
    ]
    return labelled(labels, exact_total(rows))


def _same(labels: Sequence[tuple[str, ...]]) -> tuple[str, ...] | None:
    """Return the labels if all are the same, in the same order."""
    return labels[0] if len(set(labels)) == 1 else None


def _all_labels(labels: Sequence[Iterable[str]]) -> tuple[str, ...]:
    return tuple(sorted({label for some in labels for label in some}))


def _plain(name: str, array: Array) -> list[float | int]:
    """Return plain numbers in row order."""
    if not np.isfinite(array).all():
        raise ValueError(f"'{name}' is not finite")
    return [_short(float(value)) for value in array.ravel().tolist()]


def _half(values: Array) -> Array:
    """Return the upper triangle row by row: the other half says the same."""
    return values[np.triu_indices(len(values))]


def _short(value: float) -> float | int:
    """Write whole numbers without '.0': counts dominate the messages."""
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError("names are text")
    return name


def _numbers(values: Any) -> Array:
    """Return JSON numbers, all at once: the centre reads a thousand of each site and round."""
    if not isinstance(values, list) or not set(map(type, values)) <= {int, float}:
        raise TypeError("not numbers")
    found = np.array(values, dtype=np.float64)
    if not np.isfinite(found).all():
        raise ValueError("not finite")
    return found


def _tally(entry: Any) -> dict[str, float]:
    labels = [_name(label) for label in entry]
    return dict(zip(labels, _numbers(list(entry.values())).tolist(), strict=True))


def _array(entry: Any) -> Array:
    if set(entry) != {"shape", "data"}:
        raise ValueError("unexpected fields")
    array = _numbers(entry["data"])
    if any(isinstance(size, bool) or not isinstance(size, int) for size in entry["shape"]):
        raise TypeError("shape")
    if any(size < 0 for size in entry["shape"]):
        raise ValueError("shape")
    return array.reshape(entry["shape"])


def _form(entry: Any) -> Form:
    if set(entry) != {"labels", "half"}:
        raise ValueError("unexpected fields")
    labels = tuple(_name(label) for label in entry["labels"])
    if len(set(labels)) < len(labels):
        raise ValueError("a label occurs twice")
    half = _numbers(entry["half"])
    if len(half) != len(labels) * (len(labels) + 1) // 2:
        raise ValueError("labels and numbers do not fit")  # before anything of their size is made
    values = np.zeros((len(labels), len(labels)))
    values[np.triu_indices(len(labels))] = half
    return Form(labels, values + np.triu(values, 1).T)
