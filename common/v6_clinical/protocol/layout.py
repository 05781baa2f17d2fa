"""What an answer's numbers are called and how they lie, apart from the numbers.

Masked numbers are a row of words, and mean something only where all sites lay theirs out alike. So
the layout is told: names, shapes, labels, and no number. A name or a label that a site lacks is 0
there, as everywhere in ``Sums``; where layouts differ, all sites answer in their union.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, Final

import numpy as np

from v6_clinical.errors import AnalysisError, RefusalError
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.halves import half_of, of_half
from v6_clinical.protocol.form import Form, all_labels
from v6_clinical.protocol.read_sums import MOST_NAMES, read_labels, read_name
from v6_clinical.protocol.sums import NOISE, Sums, by_name, labelled, sizes_of

MOST_NUMBERS: Final = 2_000_000
PARTS: Final = ("arrays", "tallies", "forms")
TOLD: Final = "told"  # what names begin with that tell of noise, as numbers that add
Labels = tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """Names of sums, with the shapes of arrays and the labels of tallies and forms."""

    arrays: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    tallies: Mapping[str, Labels] = field(default_factory=dict)
    forms: Mapping[str, Labels] = field(default_factory=dict)

    @classmethod
    def of(cls, sums: Sums) -> Layout:
        """Return that of a site's sums."""
        return cls(
            {name: array.shape for name, array in sorted(sums.arrays.items())},
            {name: tuple(sorted(tally)) for name, tally in sorted(sums.tallies.items())},
            {name: form.labels for name, form in sorted(sums.forms.items())},
        )

    @classmethod
    def union(cls, layouts: Sequence[Layout]) -> Layout:
        """Return the one that holds all of several, laid out as ``Sums.total`` would.

        Raises
        ------
        AnalysisError
            ``BAD_ANSWER`` where an array has different shapes.
        """
        arrays: dict[str, tuple[int, ...]] = {}
        for name, shapes in by_name(layouts, "arrays"):
            if len(set(shapes)) > 1:
                raise AnalysisError("BAD_ANSWER", f"Sites sent '{name}' in different shapes.")
            arrays[name] = shapes[0]
        tallies = {name: all_labels(found) for name, found in by_name(layouts, "tallies")}
        forms = {
            name: found[0] if len(set(found)) == 1 else all_labels(found)
            for name, found in by_name(layouts, "forms")
        }
        return cls(arrays, tallies, forms)

    def holds(self, other: Layout) -> bool:
        """Tell whether everything of another layout has a place in this one."""
        return (
            all(self.arrays.get(name) == shape for name, shape in other.arrays.items())
            and _within(other.tallies, self.tallies)
            and _within(other.forms, self.forms)
        )

    def counts(self) -> dict[str, int]:
        """Return how many numbers each name holds, in the order in which they lie."""
        arrays = {name: prod(shape) for name, shape in self.arrays.items()}
        return arrays | sizes_of(self.tallies, self.forms)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {
            part: {name: list(one) for name, one in getattr(self, part).items()} for part in PARTS
        }

    @classmethod
    def from_json(cls, message: Any) -> Layout:
        """Rebuild a layout, trusting nothing about its form.

        Raises
        ------
        AnalysisError
            ``BAD_ANSWER`` if it is none, or of more numbers than any answer has.
        """
        try:
            return cls._decode(message)
        except (TypeError, ValueError, KeyError, AttributeError, OverflowError):
            raise AnalysisError("BAD_ANSWER", "A site's layout is malformed.") from None

    @classmethod
    def _decode(cls, message: Any) -> Layout:
        if set(message) != set(PARTS):
            raise ValueError("unexpected fields")
        names = [read_name(name) for part in PARTS for name in message[part]]
        if len(set(names)) < len(names) or len(names) > MOST_NAMES:
            raise ValueError("too many names, or one twice")
        arrays = {name: tuple(shape) for name, shape in sorted(message["arrays"].items())}
        if not all(type(n) is int and n >= 0 for shape in arrays.values() for n in shape):
            raise ValueError("shape")
        tallies = {name: _labels(found) for name, found in sorted(message["tallies"].items())}
        forms = {name: _labels(found) for name, found in sorted(message["forms"].items())}
        found = cls(arrays, tallies, forms)
        if sum(found.counts().values()) > MOST_NUMBERS:
            raise ValueError("too many numbers")
        if any(list(labels) != sorted(labels) for labels in tallies.values()):
            raise ValueError("not in order")
        return found


