"""Results as objects: tables as data frames, text as R prints it, files, figures, a report."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from v6_clinical.analyst.frames import table_names, to_frame
from v6_clinical.version import SCHEMA

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
        self._result = dict(result)

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
        from v6_clinical.render import show
        from v6_clinical.render.text import as_text

        return as_text(show(self._result["analysis"]), self._result)

    def __repr__(self) -> str:
        sites = sum(site["status"] == "ok" for site in self._result["sites"])
        return f"<{type(self).__name__}: {sites} sites; tables {', '.join(self.tables)}>"


class SummaryResult(Result):
    """The result of ``summary``."""

    NAME = "summary"

    def table1(
        self,
        format: Format | None = None,  # noqa: A002
        path: str | Path | None = None,
        *,
        labels: Mapping[str, str] | None = None,
        digits: int | Mapping[str, int] = 1,
        median: bool | Collection[str] = False,
        p_digits: int = 3,
        overall: bool = True,
        p_values: bool = True,
        smd: bool = True,
        missing: bool = True,
        withheld: str = "[c]",
        title: str = "",
    ) -> str | Path:
        """Return Table 1 of a manuscript, and write it if there is a path.

        Parameters
        ----------
        format
            ``"markdown"``, ``"html"``, ``"latex"`` or ``"docx"``; default what the path ends in,
            or markdown.
        path
            The file to write; Word files need one.
        labels
            Column to its name in print; ``"column=level"`` to that of a level.
        digits
            Decimals of numeric variables, of all or of each.
        median
            Variables shown as median [Q1, Q3] instead of mean (SD); True for all.
        p_digits
            Decimals of p-values.
        overall, p_values, smd, missing
            Whether there is a column of all patients, of p-values, of standardised mean
            differences, and a row of missing values where there are any.
        withheld
            What stands for a count that a site withholds.
        title
            The table's title.

        Returns
        -------
        str or Path
            The text; of a Word file its path.
        """
        from v6_clinical.analyst.manuscript import table1, write

        style = table1.Style(
            labels or {}, digits, median, p_digits, overall, p_values, smd, missing, withheld, title
        )
        return write.write(table1.table1(self._result, style), format, path)

    def _repr_html_(self) -> str:
        return self._page(self.table1("html"))


class _Regression(Result):
    """What both regressions give."""

    def table(
        self,
        format: Format | None = None,  # noqa: A002
        path: str | Path | None = None,
        *,
        labels: Mapping[str, str] | None = None,
        digits: int = 2,
        p_digits: int = 3,
        title: str = "",
    ) -> str | Path:
        """Return the table of a manuscript: ratios with intervals, reference levels shown.

        Parameters
        ----------
        format
            ``"markdown"``, ``"html"``, ``"latex"`` or ``"docx"``; default what the path ends in,
            or markdown.
        path
            The file to write; Word files need one.
        labels
            Column to its name in print; ``"column=level"`` to that of a level.
        digits, p_digits
            Decimals of ratios and of p-values.
        title
            The table's title.

        Returns
        -------
        str or Path
            The text; of a Word file its path.
        """
        from v6_clinical.analyst.manuscript import regression, write

        style = regression.Style(labels or {}, digits, p_digits, title)
        return write.write(regression.regression_table(self._result, style), format, path)

    def _repr_html_(self) -> str:
        return self._page(self.table("html"))


class LogisticResult(_Regression):
    """The result of ``logistic_regression``."""

    NAME = "logistic_regression"


class CoxResult(_Regression):
    """The result of ``cox_regression``."""

    NAME = "cox_regression"

    def predict(self, profiles: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
        """Return survival curves of people with given covariates, without asking the sites again.

        Parameters
        ----------
        profiles
            A value for every predictor: a number, or a level.

        Raises
        ------
        AnalysisError
            ``BAD_REQUEST`` if a profile lacks a value, or the result has no baseline curves
            (``time_horizon`` was not given).
        """
        from v6_clinical.analyst.errors import AnalysisError
        from v6_cox.predict import predict

        if not self._result["baseline_hazard"]:
            message = "The result has no baseline curves: fit again with time_horizon=..."
            raise AnalysisError("BAD_REQUEST", message)
        curves = predict(self._result, list(profiles))
        return to_frame({"prediction": curves}, "prediction")


KINDS: dict[str, type[Result]] = {
    kind.NAME: kind for kind in (SummaryResult, LogisticResult, CoxResult)
}


def result_of(result: Mapping[str, Any]) -> Result:
    """Return the result object of an envelope.

    Raises
    ------
    AnalysisError
        If it is refused or failed.
    ValueError
        If it is no result of this version's schema.
    """
    from v6_clinical.analyst.errors import raise_for

    if result.get("schema") != SCHEMA or result.get("analysis") not in KINDS:
        raise ValueError(f"this is no result of schema {SCHEMA}: see what made it")
    raise_for(result)
    return KINDS[result["analysis"]](result)


def load(path: str | Path) -> Result:
    """Read a result that ``save`` wrote, or ``v6-clinical run … --json``.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file holds no result of this version's schema.
    AnalysisError
        If the result in it is refused or failed.
    """
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError:
        raise ValueError(f"{path} is no JSON file") from None
    if not isinstance(found, dict):
        raise ValueError(f"{path} holds no result")
    return result_of(found)
