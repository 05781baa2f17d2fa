"""A symmetric matrix with labelled rows and columns, and the noise that a site tells of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.exact import exact_total


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
        labels = all_labels([form.labels for form in forms])
        return cls(labels, exact_total([form.at(labels) for form in forms]))


@dataclass(frozen=True)
class Noise:
    """What is told of the noise of a number, or of a score and its matrix.

    Parameters
    ----------
    d, e
        See ``disclosure.blur.Scale``; both 0 of noise of which nothing is told.
    """

    d: float = 0.0
    e: float = 0.0


def _same(labels: Sequence[tuple[str, ...]]) -> tuple[str, ...] | None:
    """Return the labels if all are the same, in the same order."""
    return labels[0] if len(set(labels)) == 1 else None


def all_labels(labels: Sequence[Iterable[str]]) -> tuple[str, ...]:
    """Return the labels of all, sorted."""
    return tuple(sorted({label for some in labels for label in some}))
