"""Table 1 of a manuscript, from the tables ``numeric`` and ``categorical``."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from v6_clinical.analyst.manuscript.sheet import Labels, Row, Sheet, fixed, level, variable
from v6_clinical.face.words import DASH, of_noise, p_value

Record = Mapping[str, Any]
ALL = "all"
WITHHELD = "[c]"
TESTS = {
    "welch_t": "Welch's t-test",
    "welch_anova": "Welch's one-way test",
    "wilcoxon": "Wilcoxon's rank-sum test for medians",
    "kruskal": "Kruskal and Wallis's test for medians",
    "chi_square": "Pearson's chi-squared test without continuity correction",
    "fisher": "Fisher's exact test of two levels where fewer than 5 patients are expected in a "
    "cell",
}
MEANS, RANKS = ("welch_t", "welch_anova"), ("wilcoxon", "kruskal")
P_EDGE, WIDE = 0.05, 0.2
FEW = 5  # patients expected in a cell: Fisher's test, where there is one
# Warnings of a result that a reader of the table must know.
CAUTIONS = ("COLUMN_WITHHELD", "GROUPS_WITHHELD", "GROUP_MISSING")
OF_P, OF_SMD = ("FEW_EXPECTED",), ("SMD_INFINITE",)


@dataclass(frozen=True)
class Style:
    """How Table 1 looks.

    Parameters
    ----------
    labels
        Column to its name in print; ``"column=level"`` to that of a level.
    digits
        Decimals of numeric variables, of all or of each.
    median
        Variables shown as median [Q1, Q3] instead of mean (SD), with a rank test; True for all.
    p_digits
        Decimals of p-values.
    overall, p_values, smd, missing
        Whether there is a column of all patients, of p-values, of standardised mean differences,
        and a row of missing values where there are any.
    withheld
        What stands for a count that a site withholds.
    """

    labels: Labels = field(default_factory=dict)
    digits: int | Mapping[str, int] = 1
    median: bool | Collection[str] = False
    p_digits: int = 3
    overall: bool = True
    p_values: bool = True
    smd: bool = True
    missing: bool = True
    withheld: str = WITHHELD
    title: str = ""

    def digits_of(self, name: str) -> int:
        """Return the decimals of a variable."""
        return self.digits if isinstance(self.digits, int) else self.digits.get(name, 1)

    def is_median(self, name: str) -> bool:
        """Tell whether a variable is shown by its median."""
        return self.median if isinstance(self.median, bool) else name in self.median


def table1(result: Record, style: Style | None = None) -> Sheet:
    """Return Table 1: a row or more for each variable, a column for each group.

    Only published numbers are shown. A cell that sites withhold is marked, its percentage is left
    out, and nothing is computed that would give it away.
    """
    return _Table(result, style or Style()).sheet()


class _Table:
    def __init__(self, result: Record, style: Style) -> None:
        self._result, self._style = result, style
        self._group_by = result["request"]["group_by"]
        records = [*result["numeric"], *result["categorical"]]
        found = dict.fromkeys(record["group"] for record in records)
        named = [group for group in found if group != ALL]
        shows_all = style.overall or not named
        self._groups = [ALL, *named] if shows_all else named
        self._tests = _by_variable(result.get("comparison", []))
        self._used: dict[str, None] = {}  # the tests whose p-values are shown, in order
        self._numeric = _by_variable(result["numeric"])
        self._categorical = _by_variable(result["categorical"])

    def sheet(self) -> Sheet:
        order = [name.strip() for name in self._result["request"]["columns"]]
        rows = [row for name in order for row in self._rows(name)]
        return Sheet(self._header(), tuple(rows), tuple(self._notes()), self._style.title)

    def _rows(self, name: str) -> Iterator[Row]:
        if name in self._numeric:
            yield from self._numeric_rows(name)
        elif name in self._categorical:
            yield from self._categorical_rows(name)

    def _numeric_rows(self, name: str) -> Iterator[Row]:
        style, records = self._style, {r["group"]: r for r in self._numeric[name]}
        digits, is_median = style.digits_of(name), style.is_median(name)
        what = "median [Q1, Q3]" if is_median else "mean (SD)"
        head = f"{variable(name, style.labels)}, {what}"
        compared = self._compared(name, RANKS if is_median else MEANS)
        if records[ALL]["n"] is None:
            yield Row((head, *(style.withheld for _ in self._groups), *compared))
            return
        show = _median if is_median else _mean
        cells = [show(records[group], digits) for group in self._groups]
        yield Row((head, *cells, *compared))
        yield from self._missing({group: record["missing"] for group, record in records.items()})

    def _categorical_rows(self, name: str) -> Iterator[Row]:
        labels, records = self._style.labels, self._categorical[name]
        compared = self._compared(name, ("fisher", "chi_square") if _few(records) else ())
        if records[0]["level"] is None:  # withheld, and no level known
            marks = (self._style.withheld for _ in self._groups)
            yield Row((f"{variable(name, labels)}, n (%)", *marks, *compared))
            return
        blank = ("",) * len(self._groups)
        yield Row((f"{variable(name, labels)}, n (%)", *blank, *compared))
        by_cell = {(record["level"], record["group"]): record for record in records}
        for one in dict.fromkeys(record["level"] for record in records):
            cells = [self._count(by_cell[one, group]) for group in self._groups]
            yield Row((level(name, one, labels), *cells, *self._no_comparison()), indent=1)
        yield from self._missing({record["group"]: record["missing"] for record in records})

    def _count(self, record: Record) -> str:
        if record["suppressed"] or record["count"] is None:
            return self._style.withheld
        percent = record["percent"]
        return f"{record['count']:,}" + ("" if percent is None else f" ({percent:.1f})")

    def _missing(self, counts: Mapping[str, int | None]) -> Iterator[Row]:
        """Yield a row of missing counts, where there are any or some are withheld."""
        if not self._style.missing or not any(count != 0 for count in counts.values()):
            return
        shown = [counts[group] for group in self._groups]
        cells = [self._style.withheld if count is None else f"{count:,}" for count in shown]
        yield Row(("Missing", *cells, *self._no_comparison()), indent=1)

    def _compared(self, name: str, wanted: Sequence[str]) -> list[str]:
        """Return the p-value of the first test of these names, and the SMD."""
        if not self._tests:
            return []
        records = self._tests.get(name, [])
        found = {record["test"]: record for record in records}
        tests = [found[test] for test in wanted or ("chi_square",) if test in found]
        cells = []
        if self._style.p_values:
            cells.append(self._p_value(tests[0]) if tests else DASH)
        if self._style.smd:
            cells.append(fixed(records[0]["smd"] if records else None, 3))
        return cells

    def _p_value(self, record: Record) -> str:
        """Show a p-value, or its certain bounds where they differ in print."""
        ends = (record.get(end, record["p_value"]) for end in ("p_low", "p_high"))
        bounds = tuple(ends)
        if None in bounds or is_open(bounds):
            return DASH
        self._used[record["test"]] = None
        low, high = (p_value(end, self._style.p_digits) for end in bounds)
        return low if low == high else f"{low} to {high}"

    def _no_comparison(self) -> list[str]:
        return [""] * (len(self._header()) - 1 - len(self._groups))

    def _header(self) -> tuple[str, ...]:
        columns = [self._group_name(group) for group in self._groups]
        compared = ["p"] if self._tests and self._style.p_values else []
        compared += ["SMD"] if self._tests and self._style.smd else []
        return ("", *columns, *compared)

    def _group_name(self, group: str) -> str:
        size = self._size(group)
        count = "" if size is None else f" (N = {size:,})"
        if group == ALL:
            return f"Overall{count}"
        labels = self._style.labels
        return f"{variable(self._group_by, labels)}: {level(self._group_by, group, labels)}{count}"

    def _size(self, group: str) -> int | None:
        """Return the patients of a group where one variable's numbers, all published, say it."""
        for records in self._numeric.values():
            (record,) = [r for r in records if r["group"] == group]
            if record["n"] is not None and record["missing"] is not None:
                return int(record["n"] + record["missing"])
        for records in self._categorical.values():
            own = [r for r in records if r["group"] == group]
            if all(r["count"] is not None and r["missing"] is not None for r in own):
                return int(sum(r["count"] for r in own) + own[0]["missing"])
        return None

    def _notes(self) -> Iterator[str]:
        yield "Percentages are of the patients with a value."
        if any(self._is_uncertain(name) for name in self._numeric):
            yield (
                "Of a median or quartile that the sites' counts do not tell to the last digit the "
                "interval is given that certainly holds it; of a p-value likewise, if it says "
                "anything."
            )
        if self._used:
            yield f"p: {'; '.join(TESTS[test] for test in self._used)}."
        if self._tests and self._style.smd:
            yield "SMD: standardised mean difference (mean of all pairs, if more than two groups)."
        if self._withholds():
            yield (
                f"{self._style.withheld}: withheld, because it counts too few patients at a site, "
                "or would give such a count away."
            )
        codes = (*CAUTIONS, *(OF_P if self._used else ()))
        codes += OF_SMD if self._tests and self._style.smd else ()
        for warning in self._result["warnings"]:
            if warning["code"] in codes:
                yield warning["message"]
        if noise := of_noise(self._result):
            yield noise

    def _is_uncertain(self, name: str) -> bool:
        """Tell whether an interval stands for a median or a quartile."""
        digits, records = self._style.digits_of(name), self._numeric[name]
        shown = [record for record in records if record["group"] in self._groups]
        return self._style.is_median(name) and any(
            " to " in _median(record, digits) for record in shown
        )

    def _withholds(self) -> bool:
        """Tell whether a mark is in the table."""
        numeric, categorical = (list(_all(r)) for r in (self._numeric, self._categorical))
        missing = [r["missing"] for r in (*numeric, *categorical) if r["group"] in self._groups]
        hidden = any(r["suppressed"] for r in categorical if r["group"] in self._groups)
        gone = any(r["n"] is None for r in numeric)
        return hidden or gone or (self._style.missing and None in missing)


