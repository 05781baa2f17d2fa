"""A sheet as a Word file, by python-docx."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from v6_clinical.analyst.manuscript.sheet import Sheet

POINTS = 9


def write_docx(sheet: Sheet, path: Path) -> Path:
    """Write a Word file of one table: rules above and below the header and below the last row."""
    from docx import Document
    from docx.shared import Pt

    document = Document()
    if sheet.title:
        document.add_paragraph(sheet.title, style="Caption")
    table = document.add_table(rows=0, cols=len(sheet.header))
    lines = [(sheet.header, 0), *((row.cells, row.indent) for row in sheet.rows)]
    for number, (cells, indent) in enumerate(lines):
        added = table.add_row().cells
        for place, text in enumerate(cells):
            _fill(
                added[place], text, indent=0 if place else indent, right=place > 0, bold=not number
            )
            edges = ["top", "bottom"] if number == 0 else []
            edges += ["bottom"] if number == len(lines) - 1 else []
            _rule(added[place], edges)
    for note in sheet.notes:
        run = document.add_paragraph().add_run(note)
        run.font.size = Pt(POINTS)
    document.save(str(path))
    return path


def _fill(cell: Any, text: str, indent: int, *, right: bool, bold: bool) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    paragraph = cell.paragraphs[0]
    run = paragraph.add_run(text)
    run.bold, run.font.size = bold, Pt(POINTS)
    form = paragraph.paragraph_format
    form.space_after, form.left_indent = Pt(1), Pt(10 * indent)
    if right:
        form.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _rule(cell: Any, edges: list[str]) -> None:
    """Draw lines along edges of a cell; python-docx has no call for them."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    borders = OxmlElement("w:tcBorders")
    for edge in edges:
        line = OxmlElement(f"w:{edge}")
        for name, value in (("val", "single"), ("sz", "6"), ("color", "auto")):
            line.set(qn(f"w:{name}"), value)
        borders.append(line)
    cell._tc.get_or_add_tcPr().append(borders)
