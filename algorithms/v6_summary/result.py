"""The result's tables: flat records, names as in R's broom, null where withheld or undefined."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np

from v6_clinical.protocol.analysis import Outcome
from v6_summary.cautions import cautions
from v6_summary.compared import (
    Compared,
    Record,
    compare_levels,
    compare_numbers,
    not_compared,
    number,
)
from v6_summary.comparison import correlation_test
from v6_summary.histogram import histogram
from v6_summary.moments import Moments
from v6_summary.pairs import Correlation, correlation, pairs
from v6_summary.plan import Plan, Withheld
from v6_summary.pooled import Group, Pooled
from v6_summary.quantiles import Interval, quantile
from v6_summary.request import SummaryRequest


def conclude(request: SummaryRequest, planned: Plan, pooled: Pooled) -> Outcome:
    """Return every table of the result and the warnings that belong to them."""
    return _Tables(request, planned, pooled).outcome()


class _Tables:
    """The tables, of the request's columns in its order; a withheld column has null in all."""

    def __init__(self, request: SummaryRequest, planned: Plan, pooled: Pooled) -> None:
        self._request, self._pooled = request, pooled
        self._groups: list[Group] = [None, *range(len(pooled.groups))]
        question, withheld = planned.question, planned.withheld
        self._withheld = withheld
        gone = {column.name: column for column in withheld}
        numeric = {column.name: i for i, column in enumerate(question.numeric)}
        numeric_gone = {name: column for name, column in gone.items() if column.numeric}
        self._numeric: dict[str, int | Withheld] = _ordered(request, numeric | numeric_gone)
        factors = {factor.name: i for i, factor in enumerate(question.categorical)}
        factors_gone = {name: column for name, column in gone.items() if not column.numeric}
        self._categorical: dict[str, int | Withheld] = _ordered(request, factors | factors_gone)

    def outcome(self) -> Outcome:
        """Return the tables that were asked for."""
        request, compared = self._request, self._compared()
        tables: dict[str, Any] = {
            "numeric": list(self._numeric_records()),
            "categorical": list(self._categorical_records()),
        }
        if request.group_by is not None:
            tables["comparison"] = [record for one in compared for record in one.records()]
        if request.correlation:
            tables["correlation"] = list(self._correlations())
        if request.histogram:
            tables["histogram"] = dict(self._histograms())
        if request.per_site:
            tables["per_site"] = self._per_site()
        warnings = cautions(self._pooled, self._withheld, compared)
        return Outcome(tables, warnings, precision=self._pooled.precision)

    def _numeric_records(self) -> Iterator[Record]:
        for name, place in self._numeric.items():
            for group in self._groups:
                yield _numeric(self._request, self._pooled, name, place, group)

    def _categorical_records(self) -> Iterator[Record]:
        for place in self._categorical.values():
            for group in self._groups:
                if isinstance(place, Withheld):
                    yield from _no_levels(place, self._pooled.group_name(group))
                else:
                    yield from _categorical(self._pooled, place, group)

    def _compared(self) -> list[Compared]:
        pooled, groups = self._pooled, len(self._pooled.groups)
        if self._request.group_by is None:
            return []
        numbers, levels = self._numeric.values(), self._categorical.values()
        return [
            *(
                not_compared(i, groups) if isinstance(i, Withheld) else compare_numbers(pooled, i)
                for i in numbers
            ),
            *(
                not_compared(i, groups) if isinstance(i, Withheld) else compare_levels(pooled, i)
                for i in levels
            ),
        ]

    def _correlations(self) -> Iterator[Record]:
        columns = self._pooled.question.numeric
        found = map(correlation, self._pooled.pair_sums(), self._pooled.pair_noise())
        told = dict(zip(pairs(len(columns)), found, strict=True))
        for (name, i), (other, j) in combinations(self._numeric.items(), 2):
            both = isinstance(i, int) and isinstance(j, int)
            yield _correlation(name, other, told[i, j] if both else None)  # type: ignore[index]

    def _histograms(self) -> Iterator[tuple[str, dict[str, list[Any]]]]:
        pooled = self._pooled
        for name, i in self._numeric.items():
            if isinstance(i, Withheld):
                yield name, {"lower": [], "upper": [], "count": []}
            else:
                yield (
                    name,
                    histogram(pooled.curve(i, None), pooled.moments(i, None), pooled.about[i]),
                )

    def _per_site(self) -> dict[str, list[Record]]:
        numeric: list[Record] = []
        categorical: list[Record] = []
        for index, organization in enumerate(self._pooled.organizations):
            prefix, site = f"site/{index}/", {"organization_id": organization}
            for i, column in enumerate(self._pooled.question.numeric):
                about = self._pooled.moments(i, None, prefix)
                missing = self._pooled.missing("missing", i, None, prefix)
                record = {"variable": column.name, **_moments(about), "missing": missing}
                numeric.append(site | record)
            for i in range(len(self._pooled.question.categorical)):
                found = _categorical(self._pooled, i, None, prefix)
                categorical += [site | record for record in found]
        return {"numeric": numeric, "categorical": categorical}


