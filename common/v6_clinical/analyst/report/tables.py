"""The tables of a report: every table of the result, in an order that a reader wants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from v6_clinical.analyst.figures.labels import profile_label, site_name, stratum_name, term_label
from v6_clinical.analyst.report.cells import head, number, written
from v6_clinical.terminal.render.words import DASH

Record = Mapping[str, Any]

TITLES: Final = {
    "proportional_hazards": "Test of proportional hazards",
    "heterogeneity": "Heterogeneity of the sites' own estimates",
    "calibration": "Calibration",
    "categorical": "Categorical columns",
    "comparison": "Comparison of groups",
    "correlation": "Correlation (Pearson)",
}
TEXT: Final = {"term", "variable", "variable_1", "variable_2", "level", "group", "test"}
SITE_TITLES: Final = {"numeric": "Numeric columns", "categorical": "Categorical columns"}
COEFFICIENTS: Final = ("term", "estimate", "std_error", "robust_se", "statistic", "p_value")
FIT: Final = {"n": "rows", "df": "degrees of freedom", "df_residual": "residual df"}
MOMENTS: Final = ("variable", "group", "n", "missing", "mean", "sd", "skewness", "kurtosis")


@dataclass(frozen=True)
class Table:
    """A table of texts; the first ``left`` columns are flush left, the others right."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: int = 1
    note: str = ""
    folded: bool = False  # long: shown on demand, and in print


def all_tables(result: Record) -> list[Table]:
    """Return every table of a completed result that is not empty; long ones are folded."""
    return list(_tables(result))


def _tables(result: Record) -> Iterator[Table]:
    if result.get("numeric"):
        yield _moments(result["numeric"])
        yield _quantiles(result["numeric"])
    if result.get("coefficients"):
        yield _coefficients(result)
    for name, title in TITLES.items():
        if result.get(name):
            yield of_records(title, result[name])
    if result.get("fit"):
        yield _fit(result["fit"][0])
    if result.get("covariance"):
        yield _covariance(result["covariance"])
    yield from _curves(result)
    if (result.get("roc") or {}).get("threshold"):
        yield replace(of_columns("ROC curve", result["roc"]), folded=True)
    for name, bins in (result.get("histogram") or {}).items():
        yield _histogram(name, bins)
    for name, rows in (result.get("per_site") or {}).items():
        yield replace(of_records(f"{SITE_TITLES[name]}, by site", rows), folded=True)


def of_records(title: str, records: Sequence[Record]) -> Table:
    """Return a table of flat records."""
    names = list(records[0])
    rows = [[written(name, record[name]) for name in names] for record in records]
    left = next((i for i, name in enumerate(names) if name not in TEXT), len(names))
    return Table(title, [head(name) for name in names], rows, left)


def of_columns(title: str, columns: Mapping[str, Sequence[Any]]) -> Table:
    """Return a table of named columns."""
    lines = zip(*columns.values(), strict=True)
    rows = [[written(n, value) for n, value in zip(columns, line, strict=True)] for line in lines]
    return Table(title, [head(name) for name in columns], rows, left=0)


def _coefficients(result: Record) -> Table:
    """Return estimates on the scale of the model; ratios are in the report's first table."""
    level = f"{100 * result['request']['confidence_level']:g}% CI"
    records = []
    for row in result["coefficients"]:
        record = {name: row[name] for name in COEFFICIENTS if name in row}
        records.append(record | {level: f"({number(row['conf_low'])}, {number(row['conf_high'])})"})
    return of_records("Coefficients", records)


def _fit(record: Record) -> Table:
    rows = []
    for name, value in record.items():
        title = FIT.get(name) or head(name)
        rows.append([title[:1].upper() + title[1:], written(name, value)])
    return Table("Fit", ["", ""], rows)


def _covariance(records: Sequence[Record]) -> Table:
    terms = [record["term"] for record in records]
    rows = [[term_label(r["term"]), *(number(r[term]) for term in terms)] for r in records]
    heads = ["term", *(term_label(term) for term in terms)]
    return Table("Covariance of the coefficients", heads, rows, folded=True)


def _moments(records: Sequence[Record]) -> Table:
    return of_records("Numeric columns", [{name: r[name] for name in MOMENTS} for r in records])


def _quantiles(records: Sequence[Record]) -> Table:
    asked = [name.removesuffix("_low") for name in records[0] if name.endswith("_low")]
    names = sorted({*asked} - {"q25", "q50", "q75"}, key=_order)  # these are quartiles
    rows = [
        [record["variable"], record["group"], *(interval(record, name) for name in names)]
        for record in records
    ]
    note = "In parentheses the interval that certainly holds the quantile of the pooled rows."
    return Table("Quantiles", ["variable", "group", *names], rows, left=2, note=note)


def _order(quantile: str) -> float:
    known = {"q1": 25.0, "median": 50.0, "q3": 75.0}
    return known[quantile] if quantile in known else float(quantile[1:])


def interval(record: Record, name: str) -> str:
    """Return a quantile, and the interval that certainly holds it where that is not a point."""
    low, high, estimate = record[f"{name}_low"], record[f"{name}_high"], record[name]
    if low == high:
        return number(estimate if low is None else low)
    shown = "" if estimate is None else f"{number(estimate)} "
    return f"{shown}({number(low)} to {number(high)})"


def _curves(result: Record) -> Iterator[Table]:
    """Yield a table for each baseline curve: with the survival of every profile beside."""
    for curve in result.get("baseline_hazard") or []:
        if not curve["time"]:
            continue
        columns = {
            name: curve[name] for name in ("time", "n_at_risk", "cumulative_hazard", "survival")
        }
        table = of_columns("", columns)
        heads, rows = list(table.heads), [list(row) for row in table.rows]
        for predicted in result.get("prediction") or []:
            if all(predicted[name] == curve[name] for name in ("organization_id", "stratum")):
                heads.append(profile_label(result, predicted["profile"]))
                for row, value in zip(rows, predicted["survival"], strict=True):
                    row.append(written("survival", value))
        place = [site_name(curve["organization_id"]), stratum_name(result, curve)]
        title = f"Survival curve: {', '.join(filter(None, place))}"
        note = "Cumulative hazard and survival at the pooled means of the columns"
        note += ", then survival of each profile." if len(heads) > 4 else "."
        yield Table(title, heads, rows, left=0, note=note, folded=True)


def _histogram(name: str, bins: Mapping[str, Sequence[Any]]) -> Table:
    rows = [
        [DASH if low is None else f"{low:g}", DASH if high is None else f"{high:g}", number(count)]
        for low, high, count in zip(bins["lower"], bins["upper"], bins["count"], strict=True)
    ]
    return Table(f"Histogram: {name}", ["above", "up to", "rows"], rows, left=0, folded=True)
