"""Numbers, tables and messages in a terminal: what all results share."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from io import StringIO
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from v6_clinical.terminal.render.words import DASH

Record = dict[str, Any]


WIDTH = 140
_page: ContextVar[Console | None] = ContextVar("page", default=None)


def console() -> Console:
    """Return a console that never folds a table to the 80 columns of a pipe."""
    page = _page.get()
    if page is not None:
        return page
    screen = Console()
    return screen if screen.is_terminal else Console(width=WIDTH)


def as_text(show: Callable[[Record], None], result: Record) -> str:
    """Return what ``show`` prints of a result, without colours, wherever it is called."""
    page = Console(file=StringIO(), width=WIDTH, color_system=None, force_jupyter=False)
    token = _page.set(page)
    try:
        show(result)
    finally:
        _page.reset(token)
    return page.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def number(value: float | None, digits: int = 4) -> str:
    """Format a number for reading; withheld or undefined is a dash."""
    if value is None:
        return DASH
    if isinstance(value, int) or float(value).is_integer():
        return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.0f}"
    return f"{value:.{digits}g}"


def table(title: str, columns: list[str], rows: list[list[str]], left: int = 1) -> None:
    """Print a table; the first ``left`` columns are text, the others numbers."""
    grid = Table(
        title=Text(title, "table.title"),
        box=box.SIMPLE_HEAD,
        title_justify="left",
        min_width=len(title),
    )
    for position, name in enumerate(columns):
        grid.add_column(Text(name), justify="left" if position < left else "right", no_wrap=True)
    for row in rows:
        grid.add_row(*map(Text, row))  # a name in brackets is a name, not rich's markup
    console().print(grid)


def problem(result: Record) -> None:
    """Print what ended an analysis: message, code and remedy."""
    error = result["error"]
    screen = console()
    screen.print(f"{result['status'].upper()} [{error['code']}]", style="bold red", markup=False)
    screen.print(error["message"], markup=False)
    screen.print(f"Remedy: {error['remedy']}", markup=False)


def footer(result: Record) -> None:
    """Print the warnings, and what left the sites in each round."""
    screen = console()
    for warning in result["warnings"]:
        screen.print(f"warning [{warning['code']}] {warning['message']}", markup=False)
    sent = ", ".join(f"{line['step']} {line['numbers_per_site']}" for line in result["ledger"])
    sites = len(result["sites"])
    screen.print(f"{sites} sites, {len(result['ledger'])} rounds; numbers sent a site: {sent}")
