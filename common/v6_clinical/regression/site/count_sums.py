"""How many rows and events a site has, and sums of weights and of outcomes that are no counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from v6_clinical.disclosure.row_key import Powers, powers_of
from v6_clinical.numerics.arrays import Array
from v6_clinical.protocol.sums import Noise, Sums
from v6_clinical.regression.counts import OUTCOME, ROWS, WEIGHTS
from v6_clinical.regression.site.noise import Parts, in_units, parts_of
from v6_clinical.regression.site.rows import Rows

if TYPE_CHECKING:
    from v6_clinical.disclosure import Policy


def count_sums(
    rows: Rows,
    outcome: Array,
    policy: Policy,
    *,
    counted: bool,
    powers: Callable[[Array], Powers] = powers_of,
) -> Sums:
    """Return what ``Counts.read`` reads: rows as they are, sums of real numbers with noise.

    Parameters
    ----------
    outcome
        Shape (n,).
    counted
        Whether it is 0 and 1, so that its sum is a count.
    powers
        Returns the powers of outcome and weights, where they are known.
    """
    events = float(outcome.sum()) if counted else 0.0
    counts = Sums({ROWS: np.array([rows.n, rows.dropped, events], dtype=np.float64)})
    return counts + _real_sums(rows, outcome, policy, counted, powers) if rows.n else counts


def _real_sums(
    rows: Rows,
    outcome: Array,
    policy: Policy,
    counted: bool,
    powers: Callable[[Array], Powers],
) -> Sums:
    weights, found = rows.weights, {}
    if not counted:
        value = float(np.dot(weights, outcome) if rows.weigh_alike else outcome.sum())
        found[OUTCOME] = [_Sum(rows, policy, OUTCOME, value).told(outcome, [outcome], powers)]
    if rows.weighted and rows.weigh_alike:  # what is told of the rows
        found[WEIGHTS] = [float(rows.n), *found.get(OUTCOME, [float(outcome.sum())])]
    elif rows.weighted:
        values = float(weights.sum()), float(np.dot(weights, outcome))
        sums = [_Sum(rows, policy, *x) for x in zip((WEIGHTS, "weighted"), values, strict=True)]
        found[WEIGHTS] = [
            sums[0].told(weights, [weights], powers),
            sums[1].told(None, [weights, outcome], powers),
        ]
    noise = dict.fromkeys(found, Noise()) if policy.noise.on else {}
    return Sums({name: np.array(numbers) for name, numbers in found.items()}, noise=noise)


@dataclass(frozen=True)
class _Sum:
    """A sum, told with the noise of n times a mean: n is told as it is."""

    rows: Rows
    policy: Policy
    name: str
    value: float

    def told(
        self, parts: Array | None, keyed: Sequence[Array], powers: Callable[[Array], Powers]
    ) -> float:
        """Return the sum with noise, drawn once for these rows.

        Parameters
        ----------
        parts
            What is summed, shape (n,); by default the product of ``keyed``.
        keyed
            What the parts are made of.
        """
        policy, n, clusters = self.policy, self.rows.n, self.rows.patients
        if not policy.noise.on:
            return self.value
        found = [powers(column).digest() for column in keyed]
        units = [number for digest in found for number in (digest.mean, digest.sd)]
        if parts is None:
            units.append(self.value / n)
        key = b"|".join([b"sum", *(digest.key for digest in found), in_units(units)])
        source = policy.noise.source(key + (b"" if clusters is None else b"|clusters"))
        if parts is not None and clusters is None:
            about = powers(parts)
            together = Parts(about.sd * n**0.5, about.reach * about.sd)
        else:
            product = np.multiply(*keyed) if parts is None else parts.copy()
            product -= product.mean()
            together = parts_of(product, clusters)
        return source.number(self.name, b"", self.value, together.size, together.largest)
