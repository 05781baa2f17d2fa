"""Lines and tables in a terminal, or as text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from io import StringIO
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDTH = 140
_page: ContextVar[Console | None] = ContextVar("page", default=None)


def console() -> Console:
    """Return a console that never folds a table to the 80 columns of a pipe."""
    page = _page.get()
    if page is not None:
        return page
    screen = Console()
    return screen if screen.is_terminal else Console(width=WIDTH)


def as_text(show: Callable[[Any], None], result: Any) -> str:
    """Return what ``show`` prints of a result, without colours, wherever it is called."""
    page = Console(file=StringIO(), width=WIDTH, color_system=None, force_jupyter=False)
    token = _page.set(page)
    try:
        show(result)
    finally:
        _page.reset(token)
    return page.file.getvalue()  # type: ignore[attr-defined, no-any-return]


class Screen:
    """A page that prints to the console; names of the data are never taken for its markup."""

    def line(self, text: str = "", style: str | None = None) -> None:
        """Print a line."""
        console().print(text, style=style, markup=False, highlight=style is None)

    def table(
        self, title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1
    ) -> None:
        """Print a table; the first ``left`` columns are text, the others numbers."""
        grid = Table(
            title=Text(title, "table.title"),
            box=box.SIMPLE_HEAD,
            title_justify="left",
            min_width=len(title),
        )
        for position, name in enumerate(heads):
            side = "left" if position < left else "right"
            grid.add_column(Text(name), justify=side, no_wrap=True)  # type: ignore[arg-type]
        for row in rows:
            grid.add_row(*map(Text, row))
        console().print(grid)
