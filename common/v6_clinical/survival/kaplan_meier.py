"""Kaplan and Meier's estimate just before each event time: R's scale of time in ``zph``."""

from __future__ import annotations

import numpy as np

from v6_clinical.numerics.arrays import Array


def rows_at_risk(time: Array, entry: Array | None, at: Array) -> Array:
    """Return how many of n rows are at risk, entry < t <= time, at increasing times (K,)."""
    left = np.searchsorted(np.sort(time), at, side="left")
    entered = len(time) if entry is None else np.searchsorted(np.sort(entry), at, side="left")
    return np.asarray(entered - left, dtype=np.float64)


def failed_before(deaths: Array, at_risk: Array) -> Array:
    """Return 1 - S(t-) at increasing event times, S the product of 1 - deaths / at_risk; (K,)."""
    survival = np.cumprod(1 - deaths / at_risk)
    return np.asarray(1 - np.append(1.0, survival[:-1])[: len(deaths)])
