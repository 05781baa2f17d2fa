"""The result's tables: flat records, names as in R's broom, null where withheld or undefined."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from v6_clinical.protocol.analysis import Outcome
from v6_summary.comparison import (
    Test,
    chi_square,
    correlation_test,
    smd_levels,
    smd_means,
    welch,
)
from v6_summary.moments import Moments
from v6_summary.pairs import correlation, pairs
from v6_summary.pooled import Group, Pooled
from v6_summary.quantiles import Curve, quantile
from v6_summary.questions import Tabulate
from v6_summary.request import SummaryRequest

Record = dict[str, Any]
ALL = "all"  # the group of all rows
MANY_MISSING = 0.1  # a share of the rows that is worth a word
BINS_PER_SD = 2  # at least; histogram bins are .25 to .5 sd wide


def conclude(request: SummaryRequest, question: Tabulate, pooled: Pooled) -> Outcome:
    """Return every table of the result and the warnings that belong to them."""
    groups: list[Group] = [None, *range(len(pooled.groups))]
    tables: dict[str, Any] = {
        "numeric": [
            _numeric(request, pooled, i, g) for i in range(len(question.numeric)) for g in groups
        ],
        "categorical": [
            record
            for i in range(len(question.categorical))
            for g in groups
            for record in _categorical(pooled, i, g)
        ],
    }
    if request.group_by is not None:
        tables["comparison"] = _comparison(pooled)
    if request.correlation:
        tables["correlation"] = _correlation(pooled)
    if request.histogram:
        tables["histogram"] = {
            column.name: _histogram(pooled.curve(i, None), pooled.moments(i, None))
            for i, column in enumerate(question.numeric)
        }
    if request.per_site:
        tables["per_site"] = _per_site(pooled)
    return Outcome(tables, _warnings(pooled, groups))


def _number(value: float | None) -> float | None:
    """Return a plain number, or None where it does not exist: NaN never reaches JSON."""
    return None if value is None or not np.isfinite(value) else float(value)


def _group_name(pooled: Pooled, group: Group) -> str:
    return ALL if group is None else pooled.groups[group]


def quantile_name(q: float) -> str:
    """Return the column of a quantile: q05 for .05, q2.5 for .025."""
    percent = f"{100 * q:.10g}"
    return "q" + (percent.zfill(2) if "." not in percent else percent)


def _moments(about: Moments) -> Record:
    return {
        "n": round(about.n),
        "mean": _number(about.mean),
        "sd": _number(about.sd),
        "skewness": _number(about.skewness),
        "kurtosis": _number(about.kurtosis),
    }


def _numeric(request: SummaryRequest, pooled: Pooled, i: int, group: Group) -> Record:
    about = pooled.moments(i, group)
    record: Record = {
        "variable": pooled.question.numeric[i].name,
        "group": _group_name(pooled, group),
        **_moments(about),
    }
    record["missing"] = pooled.missing("missing", i, group)
    named = {"median": 0.5, "q1": 0.25, "q3": 0.75}
    named |= {quantile_name(q): q for q in request.quantiles}
    for name, q in named.items():
        found = None
        if about.n > 0:
            found = quantile(q, pooled.curve(i, group), about, whole=pooled.whole[i])
        record[name] = _number(found.estimate) if found else None
        record[f"{name}_low"] = _number(found.low) if found else None
        record[f"{name}_high"] = _number(found.high) if found else None
    return record


def _categorical(pooled: Pooled, i: int, group: Group, prefix: str = "") -> list[Record]:
    column = pooled.question.categorical[i]
    counts, withheld = pooled.counts(i, group, prefix)
    # Percentages of a total that hides a cell would give the cell away: none at all then.
    total = 0.0 if withheld.any() else counts.sum()
    missing = pooled.missing("absent", i, group, prefix)
    return [
        {
            "variable": column.name,
            "level": level,
            "group": _group_name(pooled, group),
            "count": None if hidden else round(count),
            "percent": _number(100 * count / total) if total else None,
            "missing": missing,
            "suppressed": bool(hidden),
        }
        for level, count, hidden in zip(column.levels, counts, withheld, strict=True)
    ]


def _comparison(pooled: Pooled) -> list[Record]:
    groups = range(len(pooled.groups))
    records = []
    for i, column in enumerate(pooled.question.numeric):
        about = [pooled.moments(i, g) for g in groups]
        records.append(_test(column.name, welch(about), smd_means(about)))
    for i, factor in enumerate(pooled.question.categorical):
        found = [pooled.counts(i, g) for g in groups]
        table = np.column_stack([counts for counts, _ in found])
        if any(withheld.any() for _, withheld in found):
            records.append(_test(factor.name, Test("chi_square"), np.nan))
        else:
            records.append(_test(factor.name, chi_square(table), smd_levels(table)))
    return records


def _test(variable: str, test: Test, smd: float) -> Record:
    return {
        "variable": variable,
        "test": test.name,
        "statistic": _number(test.statistic),
        "df": _number(test.df),
        "df2": _number(test.df2),
        "p_value": _number(test.p_value),
        "smd": _number(smd),
    }


def _correlation(pooled: Pooled) -> list[Record]:
    columns = pooled.question.numeric
    sums = pooled.total.get("pairs", (len(pairs(len(columns))), 7))
    records = []
    for (i, j), row in zip(pairs(len(columns)), sums, strict=True):
        found = correlation(row)
        low, high, p_value = correlation_test(found.r, found.n)
        records.append(
            {
                "variable_1": columns[i].name,
                "variable_2": columns[j].name,
                "n": round(found.n),
                "r": _number(found.r),
                "conf_low": _number(low),
                "conf_high": _number(high),
                "p_value": _number(p_value),
            }
        )
    return records


def _histogram(curve: Curve, about: Moments) -> dict[str, list[Any]]:
    """Return bins between points where the pooled count is exact: nothing new leaves a site."""
    if about.n == 0:
        return {"lower": [], "upper": [], "count": []}
    exact = curve.at_least == curve.at_most
    sd = about.population_sd
    if sd > 0:
        width = np.ldexp(1.0, int(np.floor(np.log2(sd / BINS_PER_SD))))
        exact &= curve.points % width == 0
    edges, below = curve.points[exact], curve.at_least[exact]
    inner = (below > 0) & (below < about.n)
    # One empty bin's edge on either side bounds the data where the sites let it be known.
    inner |= np.roll(inner, 1) & (below == about.n) | np.roll(inner, -1) & (below == 0)
    edges, below = edges[inner], below[inner]
    counts = np.diff(below, prepend=0.0, append=about.n)
    lower: list[Any] = [None, *edges.tolist()]
    upper: list[Any] = [*edges.tolist(), None]
    rows = [(a, b, round(c)) for a, b, c in zip(lower, upper, counts, strict=True)]
    rows = [row for row in rows if row[2] or (row[0] is not None and row[1] is not None)]
    return {
        "lower": [row[0] for row in rows],
        "upper": [row[1] for row in rows],
        "count": [row[2] for row in rows],
    }


def _per_site(pooled: Pooled) -> dict[str, list[Record]]:
    numeric: list[Record] = []
    categorical: list[Record] = []
    for index, organization in enumerate(pooled.organizations):
        prefix = f"site/{index}/"
        site = {"organization_id": organization}
        for i, column in enumerate(pooled.question.numeric):
            about = pooled.moments(i, None, prefix=prefix)
            missing = pooled.missing("missing", i, None, prefix)
            record = {"variable": column.name, **_moments(about), "missing": missing}
            numeric.append(site | record)
        for i in range(len(pooled.question.categorical)):
            categorical += [site | record for record in _categorical(pooled, i, None, prefix)]
    return {"numeric": numeric, "categorical": categorical}


def _warnings(pooled: Pooled, groups: list[Group]) -> list[dict[str, str]]:
    """Say what is missing from the tables, and why; no counts of patients."""
    found = [*_left_out(pooled)]
    for name, sites in pooled.ungrouped_sites().items():
        text = f"{sites} site(s) withhold the group sums of '{name}': a group there is too small."
        found.append({"code": "GROUPS_WITHHELD", "message": text + " Group rows leave them out."})
    for i, column in enumerate(pooled.question.numeric):
        hidden = [_group_name(pooled, g) for g in groups if pooled.withholds_high_orders(i, g)]
        if hidden:
            text = (
                f"Skewness and kurtosis of '{column.name}' need more rows in every group, and of "
            )
            text += f"each value if it has few ({', '.join(hidden)})."
            found.append({"code": "HIGH_ORDERS_WITHHELD", "message": text})
    for i, factor in enumerate(pooled.question.categorical):
        if any(pooled.counts(i, g)[1].any() for g in groups):
            text = f"Levels of '{factor.name}' are suppressed: too few rows at a site."
            found.append({"code": "CELLS_SUPPRESSED", "message": text})
    pairs_withheld = pooled.total.arrays.get("pairs")
    if pairs_withheld is not None and pairs_withheld[:, 6].any():
        text = (
            "Some sites withhold correlations: two columns differ in too few rows, are missing in "
        )
        text += "too few, or few rows make a combination of columns."
        found.append({"code": "PAIRS_WITHHELD", "message": text})
    return found


def _left_out(pooled: Pooled) -> Iterator[dict[str, str]]:
    """Warn of rows without a group, and of columns that many rows lack: by counts of the tables."""
    group = pooled.question.group
    without = pooled.rows_without_group()
    if group is not None and without:
        text = f"In {without} rows the group is missing ('{group.name}'): they are in '{ALL}' only."
        yield {"code": "GROUP_MISSING", "message": text}
    for name, n, missing in pooled.incomplete():
        if missing >= MANY_MISSING * (n + missing):
            text = f"'{name}' is missing in {missing} of {n + missing} rows."
            yield {"code": "MANY_MISSING", "message": text}
