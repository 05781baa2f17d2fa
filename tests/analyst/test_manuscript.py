"""Tables for a manuscript: what stands in the cells, and the four ways of writing them."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from docx import Document

from helpers.face_examples import CASES
from helpers.folders import DATA
from helpers.policies import EXACT
from helpers.summary_cases import dataset
from v6_clinical.analyst import CoxResult, Federation, LogisticResult, SummaryResult
from v6_clinical.analyst.manuscript.regression import regression_table
from v6_clinical.analyst.manuscript.sheet import Row, Sheet, fixed
from v6_clinical.analyst.manuscript.table1 import Style, table1
from v6_clinical.analyst.manuscript.write import write
from v6_clinical.disclosure import Policy
from v6_clinical.face.words import p_value
from v6_clinical.platforms import local

COLUMNS = ["age", "pnodes", "menostat", "tgrade"]


@cache
def federation(*, opened: bool = False) -> Federation:
    policy = Policy.open() if opened else EXACT
    return Federation.local(CASES[0].frames(), policy, progress="silent")


@cache
def summary(*, opened: bool = False) -> SummaryResult:
    return federation(opened=opened).summary(columns=COLUMNS, group_by="horTh")


@cache
def logistic() -> LogisticResult:
    return federation(opened=True).logistic(
        outcome="cens", formula="age * menostat + tgrade + I(tsize / 10) + log1p(pnodes)"
    )


@cache
def cox() -> CoxResult:
    return federation().cox(
        time="time", event="cens", formula="age + tgrade", reference={"tgrade": "II"}
    )


def cells(sheet: Sheet) -> dict[str, tuple[str, ...]]:
    return {row.cells[0]: row.cells[1:] for row in sheet.rows}


def test_table_1_is_that_of_the_pooled_rows() -> None:
    """Every cell against pandas; limits lifted, so that no cell is withheld."""
    pooled = dataset("gbsg2")
    found = table1(summary(opened=True).to_dict())
    groups = {"Overall": pooled} | {f"horTh: {name}": g for name, g in pooled.groupby("horTh")}
    assert found.header == (
        "",
        *(f"{name} (N = {len(rows)})" for name, rows in groups.items()),
        "p",
        "SMD",
    )
    rows = cells(found)
    for name in ("age", "pnodes"):
        expected = [f"{g[name].mean():.1f} ({g[name].std():.1f})" for g in groups.values()]
        assert list(rows[f"{name}, mean (SD)"][:3]) == expected
    for name in ("menostat", "tgrade"):
        for label in sorted(pooled[name].unique()):
            counts = [(g[name] == label).sum() for g in groups.values()]
            expected = [
                f"{n} ({100 * n / len(g):.1f})"
                for n, g in zip(counts, groups.values(), strict=True)
            ]
            assert rows[label] == (*expected, "", "")
    compared = {row["variable"]: row for row in summary(opened=True)["comparison"]}
    assert rows["tgrade, n (%)"][3:] == (
        f"{compared['tgrade']['p_value']:.3f}",
        f"{compared['tgrade']['smd']:.3f}",
    )
    assert rows["age, mean (SD)"][3] == "<0.001"
    assert [row.indent for row in found.rows if row.cells[0] in ("Pre", "III")] == [1, 1]


def test_medians_of_the_pooled_rows() -> None:
    pooled = dataset("gbsg2")
    style = Style(median=["age"], digits={"age": 0}, overall=False, p_values=False, smd=False)
    rows = cells(table1(summary(opened=True).to_dict(), style))
    for group, cell in zip(("no", "yes"), rows["age, median [Q1, Q3]"], strict=True):
        quartiles = pooled.loc[pooled["horTh"] == group, "age"].quantile([0.5, 0.25, 0.75])
        assert cell == "{:.0f} [{:.0f}, {:.0f}]".format(*quartiles)
    assert "pnodes, mean (SD)" in rows


def test_withheld_cells_are_marked_and_not_given_away() -> None:
    result = summary().to_dict()
    sheet = table1(result)
    marked = {
        (record["level"], record["group"])
        for record in result["categorical"]
        if record["suppressed"]
    }
    assert ("I", "no") in marked
    rows = cells(sheet)
    assert rows["I"] == ("81 (11.8)", "[c]", "[c]", "", "")
    assert rows["II"] == ("444 (64.7)", "281", "163", "", "")  # a percentage would tell the total
    assert any("[c]: withheld" in note for note in sheet.notes)
    assert not any("withheld" in note for note in table1(summary(opened=True).to_dict()).notes)


def test_where_only_an_interval_is_known_it_is_given() -> None:
    sheet = table1(summary().to_dict(), Style(median=True, digits=0))
    assert re.search(r"-?\d+ to \d+", cells(sheet)["pnodes, median [Q1, Q3]"][0])
    assert any("the interval is given" in note for note in sheet.notes)


def numbers_in(cell: str) -> list[tuple[float, float]]:
    """Return the median, Q1 and Q3 of a cell, each as the interval that it says."""
    parts = re.split(r" \[|, |\]", cell)[:3]
    ends = [part.split(" to ") for part in parts]
    return [(float(end[0]), float(end[-1])) for end in ends]


@pytest.mark.parametrize("digits", [0, 1, 2])
@pytest.mark.parametrize("sites", [1, 2, 3, 5])
@pytest.mark.parametrize("data", ["pbc", "gbsg2", "lung"])
def test_no_median_in_print_is_wrong(data: str, sites: int, digits: int) -> None:
    """One number only where it is that of the pooled rows; else an interval that holds it."""
    column, group = {
        "pbc": ("bili", "trt"),
        "gbsg2": ("progrec", "horTh"),
        "lung": ("time", "sex"),
    }[data]
    pooled = pd.read_csv(DATA / f"{data}.csv").dropna(subset=[column, group])
    frames = [pooled.iloc[k::sites] for k in range(sites)]
    found = local.run(
        "summary", frames, {"columns": [column], "group_by": group}, minimum_sites=1, policy=EXACT
    )
    style = Style(median=True, digits=digits)
    (row,) = [r for r in table1(found, style).rows if "median" in r.cells[0]]
    for (_, rows), cell in zip(pooled.groupby(group), row.cells[2:4], strict=True):
        true = rows[column].quantile([0.5, 0.25, 0.75])
        for (low, high), value in zip(numbers_in(cell), true, strict=True):
            half = 0.5 * 10**-digits + 1e-9
            assert low - half <= value <= high + half
            assert low >= 0


def test_beside_a_median_stands_a_rank_test() -> None:
    result = summary(opened=True).to_dict()
    compared = {(row["variable"], row["test"]): row for row in result["comparison"]}
    sheet = table1(result, Style(median=["age"]))
    rows = cells(sheet)
    assert rows["pnodes, mean (SD)"][3] == p_value(compared["pnodes", "welch_t"]["p_value"])
    assert rows["age, median [Q1, Q3]"][3] == p_value(compared["age", "wilcoxon"]["p_value"])
    notes = " ".join(sheet.notes)
    assert "Wilcoxon" in notes
    assert "Wilcoxon" not in " ".join(table1(result).notes)
    compared["age", "wilcoxon"] |= {"p_value": None, "p_low": 0.0123, "p_high": 0.0456}
    assert cells(table1(result, Style(median=["age"])))["age, median [Q1, Q3]"][3] == (
        "0.012 to 0.046"
    )
    compared["age", "wilcoxon"] |= {"p_low": 1e-9, "p_high": 0.9}  # it may be anything
    assert cells(table1(result, Style(median=["age"])))["age, median [Q1, Q3]"][3] == "–"
    compared["age", "wilcoxon"] |= {"p_low": 1e-9, "p_high": 1e-5}
    assert cells(table1(result, Style(median=["age"])))["age, median [Q1, Q3]"][3] == "<0.001"


def test_where_few_are_expected_fishers_test_stands() -> None:
    sparse = pd.DataFrame(
        {"x": ["u"] * 53 + ["v"] * 7 + ["u"] * 75, "arm": ["a"] * 60 + ["b"] * 75}
    )
    plenty = pd.DataFrame({"x": ["u", "v", "v"] * 45, "arm": ["a", "b"] * 67 + ["a"]})
    for frame, test in ((sparse, "fisher"), (plenty, "chi_square")):
        request = {"columns": ["x"], "group_by": "arm"}
        found = local.run("summary", [frame], request, policy=Policy.open(), minimum_sites=1)
        (expected,) = [row for row in found["comparison"] if row["test"] == test]
        sheet = table1(found)
        assert cells(sheet)["x, n (%)"][3] == p_value(expected["p_value"])
        assert ("Fisher" in " ".join(sheet.notes)) == (test == "fisher")


def test_a_withheld_column_and_rows_without_a_group_are_told() -> None:
    frames = [frame.copy() for frame in CASES[0].frames()]
    for frame in frames:
        frame.loc[frame.index[:7], "horTh"] = None
    frames[0]["rare"] = [1.0] * 3 + [0.0] * (len(frames[0]) - 3)
    for frame in frames[1:]:
        frame["rare"] = [1.0, 0.0] * (len(frame) // 2) + [0.0] * (len(frame) % 2)
    request = {"columns": ["age", "rare"], "group_by": "horTh"}
    sheet = table1(local.run("summary", frames, request, policy=EXACT))
    assert cells(sheet)["rare, mean (SD)"] == ("[c]", "[c]", "[c]", "–", "–")
    notes = " ".join(sheet.notes)
    assert "'rare' is left out" in notes
    assert "In 21 rows the group is missing ('horTh')" in notes
    assert "[c]: withheld" in notes


def test_no_zero_is_negative() -> None:
    assert [fixed(value, 1) for value in (-0.04, -0.05, 0.0, -0.06)] == [
        "0.0",
        "-0.1",
        "0.0",
        "-0.1",
    ]


def test_missing_values_have_a_row() -> None:
    frames = [frame.copy() for frame in CASES[0].frames()]
    for frame in frames:
        frame["age"] = frame["age"].astype(float)
        frame.loc[frame.index[:7], "age"] = float("nan")
    frames[2].loc[frames[2].index[7:9], "tgrade"] = None
    found = Federation.local(frames, EXACT, progress="silent").summary(columns=["age", "tgrade"])
    sheet = table1(found.to_dict())
    assert [row.cells for row in sheet.rows if row.cells[0] == "Missing"] == [
        ("Missing", "21"),
        ("Missing", "[c]"),
    ]
    assert sheet.header == ("", "Overall (N = 686)")
    assert not any(
        row.cells[0] == "Missing" for row in table1(found.to_dict(), Style(missing=False)).rows
    )


def test_names_in_print() -> None:
    labels = {"age": "Age, years", "tgrade=I": "Grade I", "horTh": "Hormones", "horTh=yes": "given"}
    sheet = table1(summary().to_dict(), Style(labels=labels))
    assert "Age, years, mean (SD)" in cells(sheet)
    assert "Grade I" in cells(sheet)
    assert sheet.header[3] == "Hormones: given (N = 246)"


def test_a_regressions_rows_and_references() -> None:
    """Each ratio under the name it belongs to; categories with their reference."""
    result = logistic().to_dict()
    rows = cells(regression_table(result))
    ratios = {
        record["term"]: "{:.2f} ({:.2f}–{:.2f})".format(
            *(record[name] for name in ("odds_ratio", "or_conf_low", "or_conf_high"))
        )
        for record in result["coefficients"]
    }
    assert {name: row[0] for name, row in rows.items()} == {
        "age": ratios["age"],
        "menostat": "",
        "Post": "reference",
        "Pre": ratios["menostat[T.Pre]"],
        "tgrade": "",
        "I": "reference",
        "II": ratios["tgrade[T.II]"],
        "III": ratios["tgrade[T.III]"],
        "I(tsize / 10)": ratios["I(tsize / 10)"],
        "log1p(pnodes)": ratios["log1p(pnodes)"],
        "age × menostat Pre": ratios["age:menostat[T.Pre]"],
    }


def test_another_reference_stands_in_its_place() -> None:
    rows = cells(regression_table(cox().to_dict()))
    assert list(rows) == ["age", "tgrade", "I", "II", "III"]
    assert rows["II"] == ("reference", "")
    assert rows["I"][0].startswith("0.")


@pytest.mark.parametrize("formula", ["0 + tgrade", "1 + age", "tgrade:age"])
def test_other_intercepts_and_codings(formula: str) -> None:
    """Without an intercept every level has its own odds; with site effects there are several."""
    fitted = federation(opened=True).logistic(
        outcome="cens", formula=formula, site_effect=not formula.startswith("0")
    )
    rows = cells(regression_table(fitted.to_dict()))
    slopes = [r for r in fitted["coefficients"] if not r["term"].startswith("Intercept")]
    assert [row[1] for row in rows.values() if row[1]] == [p_value(r["p_value"]) for r in slopes]
    assert "reference" not in {row[0] for row in rows.values()}


def test_notes_say_what_the_reader_must_know() -> None:
    fitted = federation().cox(
        time="time",
        event="cens",
        predictors=["age"],
        strata=["menostat"],
        ridge=1.0,
        robust=True,
        confidence_level=0.9,
    )
    sheet = regression_table(fitted.to_dict())
    assert sheet.header[1] == "HR (90% CI)"
    assert sheet.notes == (
        "HR: hazard ratio; CI: confidence interval; p: Wald test.",
        "n = 686, events = 299.",
        "Robust standard errors.",
        "Each site has its own baseline hazard, stratified by menostat.",
        "Ridge penalty 1.",
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (0.0, "<0.001"), (0.00099, "<0.001"), (0.001, "0.001"), (0.9996, "1.000")],
)
def test_p_values(value: float | None, text: str) -> None:
    assert p_value(value) == text
    assert p_value(0.00001, 4) == "<0.0001"
    assert fixed(1234.56, 1) == "1,234.6"


SHEET = Sheet(
    ("", "A & B", "p"),
    (Row(("50%|_x", "1 (2)", "<0.001")), Row(("<b>", "–", "0.5"), indent=1)),
    ("note ~1",),
    "Title $1",
)


def test_markdown() -> None:
    """A name is text wherever it stands: no pipe, tag, link, entity or formula."""
    assert write(SHEET, None, None) == (
        "**Title \\$1**\n\n|  | A \\& B | p |\n|:--|--:|--:|\n| 50%\\|\\_x | 1 (2) | \\<0.001 |\n"
        "| \u00a0\u00a0\\<b\\> | – | 0.5 |\n\nnote \\~1\n"
    )
    link = write(Sheet(("[a](b)",), (Row(("`c` *d*\n|\x1b[2J",)),)), "markdown", None)
    assert str(link).splitlines() == ["| \\[a\\](b) |", "|:--|", "| \\`c\\` \\*d\\* \\|\\[2J |"]


class Cells(HTMLParser):
    """The text of each row of a page's table."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        if tag == "br":
            return
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data


