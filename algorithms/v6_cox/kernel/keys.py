"""Keys that sort rows by stratum, then from the latest time to the earliest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from v6_clinical.numerics.arrays import Array, Index


@dataclass(frozen=True)
class Keys:
    """The keys of n rows.

    Attributes
    ----------
    packed
        Shape (n,): -time, or with strata the complex number of stratum and -time. numpy orders
        complex numbers by their real part, then their imaginary part, so that one sort or search
        does for both.
    """

    packed: NDArray[Any]

    @classmethod
    def of(cls, strata: NDArray[Any] | None, time: Array) -> Keys:
        """Return the keys of rows with strata, None for one, and times; shape (n,) each."""
        if strata is None:
            return cls(-time)
        packed = np.empty(len(time), dtype=complex)
        packed.real, packed.imag = strata, -time
        return cls(packed)

    @property
    def strata(self) -> Array | None:
        """The strata, shape (n,), None where there is one."""
        return self.packed.real if np.iscomplexobj(self.packed) else None

    def __len__(self) -> int:
        return len(self.packed)

    def take(self, rows: Index | NDArray[np.bool_]) -> Keys:
        """Return the keys of some rows, in their order."""
        return Keys(self.packed[rows])

    def followed_by(self, others: Keys) -> Keys:
        """Return these keys, and others after them."""
        return Keys(np.concatenate([self.packed, others.packed]))

    def order(self) -> Index:
        """Return the rows in the order of their keys."""
        return np.argsort(self.packed)

    def in_order(self) -> bool:
        """Return whether the rows are sorted."""
        return bool((self.packed[1:] >= self.packed[:-1]).all())

    def search(self, others: Keys, side: Literal["left", "right"] = "left") -> Index:
        """Return where others would be put in these keys, which are sorted."""
        return np.searchsorted(self.packed, others.packed, side=side)

    def differ(self, others: Keys) -> NDArray[np.bool_]:
        """Return where these keys are not those of others, row by row."""
        return np.asarray(self.packed != others.packed)

    def starts(self) -> NDArray[np.bool_]:
        """Return the rows whose key is not that of the row before, shape (n,)."""
        return first_of_run(self.packed)

    def steps(self) -> Array:
        """Return how far sorted keys are from the ones before, shape (n - 1,).

        The difference of times within a stratum, and 1 or more from one stratum to another.
        """
        return np.asarray(np.abs(np.diff(self.packed)))


def first_of_run(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Return where values differ from the one before; the first does."""
    first = np.ones(len(values), dtype=bool)
    first[1:] = values[1:] != values[:-1]
    return first
