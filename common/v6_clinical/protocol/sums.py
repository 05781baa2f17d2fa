"""Named numbers that add: the only thing that a site sends and the only aggregation there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Sized
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from v6_clinical.errors import AnalysisError
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.exact import exact_total
from v6_clinical.numerics.halves import half_of
from v6_clinical.protocol.form import Form, Noise, all_labels
from v6_clinical.protocol.read_sums import (
    check_names,
    read_array,
    read_form,
    read_name,
    read_noise,
    read_tally,
)

__all__ = ["NOISE", "Form", "Noise", "Sums", "labelled"]

NOISE = "noise"  # what names of a total begin with that tell of the noise in it


def labelled(names: Sequence[str], values: Array) -> Mapping[str, float]:
    """Return a vector as a tally."""
    return dict(zip(names, values.tolist(), strict=True))


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
    noise
        Of a site's sums: name to the noise of what is under it. Of a total nothing is here: see
        ``total``.
    """

    arrays: Mapping[str, Array] = field(default_factory=dict)
    tallies: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    forms: Mapping[str, Form] = field(default_factory=dict)
    noise: Mapping[str, Noise] = field(default_factory=dict)

    @classmethod
    def total(cls, parts: Sequence[Sums]) -> Sums:
        """Return the sum, each number rounded once: the same bits in whatever order of the parts.

        Names come out sorted, and so do the labels of tallies. Of noise that the parts tell, the
        total holds the array ``noise/<name>``, the largest d and e, and where ``<name>`` is a form
        another one under that name, the sum of d^2 A: the variance of the score that belongs to it.

        Raises
        ------
        AnalysisError
            ``BAD_ANSWER`` where an array comes in different shapes, or a sum overflows.
        """
        try:
            return cls(
                {name: _add_arrays(name, found) for name, found in by_name(parts, "arrays")},
                {name: _add_tallies(found) for name, found in by_name(parts, "tallies")},
                {name: Form.total(found) for name, found in by_name(parts, "forms")},
            )._with_noise(parts)
        except OverflowError:
            raise AnalysisError("BAD_ANSWER", "A sum of the sites' numbers is too large.") from None

    def _with_noise(self, parts: Sequence[Sums]) -> Sums:
        arrays, forms = dict(self.arrays), dict(self.forms)
        for name, told in by_name(parts, "noise"):
            if not any(one.d or one.e for one in told):
                continue
            mine = [(part, part.noise[name]) for part in parts if name in part.noise]
            largest = [max(one.d for _, one in mine), max(one.e for _, one in mine)]
            arrays[f"{NOISE}/{name}"] = np.array(largest)
            scaled = [
                Form(part.forms[name].labels, one.d**2 * part.forms[name].values)
                for part, one in mine
                if name in part.forms
            ]
            if scaled:
                forms[f"{NOISE}/{name}"] = Form.total(scaled)
        return Sums(arrays, self.tallies, forms)

    def __add__(self, other: Sums) -> Sums:
        """Return all that two parts of one site's answer hold; what both hold adds."""
        found = Sums.total([replace(self, noise={}), replace(other, noise={})])
        return replace(found, noise={**self.noise, **other.noise})

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
        arrays = {name: int(array.size) for name, array in self.arrays.items()}
        labels = {name: form.labels for name, form in self.forms.items()}
        return arrays | sizes_of(self.tallies, labels)

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
            name: {"labels": list(form.labels), "half": _plain(name, half_of(form.values))}
            for name, form in self.forms.items()
        }
        told = {name: [one.d, one.e] for name, one in self.noise.items() if one.d or one.e}
        found = {"arrays": arrays, "tallies": tallies, "forms": forms}
        return found | {"noise": told} if told else found

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
        if set(message) - {"noise"} != {"arrays", "tallies", "forms"}:
            raise ValueError("unexpected fields")
        check_names(message)
        arrays = {read_name(name): read_array(entry) for name, entry in message["arrays"].items()}
        tallies = {read_name(name): read_tally(entry) for name, entry in message["tallies"].items()}
        forms = {read_name(name): read_form(entry) for name, entry in message["forms"].items()}
        noise = {
            read_name(name): read_noise(told) for name, told in message.get("noise", {}).items()
        }
        return cls(arrays, tallies, forms, noise)


def sizes_of(tallies: Mapping[str, Sized], forms: Mapping[str, Sized]) -> dict[str, int]:
    """Return how many numbers tallies, and forms of such labels, hold under each name."""
    halves = {name: len(labels) for name, labels in forms.items()}
    sizes = {name: size * (size + 1) // 2 for name, size in halves.items()}
    return {name: len(tally) for name, tally in tallies.items()} | sizes


def by_name(parts: Sequence[Any], kind: str) -> list[tuple[str, list[Any]]]:
    """Return what the parts hold under each name, the names sorted."""
    held = [getattr(part, kind) for part in parts]
    names = sorted({name for one in held for name in one})
    return [(name, [one[name] for one in held if name in one]) for name in names]


def _add_arrays(name: str, arrays: Sequence[Array]) -> Array:
    if len({array.shape for array in arrays}) > 1:
        raise AnalysisError("BAD_ANSWER", f"Sites sent '{name}' in different shapes.")
    return exact_total(arrays)


def _add_tallies(tallies: Sequence[Mapping[str, float]]) -> Mapping[str, float]:
    labels = all_labels(tallies)
    rows = [
        np.array([tally.get(label, 0.0) for label in labels], dtype=np.float64) for tally in tallies
    ]
    return labelled(labels, exact_total(rows))


def _plain(name: str, array: Array) -> list[float | int]:
    """Return plain numbers in row order."""
    if not np.isfinite(array).all():
        raise ValueError(f"'{name}' is not finite")
    return [_short(float(value)) for value in array.ravel().tolist()]


def _short(value: float) -> float | int:
    """Write whole numbers without '.0': counts dominate the messages."""
    return int(value) if value.is_integer() and abs(value) < 2**53 else value
