"""Times that only rounding tells apart are one time, as in R, whose ``timefix`` does the same.

0.1 + 0.2 is not 0.3: follow-up that was computed from dates or ages would not be tied. Distinct
times are taken to be one where they follow each other within ``TOLERANCE`` of their mean, and all
get the first of them. Source: ``aeqSurv`` of R's ``survival``, with entry times among the times.

Random times come as near by chance where there are many: of k, the closest two are about
mean / k^2 apart. So with more than ``MANY`` distinct times the tolerance is ``BY_CHANCE`` / k^2
of the mean, where R keeps its own: it ties .9 % of a million random times, which moves its
estimates by 3e-6 standard errors.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from v6_clinical.numerics.arrays import Array

TOLERANCE: Final = 2.0**-26  # R's: the root of the spacing of floating-point numbers about 1
MANY: Final = 2_000
BY_CHANCE: Final = 2.0**-12  # k random times are below this / k^2 apart in one of 4,096 sets


def distinct(times: Array) -> tuple[Array, Array]:
    """Return the times that rounding does not explain, and those that it does; both increase."""
    every = np.sort(times)
    new = np.append(True, every[1:] > every[:-1])[: len(every)]
    every = every if new.all() else every[new]
    same = np.append(False, np.diff(every) <= _reach(every))[: len(every)]
    return (every[~same], every[same]) if same.any() else (every, every[:0])


def tied(time: Array, entry: Array | None) -> tuple[Array, Array | None]:
    """Return times and entry times (n,) with those that are one time made equal."""
    kept, same = distinct(time if entry is None else np.concatenate([time, entry]))
    if not len(same):
        return time, entry
    return _first(time, kept, same), None if entry is None else _first(entry, kept, same)


def at_known(times: Array, known: Array) -> Array:
    """Return times with each that only rounding tells from a known one made equal to it.

    Known times come with a question: however large they are, they do not widen what is rounding.

    Parameters
    ----------
    times
        Shape (n,).
    known
        Increasing times, shape (K,).
    """
    if not len(known) or not len(times):
        return times
    reach = min(_reach(known), TOLERANCE * float(np.abs(times).mean()))
    near = known[np.minimum(np.searchsorted(known, times - reach), len(known) - 1)]
    return np.where(np.abs(near - times) <= reach, near, times)


def decimal(times: Array) -> Array:
    """Return times to 12 significant digits: a decimal number, whatever rounding left of it.

    Curves are cut at decimal points, and who dies at one is counted there. It keeps the order and
    depends on nothing but the time itself, so no question can move it.
    """
    positive = np.isfinite(times) & (times > 0)
    power = 11 - np.floor(np.log10(times, where=positive, out=np.zeros(times.shape)))
    power = np.minimum(power, 300)  # 10^power is a number
    up, down = 10.0 ** np.maximum(power, 0), 10.0 ** np.maximum(-power, 0)
    with np.errstate(invalid="ignore"):
        found: Array = np.rint(times * up / down) / up * down
    return np.where(positive, found, times)


def _first(times: Array, kept: Array, same: Array) -> Array:
    rows = np.flatnonzero(np.isin(times, same))
    found = times.copy()
    found[rows] = kept[np.searchsorted(kept, times[rows], side="right") - 1]
    return found


def _reach(times: Array) -> float:
    if not len(times):
        return 0.0
    tolerance = TOLERANCE if len(times) <= MANY else BY_CHANCE / len(times) ** 2
    return tolerance * float(np.abs(times).mean())
