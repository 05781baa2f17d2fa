"""Noise at a point where patients' parts are larger than those that have fixed its size.

Its size is fixed once for rows and columns, where nobody can choose the point. Elsewhere it grows
where it must, so that d is at least half of the floor times the largest part there, and e too.
Where they double, between a half and 1/sqrt 2 of it, is drawn anew for each question: the place
tells of no patient's part more than about how large it is.
"""

from __future__ import annotations

from dataclasses import replace

from v6_clinical.disclosure.blur import Scale, Source, rounded_up


def grown(
    source: Source, scale: Scale, row: float, square: float, question: bytes, name: str = ""
) -> Scale:
    """Return a block's noise at a point.

    Parameters
    ----------
    row, square
        Largest |r| |h| and w |h|^2 of a patient at the point that is asked about.
    name
        Of the block, unless it is the evaluation.
    """
    if not source.on or not scale.d > 0:
        return scale
    of_row, of_square = _floors(source, question, name)
    d = rounded_up(scale.d, of_row * row / scale.unit)
    return replace(scale, d=d, e=rounded_up(scale.e, of_square * square))


def hides(
    source: Source, scale: Scale, row: float, square: float, question: bytes, name: str = ""
) -> bool:
    """Tell whether a block's noise need not be ``grown`` for parts no larger than these."""
    if not source.on or not scale.d > 0:
        return True
    of_row, of_square = _floors(source, question, name)
    return of_row * row <= scale.sd and of_square * square <= scale.e


def _floors(source: Source, question: bytes, name: str) -> list[float]:
    """Return the shares of the largest parts that d and e are at least."""
    asked = f"|{name}|".encode() + question
    drawn = (source.uniform(what + asked) for what in (b"row", b"square"))
    return [source.blur.floor * 2.0 ** (one / 2 - 1) for one in drawn]
