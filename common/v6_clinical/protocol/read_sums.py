"""The parts of a message as ``Sums.to_json`` writes them, read without trust in their form.

Each raises ``TypeError``, ``ValueError``, ``KeyError`` or ``AttributeError`` where it is another.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.halves import of_half
from v6_clinical.protocol.form import Form, Noise

# Of a score: it is in the unit of a real outcome. Of a matrix, of itself: counts that scatter far
# more than a Poisson model says, and one row that counts most, make 16 of an honest site.
MOST_NOISE: Final = 1e70, 1000.0
MOST_NAMES: Final = 6_000  # 200 columns of a summary and their finer points have 4,000


def check_names(message: Any) -> None:
    """Refuse an answer with too many names, or noise of what is not there, before it is read."""
    names: set[Any] = set().union(*(message[kind] for kind in ("arrays", "tallies", "forms")))
    if len(names) > MOST_NAMES:
        raise ValueError("too many names")
    if not set(message.get("noise", {})) <= names:
        raise ValueError("noise of what is not there")


def read_name(name: object) -> str:
    """Read a name or a label."""
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


def read_tally(entry: Any) -> dict[str, float]:
    """Read numbers by label."""
    labels = [read_name(label) for label in entry]
    return dict(zip(labels, _numbers(list(entry.values())).tolist(), strict=True))


def read_array(entry: Any) -> Array:
    """Read an array."""
    if set(entry) != {"shape", "data"}:
        raise ValueError("unexpected fields")
    array = _numbers(entry["data"])
    if any(isinstance(size, bool) or not isinstance(size, int) for size in entry["shape"]):
        raise TypeError("shape")
    if any(size < 0 for size in entry["shape"]):
        raise ValueError("shape")
    return array.reshape(entry["shape"])


def read_labels(entry: Any) -> tuple[str, ...]:
    """Read the labels of a form, each of which occurs once."""
    labels = tuple(read_name(label) for label in entry)
    if len(set(labels)) < len(labels):
        raise ValueError("a label occurs twice")
    return labels


def read_form(entry: Any) -> Form:
    """Read a form from its upper half."""
    if set(entry) != {"labels", "half"}:
        raise ValueError("unexpected fields")
    labels = read_labels(entry["labels"])
    half = _numbers(entry["half"])
    if len(half) != len(labels) * (len(labels) + 1) // 2:
        raise ValueError("labels and numbers do not fit")  # before anything of their size is made
    return Form(labels, of_half(half, len(labels)))


def read_noise(entry: Any) -> Noise:
    """Read what is told of noise: d and e, not negative."""
    d, e = _numbers(entry).tolist()
    if not (0 <= d <= MOST_NOISE[0] and 0 <= e <= MOST_NOISE[1]):
        raise ValueError("noise that drowns what it is on")
    return Noise(d, e)
