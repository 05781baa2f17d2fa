"""What every result gives: tables as data frames, text as R prints it, files, figures, a report."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from v6_clinical.analyst.frames import table_names, to_frame
from v6_clinical.text import cleaned

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from v6_clinical.analyst.manuscript.write import Format

Record = dict[str, Any]


class Result:
    """What every analysis gives back; ``result["fit"]`` is a table as the analysis made it.

    Parameters
    ----------
    result
        A completed result envelope.
    """

    NAME: ClassVar[str]

    def __init__(self, result: Mapping[str, Any]) -> None:
        self._result: Record = cleaned(dict(result))

    def __getitem__(self, name: str) -> Any:
        return self._result[name]

    @property
    def tables(self) -> list[str]:
        """The names of the tables that are not empty."""
        return table_names(self._result)

    @property
    def warnings(self) -> list[str]:
        """What the reader of the tables must know."""
        return [warning["message"] for warning in self._result["warnings"]]

    def to_frame(self, table: str) -> pd.DataFrame:
        """Return one table as a data frame, null where withheld.

        Raises
        ------
        KeyError
            Naming the tables that there are.
        """
        return to_frame(self._result, table)

    def to_dict(self) -> Record:
        """Return the result envelope: plain JSON values, as the platform gave it."""
        copy: Record = json.loads(json.dumps(self._result, allow_nan=False))
        return copy

    def save(self, path: str | Path) -> Path:
        """Write the result as JSON, which ``load`` reads, and return the path."""
        file = Path(path)
        text = json.dumps(self._result, indent=2, ensure_ascii=False, allow_nan=False)
        file.write_text(text + "\n", encoding="utf-8")
        return file

    def plot(self, kind: str, **options: Any) -> Figure:
        """Draw a figure: ``"forest"``, ``"survival"``, ``"roc"``, … of ``analyst.figures``.

        Parameters
        ----------
        kind
            The function of that name in ``v6_clinical.analyst.figures``.
        options
            What that function takes beside the result.

        Raises
        ------
        ValueError
            Naming the figures, if there is none of that name.
        """
        from importlib import import_module

        figures = import_module("v6_clinical.analyst.figures")
        kinds = [name for name in figures.__all__ if name.islower()]  # classes are not
        if kind not in kinds:
            raise ValueError(f"there is no figure {kind!r}, but {', '.join(kinds)}")
        draw: Callable[..., Figure] = getattr(figures, kind)
        return draw(self._result, **options)

    def table(
        self,
        format: Format | None = None,  # noqa: A002
        path: str | Path | None = None,
        *,
        title: str = "",
    ) -> str | Path:
        """Return the first table of the result as text, or write it if there is a path.

        Parameters
        ----------
        format
            ``"markdown"``, ``"html"``, ``"latex"`` or ``"docx"``; default what the path ends in,
            or markdown.
        path
            The file to write; Word files need one.
        title
            The table's title.

        Returns
        -------
        str or Path
            The text; of a Word file its path.

        Raises
        ------
        ValueError
            If the result has no table.
        """
        from v6_clinical.analyst.manuscript import plain, write

        return write.write(plain.first_table(self._result, title), format, path)

    def _repr_html_(self) -> str:
        return self._page(self.table("html"))

    def report(self, path: str | Path) -> Path:
        """Write one self-contained HTML page of the result, and return its path."""
        from importlib import import_module

        page: str = import_module("v6_clinical.analyst.report").html(self._result)
        file = Path(path)
        file.write_text(page, encoding="utf-8")
        return file

    def _page(self, table: str | Path) -> str:
        """Return a table, the warnings, and behind a fold all that ``print`` shows, as HTML."""
        from html import escape

        warnings = "".join(f"<li>{escape(text)}</li>" for text in self.warnings)
        return (
            f'<div style="overflow-x:auto">{table}</div>\n'
            f'<ul style="font-size:smaller">{warnings}</ul>\n'
            "<details><summary>Everything</summary>"
            f'<pre style="overflow-x:auto">{escape(str(self))}</pre></details>'
        )

    def __str__(self) -> str:
        from v6_clinical.terminal.render.result import show
        from v6_clinical.terminal.render.text import as_text

        return as_text(show, self._result)

    def __repr__(self) -> str:
        sites = sum(site["status"] == "ok" for site in self._result["sites"])
        return f"<{type(self).__name__}: {sites} sites; tables {', '.join(self.tables)}>"
