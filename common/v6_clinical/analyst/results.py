"""What results of each kind offer beside their tables: Table 1, a regression's table, curves."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from v6_clinical.analyst.errors import AnalysisError
from v6_clinical.analyst.frames import to_frame
from v6_clinical.analyst.result import Result
from v6_clinical.protocol.registry import face_of

if TYPE_CHECKING:
    import pandas as pd

    from v6_clinical.analyst.manuscript.write import Format


class TableOneResult(Result):
    """A result that makes Table 1."""

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


class RegressionResult(Result):
    """A result with coefficients."""

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


class PredictingResult(RegressionResult):
    """A regression's result that predicts survival."""

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
        if not self._result["baseline_hazard"]:
            message = "The result has no baseline curves: fit again with time_horizon=..."
            raise AnalysisError("BAD_REQUEST", message)
        face = face_of(self._result["analysis"])
        predict = import_module(f"{face.package}.{face.predict}").predict
        return to_frame({"prediction": predict(self._result, list(profiles))}, "prediction")
