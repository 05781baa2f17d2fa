"""The baseline hazard in a result: one curve a site and stratum, or one a stratum of all sites.

Curves are at the pooled means of the columns (the result's ``model``) and offset 0: there exp(x b)
is a number, however far from 0 the covariates lie. Each has ``organization_id`` (null where the
baseline is common) and ``stratum`` beside the columns ``time cumulative_hazard survival
n_at_risk``: those who remain after that time. The stratum is the label of its column, of several
columns ``stage=1, grade=2/3``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from v6_clinical.labels import read_stratum, strata_in_order, stratum_name
from v6_clinical.numerics.arrays import Array
from v6_clinical.protocol.sums import Sums
from v6_clinical.regression.centre.tables import plain
from v6_clinical.survival.rounding import decimal
from v6_cox.curves import LARGEST_HAZARD
from v6_cox.shared_times import CommonTimes

Record = dict[str, Any]


def own_curves(
    total: Sums, times: Array, columns: Sequence[str], organizations: Sequence[int]
) -> list[Record]:
    """Return the curves that sites sent, ``columns`` being those of the strata."""
    curves = []
    for place, organization in enumerate(organizations):
        sent = total.tallies.get(f"site/{place}/strata", {})
        codes = {read_stratum(key): round(code) for key, code in sent.items()}
        found = total.arrays.get(f"site/{place}/curves")
        for stratum in strata_in_order(codes):
            if found is None:
                continue
            shown, hazard, remain = found[codes[stratum]]
            keep, name = shown > 0, stratum_name(columns, stratum)
            curves.append(_record(organization, name, times[keep], hazard[keep], remain[keep]))
    return curves


def shared_curves(
    total: Sums, times: Array, columns: Sequence[str], known: CommonTimes, jumps: Array
) -> list[Record]:
    """Return the common curves; the rows that remain are null where a site does not show them.

    Parameters
    ----------
    jumps
        Of the hazard, at each of the event times.
    """
    remaining = total.get("remaining", (len(known.labels), 3, len(times)))
    curves, first = [], 0
    for stratum, own, (sites, shown, remain) in zip(
        known.labels, known.times, remaining, strict=True
    ):
        sums = np.append(0.0, np.cumsum(jumps[first : first + len(own)][::-1]))
        hazard = sums[np.searchsorted(decimal(own[::-1]), times, side="right")]
        first += len(own)
        count = np.where(shown == sites, remain, np.nan)
        curves.append(_record(None, stratum_name(columns, stratum), times, hazard, count))
    return curves


def _record(
    organization: int | None, stratum: str, times: Array, hazard: Array, remain: Array
) -> Record:
    return {
        "organization_id": organization,
        "stratum": stratum,
        "time": times.tolist(),
        "cumulative_hazard": [plain(h) for h in np.where(hazard < LARGEST_HAZARD, hazard, np.inf)],
        "survival": np.exp(-hazard).tolist(),
        "n_at_risk": [None if np.isnan(count) else round(count) for count in remain.tolist()],
    }
