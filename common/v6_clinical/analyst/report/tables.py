"""The tables of a report: every table of the result, in an order that a reader wants."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from v6_clinical.analyst.figures.labels import profile_label, stratum_name
from v6_clinical.analyst.frames import LAST, table_names
from v6_clinical.analyst.report.cells import Cells, head, number
from v6_clinical.face.terms import references
from v6_clinical.face.words import DASH, site_name
from v6_clinical.protocol.registry import face_of

Record = Mapping[str, Any]

TEXT: Final = {"term", "variable", "variable_1", "variable_2", "level", "group", "test"}
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
    """Return every table of a completed result that is not empty; long ones are folded.

    They come in the order of the analysis's face, with its titles.
    """
    cells, known = Cells(result), face_of(result["analysis"]).tables
    titles = {key: table.title for key, table in known.items()}
    others = {name.partition(".")[0]: "" for name in table_names(result)}
    found: list[Table] = []
    for key in [*titles, *(name for name in others if name not in titles)]:
        if result.get(key) and key not in LAST:
            title = titles.get(key) or head(key).capitalize()
            found += _LAYOUTS.get(key, _as_it_is)(result, key, title, cells)
    return found


def _as_it_is(result: Record, key: str, title: str, cells: Cells) -> Iterator[Table]:
    """Yield a table of records, of columns, or one for each part of a mapping."""
    value = result[key]
    if isinstance(value, list):
        curves = any(isinstance(part, list) for record in value for part in record.values())
        if curves:
            yield from (replace(of_columns(title, _even(c), cells), folded=True) for c in value)
        else:
            yield of_records(title, value, cells)
    elif all(isinstance(part, list) for part in value.values()):
        yield replace(of_columns(title, value, cells), folded=True)
    else:
        yield of_records(title, [value], cells)


def _even(curve: Record) -> dict[str, Sequence[Any]]:
    """Return a curve's columns, with what is one value a curve on each of its points."""
    size = max(len(part) for part in curve.values() if isinstance(part, list))
    return {n: part if isinstance(part, list) else [part] * size for n, part in curve.items()}


def of_records(title: str, records: Sequence[Record], cells: Cells) -> Table:
    """Return a table of flat records."""
    names = list(dict.fromkeys(name for record in records for name in record))
    rows = [[cells.written(name, record.get(name)) for name in names] for record in records]
    left = next((i for i, name in enumerate(names) if name not in TEXT), len(names))
    return Table(title, [head(name) for name in names], rows, left)


def of_columns(title: str, columns: Mapping[str, Sequence[Any]], cells: Cells) -> Table:
    """Return a table of named columns."""
    lines = zip(*columns.values(), strict=True)
    rows = [
        [cells.written(n, value) for n, value in zip(columns, line, strict=True)] for line in lines
    ]
    return Table(title, [head(name) for name in columns], rows, left=0)


def _coefficients(result: Record, key: str, title: str, cells: Cells) -> Iterator[Table]:
    """Yield estimates on the scale of the model; effects are in the report's first table."""
    level = f"{100 * result['request']['confidence_level']:g}% CI"
    records = []
    for row in result[key]:
        record = {name: row[name] for name in COEFFICIENTS if name in row}
        records.append(record | {level: f"({number(row['conf_low'])}, {number(row['conf_high'])})"})
    known = ", ".join(f"{name}: {label}" for name, label in references(result).items())
    note = f"Reference levels: {known}." if known else ""
    yield replace(of_records("Coefficients", records, cells), note=note)


def _fit(result: Record, key: str, title: str, cells: Cells) -> Iterator[Table]:
    rows = []
    for name, value in result[key][0].items():
        text = FIT.get(name) or head(name)
        rows.append([text[:1].upper() + text[1:], cells.written(name, value)])
    yield Table(title, ["", ""], rows)


def _covariance(result: Record, key: str, title: str, cells: Cells) -> Iterator[Table]:
    records = result[key]
    terms = [record["term"] for record in records]
    rows = [[cells.term(r["term"]), *(number(r[term]) for term in terms)] for r in records]
    yield Table(title, ["term", *map(cells.term, terms)], rows, folded=True)


def _numeric(result: Record, key: str, title: str, cells: Cells) -> Iterator[Table]:
    records = result[key]
    yield of_records(title, [{name: r[name] for name in MOMENTS} for r in records], cells)
    yield _quantiles(records)


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


def _curves(result: Record, key: str, title: str, cells: Cells) -> Iterator[Table]:
    """Yield a table for each baseline curve: with the survival of every profile beside."""
    for curve in result[key]:
        if not curve["time"]:
            continue
        columns = {
            name: curve[name] for name in ("time", "n_at_risk", "cumulative_hazard", "survival")
        }
        table = of_columns("", columns, cells)
        heads, rows = list(table.heads), [list(row) for row in table.rows]
        for predicted in result.get("prediction") or []:
            if all(predicted[name] == curve[name] for name in ("organization_id", "stratum")):
                heads.append(profile_label(result, predicted["profile"]))
                for row, value in zip(rows, predicted["survival"], strict=True):
                    row.append(cells.written("survival", value))
        place = [site_name(result, curve["organization_id"]), stratum_name(result, curve)]
        name = f"Survival curve: {', '.join(filter(None, place))}"
        note = "Cumulative hazard and survival at the pooled means of the columns"
        note += ", then survival of each profile." if len(heads) > 4 else "."
        yield Table(name, heads, rows, left=0, note=note, folded=True)


def _beside_the_baseline(result: Record, key: str, title: str, cells: Cells) -> Iterator[Table]:
    """Yield nothing: the survival of profiles stands beside the baseline's."""
    return iter(())


def _histograms(result: Record, key: str, title: str, cells: Cells) -> Iterator[Table]:
    for name, bins in result[key].items():
        rows = [
            [
                DASH if low is None else f"{low:g}",
                DASH if high is None else f"{high:g}",
                number(count),
            ]
            for low, high, count in zip(bins["lower"], bins["upper"], bins["count"], strict=True)
        ]
        heads = ["above", "up to", "rows"]
        yield Table(f"Histogram: {name}", heads, rows, left=0, folded=True)


def _by_site(result: Record, key: str, title: str, cells: Cells) -> Iterator[Table]:
    for name, rows in result[key].items():
        if rows:
            yield replace(of_records(f"{title}: {name} columns", rows, cells), folded=True)


Layout = Callable[[Record, str, str, Cells], Iterator[Table]]
# Tables that are not shown as they are, by their key in a result.
_LAYOUTS: Final[dict[str, Layout]] = {
    "numeric": _numeric,
    "coefficients": _coefficients,
    "fit": _fit,
    "covariance": _covariance,
    "baseline_hazard": _curves,
    "prediction": _beside_the_baseline,
    "histogram": _histograms,
    "per_site": _by_site,
}
