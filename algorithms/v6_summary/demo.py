"""The demo's numbers of another program on the pooled rows: pandas and scipy."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from v6_clinical.face.contract import Record
from v6_clinical.face.demo import Beside

if TYPE_CHECKING:
    import pandas as pd


def beside(result: Record, pooled: pd.DataFrame) -> Beside:
    """Return means, standard deviations and tests beside those of the pooled rows."""
    rows = []
    by = result["request"]["group_by"]
    for record in [*result["numeric"], *result["comparison"]]:
        for name, theirs in _numbers(record, pooled, by):
            ours = record.get(name)
            if ours is not None:  # not withheld under the shipped limits
                gap = abs(ours - theirs) / max(abs(theirs), math.ulp(1.0))
                label = f"{record['variable']} {record.get('group', record.get('test'))} {name}"
                rows.append((label, float(ours), theirs, gap))
    return Beside("pandas and scipy", "relative", 1e-10, rows)


def _numbers(record: Record, pooled: pd.DataFrame, by: str) -> Iterator[tuple[str, float]]:
    """Yield the pooled numbers that a record of ``numeric`` or ``comparison`` should hold."""
    from scipy import stats

    variable = record["variable"]
    if "group" in record:
        whole = record["group"] == "all"
        frame = pooled if whole else pooled[pooled[by] == record["group"]]
        x = frame[variable].to_numpy(float)
        yield from (("n", float(len(x))), ("mean", float(x.mean())), ("sd", float(x.std(ddof=1))))
    elif record["test"] == "welch_t":
        groups = [group for _, group in pooled.groupby(by)[variable]]
        t = stats.ttest_ind(*groups, equal_var=False)
        yield from (("statistic", float(t.statistic)), ("p_value", float(t.pvalue)))
    elif record["test"] == "chi_square":
        counts = pooled.groupby([variable, by]).size().unstack(fill_value=0)
        chi = stats.chi2_contingency(counts.to_numpy(), correction=False)
        yield from (("statistic", float(chi.statistic)), ("p_value", float(chi.pvalue)))