def _ordered(request: SummaryRequest, found: dict[str, Any]) -> dict[str, Any]:
    """Return columns in the order of the request."""
    return {name: found[name] for name in request.columns if name in found}


def quantile_name(q: float) -> str:
    """Return the column of a quantile: q05 for .05, q2.5 for .025."""
    percent = f"{100 * q:.10g}"
    return "q" + (percent.zfill(2) if "." not in percent else percent)


def _moments(about: Moments) -> Record:
    return {
        "n": round(about.n),
        "mean": number(about.mean),
        "sd": number(about.sd),
        "skewness": number(about.skewness),
        "kurtosis": number(about.kurtosis),
    }


def _numeric(
    request: SummaryRequest, pooled: Pooled, name: str, place: int | Withheld, group: Group
) -> Record:
    record: Record = {"variable": name, "group": pooled.group_name(group)}
    named = {"median": 0.5, "q1": 0.25, "q3": 0.75}
    named |= {quantile_name(q): q for q in request.quantiles}
    if isinstance(place, Withheld):
        record |= dict.fromkeys(("n", "mean", "sd", "skewness", "kurtosis", "missing"))
        for one in named:
            record |= _interval(one, None)
        return record
    about = pooled.moments(place, group)
    record |= _moments(about) | {"missing": pooled.missing("missing", place, group)}
    curve, rough = pooled.curve(place, group), pooled.about[place]
    for one, q in named.items():
        record |= _interval(one, quantile(q, curve, about, rough) if about.n > 0 else None)
    return record


def _interval(name: str, found: Interval | None) -> Record:
    return {
        name: number(found.estimate) if found else None,
        f"{name}_low": number(found.low) if found else None,
        f"{name}_high": number(found.high) if found else None,
    }


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
            "group": pooled.group_name(group),
            "count": None if hidden else round(count),
            "percent": number(100 * count / total) if total else None,
            "missing": missing,
            "suppressed": bool(hidden),
        }
        for level, count, hidden in zip(column.levels, counts, withheld, strict=True)
    ]


def _no_levels(column: Withheld, group: str) -> list[Record]:
    """Return the records of a column that is withheld: of its levels, as far as they are known."""
    return [
        {
            "variable": column.name,
            "level": level,
            "group": group,
            "count": None,
            "percent": None,
            "missing": None,
            "suppressed": True,
        }
        for level in column.levels or (None,)
    ]


def _correlation(name: str, other: str, told: Correlation | None) -> Record:
    found = told or Correlation(np.nan, np.nan)
    low, high, p_value = correlation_test(found.r, found.n, noise=found.noise)
    return {
        "variable_1": name,
        "variable_2": other,
        "n": round(found.n) if told else None,
        "r": number(found.r),
        "conf_low": number(low),
        "conf_high": number(high),
        "p_value": number(p_value),
    }
