"""The baseline hazard in a result: one curve a site and stratum, or one a stratum of all sites."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from v6_clinical.numerics.arrays import Array
from v6_clinical.protocol.sums import Sums
from v6_clinical.regression.centre.tables import plain
from v6_clinical.survival.rounding import decimal
from v6_cox.fitting import Fitting
from v6_cox.kernel.shared_baseline import jumps_of

Record = dict[str, Any]


def baseline_tables(fitting: Fitting, total: Sums, organizations: Sequence[int]) -> list[Record]:
    """Return curves at the pooled means of the columns (the result's ``model``) and offset 0.

    There exp(x b) is a number, however far from 0 the covariates lie. Each curve has
    ``organization_id`` (null where the baseline is common) and ``stratum`` beside the columns
    ``time cumulative_hazard survival n_at_risk``: those who remain after that time.
    """
    if fitting.grid is None:
        return []
    times = fitting.grid.times()
    if fitting.times is not None:
        return _common(fitting, total, times)
    curves = []
    for place, organization in enumerate(organizations):
        strata = total.tallies.get(f"site/{place}/strata", {})
        found = total.arrays.get(f"site/{place}/curves")
        for label, code in strata.items():
            if found is None:
                continue
            shown, hazard, remain = found[round(code)]
            keep = shown > 0
            curves.append(_record(organization, label, times[keep], hazard[keep], remain[keep]))
    return curves


def _common(fitting: Fitting, total: Sums, times: Array) -> list[Record]:
    """Return the common curves; the rows that remain are null where a site does not show them."""
    known = fitting.times
    if known is None:
        return []
    jumps = jumps_of(fitting.risk_sums(total), fitting.request.ties).hazard
    remaining = total.get("remaining", (len(known.labels), 3, len(times)))
    curves, first = [], 0
    for label, own, (sites, shown, remain) in zip(
        known.labels, known.times, remaining, strict=True
    ):
        sums = np.append(0.0, np.cumsum(jumps[first : first + len(own)][::-1]))
        hazard = sums[np.searchsorted(decimal(own[::-1]), times, side="right")]
        first += len(own)
        count = np.where(shown == sites, remain, np.nan)
        curves.append(_record(None, label, times, hazard, count))
    return curves


def _record(
    organization: int | None, label: str, times: Array, hazard: Array, remain: Array
) -> Record:
    return {
        "organization_id": organization,
        "stratum": label,
        "time": times.tolist(),
        "cumulative_hazard": [plain(h) for h in hazard.tolist()],
        "survival": np.exp(-hazard).tolist(),
        "n_at_risk": [None if np.isnan(count) else round(count) for count in remain.tolist()],
    }
