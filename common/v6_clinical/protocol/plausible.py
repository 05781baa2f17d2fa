"""What may stand in an answer: names that were asked for, numbers that can be what they are called.

A site's answer is somebody else's text. Before anything is added, each name must be one of those
that the step declares (``leaves``), a site's own results must bear its own number, labels must be
those of the question where it knows them, none may hold hidden characters, and counts, squares and
diagonals cannot be negative.
What is not is ``BAD_ANSWER``, and the site is named. A false number that could be a true one cannot
be recognised.
"""

from __future__ import annotations

from itertools import chain
from typing import Final

import numpy as np

from v6_clinical.numerics.arrays import Array
from v6_clinical.protocol.analysis import Ask
from v6_clinical.protocol.registry import Leaves
from v6_clinical.protocol.sums import Sums
from v6_clinical.text import is_clean

MOST: Final = 1e300  # of a number: ten thousand sites' sum stays far from the end of float64
MOST_ROWS: Final = 2**53
MOST_LEVELS: Final = 10_000  # of a column, ten times what a question can bear
ROUNDING: Final = 1e-9  # of a form's largest entry: how far below 0 its diagonal may come


def is_plausible(sums: Sums, ask: Ask, index: int, leaves: Leaves) -> bool:
    """Tell whether an answer to a question may be added.

    Parameters
    ----------
    index
        The site's own, by which it names results that are not added to any other's.
    """
    names = [*sums.arrays, *sums.tallies, *sums.forms]
    labels = _labels(sums)
    if not is_clean("".join(chain(names, labels))):
        return False
    if not all(_is_asked(name, ask, index, leaves) for name in names):
        return False
    if ask.labels is not None and not _labels(sums, beside="site/") <= ask.labels:
        return False
    return all(_is_possible(*found, leaves) for found in _numbers(sums))


def _is_asked(name: str, ask: Ask, index: int, leaves: Leaves) -> bool:
    first, _, rest = name.partition("/")
    if first == "site" and rest.partition("/")[0] != str(index):
        return False
    return first in leaves.steps.get(ask.step, ())


def _labels(sums: Sums, beside: str | None = None) -> set[str]:
    """Return the labels of all tallies and forms, of tallies but those that begin so."""
    held = sums.tallies.items()
    tallies = [tally for name, tally in held if beside is None or not name.startswith(beside)]
    return set(chain(*tallies, *(form.labels for form in sums.forms.values())))


def _numbers(sums: Sums) -> list[tuple[str, Array, Array]]:
    """Return by name the numbers, and those that a square would be: of a form its diagonal."""
    found = [(name, array, array) for name, array in sums.arrays.items()]
    for name, tally in sums.tallies.items():
        values = np.array(list(tally.values()), dtype=np.float64)
        found.append((name, values, values))
    for name, form in sums.forms.items():
        slack = ROUNDING * np.abs(form.values).max(initial=0.0)
        found.append((name, form.values, np.diag(form.values) + slack))
    return found


def _is_possible(name: str, values: Array, squares: Array, leaves: Leaves) -> bool:
    parts = name.split("/")
    first = parts[2] if parts[0] == "site" and len(parts) > 2 else parts[0]
    if (np.abs(values) >= MOST).any():
        return False
    if first in leaves.levels and values.size > MOST_LEVELS:
        return False
    if first in leaves.counts:
        return bool(((squares >= 0) & (squares <= MOST_ROWS)).all())
    return first not in leaves.squares or bool((squares >= 0).all())
