"""Sheets as markdown, HTML, LaTeX or a Word file."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Literal

from v6_clinical.analyst.manuscript.sheet import Row, Sheet
from v6_clinical.analyst.manuscript.word import write_docx
from v6_clinical.text import clean

Format = Literal["markdown", "html", "latex", "docx"]
SUFFIXES = {".md": "markdown", ".html": "html", ".htm": "html", ".tex": "latex", ".docx": "docx"}


def write(sheet: Sheet, format: str | None, path: str | Path | None) -> str | Path:  # noqa: A002
    """Return a sheet as text, and write it if there is a path; of Word files, return the path.

    Parameters
    ----------
    format
        ``"markdown"``, ``"html"``, ``"latex"`` or ``"docx"``; default what the path ends in, or
        markdown.

    Whatever the names hold, no control or other hidden character is written.

    Raises
    ------
    ValueError
        If the format is none of these, or a Word file has no path.
    """
    file, sheet = None if path is None else Path(path), _clean(sheet)
    if format is None:
        format = SUFFIXES.get(file.suffix.lower(), "markdown") if file else "markdown"  # noqa: A001
    if format == "docx":
        if file is None:
            raise ValueError("format='docx' needs path=...")
        return write_docx(sheet, file)
    if format not in FORMATS:
        known = ", ".join([*FORMATS, "docx"])
        raise ValueError(f"format must be one of {known}, not {format!r}")
    text = FORMATS[format](sheet)
    if file is not None:
        file.write_text(text, encoding="utf-8")
    return text


def _clean(sheet: Sheet) -> Sheet:
    def texts(given: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(clean(text) for text in given)

    rows = tuple(Row(texts(row.cells), row.indent) for row in sheet.rows)
    return Sheet(texts(sheet.header), rows, texts(sheet.notes), clean(sheet.title))


# What is more than itself in markdown, wherever it stands in a line.
MARKDOWN = str.maketrans({character: f"\\{character}" for character in "\\`*_[]<>|~$&"})

INDENT = "\u00a0\u00a0"  # spaces that markdown keeps, and that print as spaces


def markdown(sheet: Sheet) -> str:
    """Return a table of pipes, as pandoc and GitHub read it."""

    def line(cells: tuple[str, ...], indent: int = 0) -> str:
        first, *others = (cell.translate(MARKDOWN) for cell in cells)
        return "| " + " | ".join([INDENT * indent + first, *others]) + " |"

    rule = "|:--|" + "--:|" * (len(sheet.header) - 1)
    lines = [f"**{sheet.title.translate(MARKDOWN)}**", ""] if sheet.title else []
    lines += [line(sheet.header), rule, *(line(row.cells, row.indent) for row in sheet.rows)]
    lines += [part for note in sheet.notes for part in ("", note.translate(MARKDOWN))]
    return "\n".join(lines) + "\n"


def html(sheet: Sheet) -> str:
    """Return a table without colours, for light pages and dark ones; three rules as in journals."""

    def cells(tag: str, row: Row) -> str:
        first, *others = (escape(cell) for cell in row.cells)
        pad = f"padding:.15em .8em .15em {0.2 + 1.2 * row.indent:.1f}em"
        scope = ' scope="col"' if tag == "th" else ""
        right = "".join(
            f'<{tag}{scope} style="text-align:right;padding:.15em .8em">{cell}</{tag}>'
            for cell in others
        )
        return f'<tr><{tag}{scope} style="text-align:left;{pad}">{first}</{tag}>{right}</tr>'

    line = "1px solid currentColor"
    notes = "<br>".join(escape(note) for note in sheet.notes)
    span = len(sheet.header)
    title = f"<caption>{escape(sheet.title)}</caption>" if sheet.title else ""
    head = cells("th", Row(sheet.header))
    body = "\n".join(cells("td", row) for row in sheet.rows)
    return (
        '<table class="v6-clinical" style="color:inherit;border-collapse:collapse;'
        f'border-top:{line};border-bottom:{line}">{title}\n'
        f'<thead style="border-bottom:{line}">{head}</thead>\n<tbody>\n{body}\n</tbody>\n'
        f'<tfoot style="border-top:{line}"><tr><td colspan="{span}" '
        f'style="text-align:left;font-size:smaller">{notes}</td></tr></tfoot>\n</table>\n'
    )


LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "–": "--",
    "×": r"$\times$",
} | {character: f"\\{character}" for character in "&%$#_{}"}


def latex(sheet: Sheet) -> str:
    """Return a table for the packages booktabs and threeparttable."""

    def text(cell: str) -> str:
        return "".join(LATEX.get(character, character) for character in cell)

    def begin(cell: str) -> str:
        """After a row's end, and after an item, LaTeX would read "[" and "*" as options."""
        return ("{}" if cell.startswith(("[", "*")) else "") + text(cell)

    def line(cells: tuple[str, ...], indent: int = 0) -> str:
        first, *others = cells
        return r"\quad " * indent + " & ".join([begin(first), *map(text, others)]) + r" \\"

    columns = "l" + "r" * (len(sheet.header) - 1)
    return "\n".join(
        [
            "% needs \\usepackage{booktabs,threeparttable}",
            r"\begin{table}",
            r"\begin{threeparttable}",
            *([rf"\caption{{{text(sheet.title)}}}"] if sheet.title else []),
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            line(sheet.header),
            r"\midrule",
            *(line(row.cells, row.indent) for row in sheet.rows),
            r"\bottomrule",
            r"\end{tabular}",
            r"\begin{tablenotes}\footnotesize",
            *(rf"\item {begin(note)}" for note in sheet.notes),
            r"\end{tablenotes}",
            r"\end{threeparttable}",
            r"\end{table}",
            "",
        ]
    )


FORMATS: dict[str, Callable[[Sheet], str]] = {"markdown": markdown, "html": html, "latex": latex}