def additive(sums: Sums) -> Sums:
    """Return a site's sums in which what is told of the noise is a sum too.

    ``told/<name>`` is an array of d^2 and e^2 and, where ``<name>`` is a form A, ``noise/<name>``
    is d^2 A.
    """
    arrays, forms = dict(sums.arrays), dict(sums.forms)
    for name, one in sums.noise.items():
        if not (one.d or one.e):
            continue
        arrays[f"{TOLD}/{name}"] = np.array([one.d**2, one.e**2])
        if name in sums.forms:
            form = sums.forms[name]
            forms[f"{NOISE}/{name}"] = Form(form.labels, one.d**2 * form.values)
    return Sums(arrays, sums.tallies, forms)


def settled(total: Sums) -> Sums:
    """Return a total of ``additive`` sums as ``Sums.total`` makes it: ``noise/<name>`` is d and e.

    They are the roots of the sums of d^2 and e^2 over the sites: at least the largest of any, which
    masks do not tell, and at most the root of the number of sites times it.

    Raises
    ------
    AnalysisError
        ``BAD_ANSWER`` where such a sum is negative.
    """
    arrays = {}
    for name, array in total.arrays.items():
        first, _, rest = name.partition("/")
        told = first == TOLD
        if told and (array < 0).any():
            raise AnalysisError("BAD_ANSWER", "A sum of squares is negative.")
        arrays[f"{NOISE}/{rest}" if told else name] = np.sqrt(array) if told else array
    return Sums(arrays, total.tallies, total.forms)


def laid_out(sums: Sums, layout: Layout, counts: frozenset[str]) -> tuple[Array, Array]:
    """Return a site's numbers in a row: real ones, shape (k,), and those that count, shape (m,).

    Parameters
    ----------
    counts
        First parts of names whose numbers count something.

    Raises
    ------
    RefusalError
        ``INTERNAL`` where a count is none.
    """
    rows = {name: _row(sums, layout, name) for name in layout.counts()}
    real = [row for name, row in rows.items() if not _is_count(name, counts)]
    whole = [row for name, row in rows.items() if _is_count(name, counts)]
    found = np.concatenate([np.zeros(0), *whole])
    if not ((found >= 0) & (found < 2.0**53) & (found == np.rint(found))).all():
        raise RefusalError("INTERNAL", ["counts"])
    return np.concatenate([np.zeros(0), *real]), found


def taken_up(real: Array, whole: Array, layout: Layout, counts: frozenset[str]) -> Sums:
    """Return the sums that were laid out so."""
    arrays: dict[str, Array] = {}
    tallies: dict[str, Mapping[str, float]] = {}
    forms: dict[str, Form] = {}
    places = {False: 0, True: 0}
    for name, size in layout.counts().items():
        kind = _is_count(name, counts)
        row = (whole if kind else real)[places[kind] : places[kind] + size]
        places[kind] += size
        if name in layout.arrays:
            arrays[name] = row.reshape(layout.arrays[name])
        elif name in layout.tallies:
            tallies[name] = labelled(layout.tallies[name], row)
        else:
            labels = layout.forms[name]
            forms[name] = Form(labels, of_half(row, len(labels)))
    return Sums(arrays, tallies, forms)


def sizes(layout: Layout, counts: frozenset[str]) -> tuple[int, int]:
    """Return how many real numbers, and how many that count, a layout has."""
    found = {False: 0, True: 0}
    for name, size in layout.counts().items():
        found[_is_count(name, counts)] += size
    return found[False], found[True]


def _is_count(name: str, counts: frozenset[str]) -> bool:
    return name.split("/")[0] in counts


def _row(sums: Sums, layout: Layout, name: str) -> Array:
    if name in layout.arrays:
        return sums.get(name, layout.arrays[name]).reshape(-1)
    if name in layout.tallies:
        return sums.vector(name, layout.tallies[name])
    return half_of(sums.form(name, layout.forms[name]))


def _labels(entry: Any) -> Labels:
    if not isinstance(entry, list):
        raise TypeError("labels")
    return read_labels(entry)


def _within(some: Mapping[str, Labels], others: Mapping[str, Labels]) -> bool:
    """Tell whether every name, with each of its labels, is among others."""
    return all(name in others and set(found) <= set(others[name]) for name, found in some.items())
