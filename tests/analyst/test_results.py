"""Result objects: data frames, text, files, hooks for figures and report."""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

from helpers.face_examples import CASES
from helpers.policies import EXACT
from v6_clinical.analyst import (
    AnalysisError,
    CoxResult,
    Federation,
    LogisticResult,
    Result,
    SummaryResult,
    load,
    result_of,
)
from v6_clinical.platforms import local

COX = next(case for case in CASES if case.analysis == "cox")
KINDS = {"summary": SummaryResult, "logistic": LogisticResult, "cox": CoxResult}
SHARED = ("sites", "ledger")
FLAT = {
    "summary": ("numeric", "categorical", "comparison", "correlation", "warnings", *SHARED),
    "logistic": ("coefficients", "covariance", "fit", "calibration", "heterogeneity", *SHARED),
    "cox": ("coefficients", "covariance", "fit", "proportional_hazards", "heterogeneity", *SHARED),
}


@cache
def result(analysis: str) -> Any:
    (case,) = [case for case in CASES if case.analysis == analysis]
    federation = Federation.local(case.frames(), EXACT, progress="silent")
    return getattr(federation, analysis)(**case.arguments)


every = pytest.mark.parametrize("analysis", KINDS)


@every
def test_every_table_is_a_frame_of_its_values(analysis: str) -> None:
    found = result(analysis)
    assert type(found) is KINDS[analysis]
    assert set(FLAT[analysis]) < set(found.tables)
    for name in FLAT[analysis]:
        frame, records = found.to_frame(name), found[name]
        assert list(frame) == list(dict.fromkeys(key for record in records for key in record))
        for column in frame:
            values = [None if pd.isna(value) else value for value in frame[column]]
            assert values == [record.get(column) for record in records]


def test_curves_are_a_row_a_point() -> None:
    curves = result("cox")["baseline_hazard"]
    frame = result("cox").to_frame("baseline_hazard")
    assert len(frame) == sum(len(curve["time"]) for curve in curves)
    one = frame[frame["organization_id"] == 2]
    assert one["survival"].tolist() == curves[1]["survival"]
    bins = result("summary").to_frame("histogram")
    assert (
        bins[bins["variable"] == "age"]["count"].tolist()
        == (result("summary")["histogram"]["age"]["count"])
    )
    assert list(result("logistic").to_frame("roc")) == list(result("logistic")["roc"])


def test_counts_stay_whole_where_some_are_withheld() -> None:
    frame = result("summary").to_frame("categorical")
    assert frame["count"].dtype == "Int64"
    assert frame["count"].isna().sum() == frame["suppressed"].sum() > 0


def test_each_sites_own_tables() -> None:
    case = CASES[0]
    found = Federation.local(case.frames(), EXACT, progress="silent").summary(
        columns=["age", "tgrade"], per_site=True
    )
    assert found.to_frame("per_site.numeric")["organization_id"].tolist() == [1, 2, 3]
    assert set(found.to_frame("per_site.categorical")["variable"]) == {"tgrade"}


def test_an_unknown_table_names_those_that_there_are() -> None:
    with pytest.raises(KeyError, match="coefficients, covariance, fit"):
        result("logistic").to_frame("numeric")