def test_html_is_well_formed_and_escaped() -> None:
    parser = Cells()
    parser.feed(str(write(SHEET, "html", None)))
    assert parser.open == []
    lines = [list(SHEET.header), *(list(row.cells) for row in SHEET.rows), ["note ~1"]]
    assert parser.rows == lines


def test_latex_reads_no_bracket_as_an_option() -> None:
    """After a row's end and after an item a bracket or a star would be LaTeX's own."""
    rows = (Row(("[T.yes]", "[c]")), Row(("*", "1")), Row(("[a]", "1"), 1), Row(("", "[c]")))
    text = str(write(Sheet(("[x]", "y"), rows, ("[c]: withheld", "* note")), "latex", None))
    lines = text.splitlines()
    assert r"\item {}[c]: withheld" in lines
    assert r"\item {}* note" in lines
    assert r"{}[T.yes] & [c] \\" in lines
    for before, after in pairwise(lines):
        assert not (before.endswith(r"\\") and after.startswith(("[", "*"))), after
        assert not re.match(r"\\item\s*\[", after)


def test_what_is_printed_holds_no_markup_of_pages(capsys: pytest.CaptureFixture[str]) -> None:
    print(summary().table1())
    printed = capsys.readouterr().out
    assert "&nbsp;" not in printed
    assert re.search(
        r"^\| {3}\w", printed.replace("\u00a0", " "), re.MULTILINE
    )  # a level, indented


