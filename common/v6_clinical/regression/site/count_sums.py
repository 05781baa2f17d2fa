"""How many rows and events a site has, and sums of weights and of outcomes that are no counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from v6_clinical.disclosure.row_key import digest_of
from v6_clinical.numerics.arrays import Array
from v6_clinical.protocol.sums import Noise, Sums
from v6_clinical.regression.counts import OUTCOME, ROWS, WEIGHTS
from v6_clinical.regression.site.noise import in_units, parts_of
from v6_clinical.regression.site.rows import Rows

if TYPE_CHECKING:
    from v6_clinical.disclosure import Policy


def count_sums(rows: Rows, outcome: Array, policy: Policy, *, counted: bool) -> Sums:
    """Return what ``Counts.read`` reads: rows as they are, sums of real numbers with noise.

    Parameters
    ----------
    outcome
        Shape (n,).
    counted
        Whether it is 0 and 1, so that its sum is a count.
    """
    events = float(outcome.sum()) if counted else 0.0
    counts = Sums({ROWS: np.array([rows.n, rows.dropped, events], dtype=np.float64)})
    return counts + _real_sums(rows, outcome, policy, counted) if rows.n else counts


def _real_sums(rows: Rows, outcome: Array, policy: Policy, counted: bool) -> Sums:
    weights, found = rows.weights, {}
    weighted = weights.strides != (0,)
    if not counted:
        value = float(outcome.sum() if weighted else np.dot(weights, outcome))
        found[OUTCOME] = [_noisy(rows, policy, OUTCOME, value, outcome)]
    if weighted:
        values = float(weights.sum()), float(np.dot(weights, outcome))
        product = weights * outcome
        found[WEIGHTS] = [
            _noisy(rows, policy, WEIGHTS, values[0], weights),
            _noisy(rows, policy, "weighted", values[1], product, weights, outcome),
        ]
    noise = dict.fromkeys(found, Noise()) if policy.noise.on else {}
    return Sums({name: np.array(numbers) for name, numbers in found.items()}, noise=noise)


def _noisy(
    rows: Rows, policy: Policy, name: str, value: float, parts: Array, *keyed: Array
) -> float:
    """Return a sum with the noise of n times a mean: n is told as it is.

    Parameters
    ----------
    keyed
        What the parts are made of, by default themselves: their noise is drawn once.
    """
    if not policy.noise.on:
        return value
    columns = keyed or (parts,)
    found = [digest_of(column, columns[-1]) for column in columns]
    units = in_units([number for digest in found for number in (digest.mean, digest.sd)])
    key = b"|".join([b"sum", *(digest.key for digest in found), units])
    source = policy.noise.source(key + (b"" if rows.clusters is None else b"|clusters"))
    about = parts_of(parts - parts.mean(), rows.clusters)
    return source.number(name, b"", value, about.size, about.largest)