@pytest.mark.parametrize(
    ("analysis", "words"),
    [
        ("summary", ["age", "welch_t", "53.052", "2 rounds"]),
        ("logistic", ["Std. Error", "Pr(>|z|)", "Residual deviance", "AUC", "horTh[T.yes]"]),
        ("cox", ["hazard ratio", "Concordance = 0.5829", "cox.zph", "GLOBAL", "strata(site)"]),
    ],
)
def test_print_is_what_the_command_line_shows(
    analysis: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    from v6_clinical.terminal.render.result import show

    text = str(result(analysis))
    for word in words:
        assert word in text
    assert "\x1b" not in text
    show(result(analysis).to_dict())
    assert capsys.readouterr().out == text


@every
def test_a_notebook_gets_a_table_and_everything_behind_a_fold(analysis: str) -> None:
    page = result(analysis)._repr_html_()
    assert page.index("<table") < page.index("<details")
    assert "<details><summary>" in page
    assert page.count("<table") == page.count("</table>") == 1
    assert "Pr(>|z|)" not in page  # escaped


@every
def test_saved_and_loaded_it_is_the_same(analysis: str, tmp_path: Path) -> None:
    path = result(analysis).save(tmp_path / "result.json")
    again = load(path)
    assert type(again) is KINDS[analysis]
    assert again.to_dict() == result(analysis).to_dict()
    assert str(again) == str(result(analysis))
    assert "NaN" not in path.read_text()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "no JSON"),
        ("[]", "no result"),
        ("{}", "schema v6-clinical/1"),
        ('{"schema": "v6-clinical/0", "analysis": "summary"}', "schema v6-clinical/1"),
        ('{"schema": "v6-clinical/1", "analysis": "other"}', "no analysis 'other'; installed are"),
    ],
)
def test_what_is_no_result_is_not_loaded(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=said):
        load(path)


def test_a_refused_result_raises() -> None:
    refused = local.run("summary", CASES[0].frames(), {"columns": ["height"]})
    with pytest.raises(AnalysisError) as caught:
        result_of(refused)
    assert caught.value.result == refused


def test_to_dict_is_a_copy() -> None:
    found = result("summary")
    found.to_dict()["numeric"].clear()
    assert found["numeric"]
    json.dumps(found.to_dict(), allow_nan=False)


def test_survival_of_a_profile_without_asking_again() -> None:
    (case,) = [case for case in CASES if case.analysis == "cox"]
    profile = {"age": 50, "tsize": 30, "horTh": "yes"}
    asked = Federation.local(case.frames(), EXACT, progress="silent").cox(
        **{**case.arguments, "profiles": [profile]}
    )
    own = result("cox").predict([profile])
    assert own.equals(asked.to_frame("prediction"))


def test_without_baseline_curves_there_is_no_prediction() -> None:
    fitted = Federation.local(COX.frames(), progress="silent").cox(
        time="time", event="cens", predictors=["age"]
    )
    with pytest.raises(AnalysisError, match="time_horizon"):
        fitted.predict([{"age": 50}])


class Figures(ModuleType):
    """Stands for the module of figures: what was drawn."""

    def __init__(self) -> None:
        super().__init__("v6_clinical.analyst.figures")
        self.drawn: list[tuple[Any, dict[str, Any]]] = []
        self.__all__ = ["Theme", "forest"]

    def forest(self, given: Any, **options: Any) -> str:
        self.drawn.append((given, options))
        return "a figure"


def test_plot_draws_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    figures = Figures()
    monkeypatch.setitem(sys.modules, "v6_clinical.analyst.figures", figures)
    found: Result = result("cox")
    assert found.plot("forest", ax=None) == "a figure"  # type: ignore[comparison-overlap]
    assert figures.drawn == [(found.to_dict(), {"ax": None})]
    for kind in ("pie", "Theme", "__name__"):
        with pytest.raises(ValueError, match="but forest"):
            found.plot(kind)


def test_report_writes_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = ModuleType("v6_clinical.analyst.report")
    page.html = lambda given: f"<p>{given['analysis']}</p>"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "v6_clinical.analyst.report", page)
    path = result("cox").report(tmp_path / "cox.html")
    assert path.read_text() == "<p>cox_regression</p>"


@pytest.mark.parametrize(("analysis", "kind"), [("cox", "forest"), ("summary", "histogram")])
def test_plot_gives_a_figure(analysis: str, kind: str, tmp_path: Path) -> None:
    """The real figures, by the names that this layer hands on."""
    figure = result(analysis).plot(kind, **({"variable": "age"} if kind == "histogram" else {}))
    figure.savefig(tmp_path / "figure.svg")
    assert (tmp_path / "figure.svg").stat().st_size > 1000