def test_latex_is_escaped() -> None:
    text = str(write(SHEET, "latex", None))
    assert r" & A \& B & p \\" in text
    assert r"50\%|\_x & 1 (2) & \textless{}0.001 \\" in text
    assert r"\quad \textless{}b\textgreater{} & -- & 0.5 \\" in text
    assert r"\caption{Title \$1}" in text
    assert r"\item note \textasciitilde{}1" in text
    assert text.count(r"\begin{") == text.count(r"\end{") == 4


def test_a_word_file_holds_the_table(tmp_path: Path) -> None:
    path = summary().table1(path=tmp_path / "table1.docx", title="Table 1")
    assert path == tmp_path / "table1.docx"
    document = Document(str(path))
    (table,) = document.tables
    sheet = table1(summary().to_dict())
    lines = [tuple(cell.text for cell in row.cells) for row in table.rows]
    assert lines == [sheet.header, *(row.cells for row in sheet.rows)]
    texts = [paragraph.text for paragraph in document.paragraphs]
    assert texts == ["Table 1", *sheet.notes]


@pytest.mark.parametrize(
    ("name", "begins"), [("t.md", "| "), ("t.html", "<table"), ("t.tex", "%"), ("t.txt", "| ")]
)
def test_the_path_says_the_format(name: str, begins: str, tmp_path: Path) -> None:
    text = cox().table(path=tmp_path / name)
    assert (tmp_path / name).read_text() == text
    assert str(text).startswith(begins)


def test_wrong_formats_are_named() -> None:
    with pytest.raises(ValueError, match="markdown, html, latex, docx"):
        cox().table("excel")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"path=\.\.\."):
        cox().table("docx")


def test_a_title_is_optional() -> None:
    assert "caption" not in str(write(replace(SHEET, title=""), "html", None))