def _by_variable(records: Collection[Record]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for record in records:
        found.setdefault(record["variable"], []).append(record)
    return found


def _all(by_variable: Mapping[str, list[Record]]) -> Iterator[Record]:
    for records in by_variable.values():
        yield from records


def _mean(record: Record, digits: int) -> str:
    if record["mean"] is None:
        return DASH
    return f"{fixed(record['mean'], digits)} ({fixed(record['sd'], digits)})"


def _median(record: Record, digits: int) -> str:
    middle, low, high = (_quantile(record, name, digits) for name in ("median", "q1", "q3"))
    return f"{middle} [{low}, {high}]"


def _quantile(record: Record, name: str, digits: int) -> str:
    """Show the interval that is certain: one number where its ends are the same in print."""
    low, high = (fixed(record[f"{name}_{end}"], digits) for end in ("low", "high"))
    return low if low == high else f"{low} to {high}"


def is_open(bounds: Sequence[float | None]) -> bool:
    """Tell whether bounds of a p-value say nothing: far apart, on both sides of .05."""
    low, high = bounds
    return low is not None and high is not None and low < P_EDGE < high and high - low > WIDE


def _few(records: Collection[Record]) -> bool:
    """Tell whether fewer than 5 patients are expected in a cell of the groups' counts."""
    counts: dict[str, dict[str, float]] = {}
    for record in records:
        if record["group"] != ALL:
            counts.setdefault(record["level"], {})[record["group"]] = record["count"] or 0
    of_levels = [sum(row.values()) for row in counts.values()]
    of_groups = [sum(column) for column in zip(*(r.values() for r in counts.values()), strict=True)]
    expected = [a * b for a in of_levels if a for b in of_groups if b]
    return min(expected, default=0) < FEW * sum(of_levels)
