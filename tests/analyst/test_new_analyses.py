"""An analysis that is only installed works everywhere; an image may hold several methods.

The example is that of algorithms/README.md, written literally into a folder of its own.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from helpers.face_examples import without_origin
from helpers.new_analyses import write_mean, write_pair
from helpers.policies import EXACT, EXACT_SETTINGS, shipped
from helpers.summary_cases import dataset, split
from helpers.user_clients import Client4, Client5, Server
from v6_clinical.analyst import AnalysisError, Federation, Result, load, result_of, tasks
from v6_clinical.analyst.report import html
from v6_clinical.analyst.report.methods import methods as paragraph
from v6_clinical.platforms import local
from v6_clinical.protocol import registry
from v6_clinical.store import store_json
from v6_clinical.terminal import demo
from v6_clinical.terminal.cli import main


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in [name for name in sys.modules if name.split(".")[0] in ("v6_mean", "v6_pair")]:
        del sys.modules[name]
    importlib.invalidate_caches()


@pytest.fixture
def mean(folder: Path) -> Path:
    names = write_mean(folder)
    assert {"v6_mean/face.py", "v6_mean/site.py", "v6_mean/v4.py"} < set(names)
    return folder


@pytest.fixture
def pair(folder: Path) -> Path:
    write_pair(folder)
    return folder


def frames() -> list[pd.DataFrame]:
    return split(dataset("gbsg2"), "three")


def expected() -> float:
    return float(dataset("gbsg2")["age"].mean())


def run(*words: str | Path) -> str:
    done = CliRunner(mix_stderr=False, env=EXACT_SETTINGS).invoke(
        main, [str(word) for word in words]
    )
    assert done.exit_code == 0, done.output + done.stderr
    return done.stdout


def mocked(module: str, function: str, **arguments: Any) -> dict[str, Any]:
    from vantage6.algorithm.tools.mock_client import MockAlgorithmClient

    data = [[{"database": frame, "db_type": "csv"}] for frame in frames()]
    client = MockAlgorithmClient(datasets=data, module=module, organization_ids=[1, 2, 3])
    found: dict[str, Any] = getattr(importlib.import_module(module), function)(
        mock_client=client, **arguments
    )
    return found


def test_it_is_a_method_of_a_federation(mean: Path) -> None:
    federation = Federation.local(dict(zip("abc", frames(), strict=True)), EXACT, progress="silent")
    found = federation.mean(column="age")  # type: ignore[attr-defined]
    assert isinstance(found, Result)
    assert repr(found).startswith("<MeanResult: 3 sites; tables mean")
    assert found["mean"][0]["mean"] == pytest.approx(expected(), rel=1e-14)
    assert "mean" in dir(federation)
    assert federation.mean.__doc__ == "Give the mean of one column over all sites."  # type: ignore[attr-defined]
    with pytest.raises(AnalysisError, match="COLUMN_MISSING"):
        federation.mean(column="height")  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match="installed are cox, glm, logistic, mean, summary"):
        federation.median(column="age")  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["mean"])
def test_its_result_is_an_object_a_text_a_table_a_page(mean: Path, name: str) -> None:
    envelope = local.run(name, frames(), {"column": "age"}, policy=EXACT)
    found = result_of(envelope)
    text = str(found)
    assert text.startswith("Mean: age\n")
    assert f"{expected():.4g}" in text
    assert "3 sites, 1 round; numbers sent a site: add 2" in text
    assert found.to_frame("mean")["n"].tolist() == [len(dataset("gbsg2"))]
    assert "| variable | n | mean |" in str(found.table())
    assert r"\begin{tabular}" in str(found.table("latex"))
    assert "<table" in found._repr_html_()
    page = found.report(mean / "mean.html").read_text(encoding="utf-8")
    for words in ("<h1>Mean</h1>", "the sum of their values", f"{expected():.4g}"):
        assert words in page
    assert "The mean of age is that of the pooled rows." in paragraph(envelope)[0]
    assert load(found.save(mean / "mean.json")).to_dict() == envelope
    refused = local.run(name, frames(), {"column": "height"}, policy=EXACT)
    assert "COLUMN_MISSING" in html(refused)


def test_it_is_a_command(mean: Path) -> None:
    words: list[str | Path] = []
    for name, frame in zip("abc", frames(), strict=True):
        frame.to_csv(mean / f"{name}.csv", index=False)
        words += ["--site", mean / f"{name}.csv"]
    assert "Numeric column whose mean is wanted" in run("run", "mean", "--help")
    assert "--column age" in run("run", "mean", "--help").partition("Examples:")[2]
    saved = mean / "mean.json"
    printed = run("run", "mean", *words, "--column", "age", "--save", saved)
    assert f"{expected():.4g}" in printed
    assert run("show", saved) == printed
    assert "| age |" in run("table", saved)
    run("report", saved, "-o", mean / "mean.html")
    assert "the sum of their values" in run("what-leaves", "mean")
    assert "* `add`: the only round." in run("what-leaves", "mean", "--markdown")
    described = json.loads(run("store-json", "mean", "--major", "4"))
    assert [f["name"] for f in described["functions"]] == ["mean", "mean_partial"]
    assert "mean" in run("run", "--help")


def test_it_is_in_the_demo(mean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only = {"mean": registry.methods()["mean"]}
    monkeypatch.setattr(demo, "methods", lambda: only)
    printed = run("demo", "-o", mean / "demo")
    assert printed.splitlines()[-1].startswith("Verdict: all 1 federated results agree")
    assert (mean / "demo" / "mean.html").exists()


@pytest.mark.usefixtures("exact_nodes")
@pytest.mark.parametrize("major", [4, 5])
def test_it_goes_over_a_server(mean: Path, major: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "LEAST_POLL_SECONDS", 0.01)
    server = Server(frames(), {4: "4.15.2", 5: "5.0.3"}[major])
    client: Any = Client4(server) if major == 4 else Client5(server)
    data: dict[str, Any] = {} if major == 4 else {"dataframe": 7, "session": 3}
    federation = Federation(client, 1, progress="silent", poll_seconds=0, **data)
    found = federation.mean(column="age")  # type: ignore[attr-defined]
    assert server.tasks[1].given["image"] == f"v6-mean:{major}"
    here = local.run("mean", frames(), {"column": "age"}, policy=EXACT)
    assert without_origin(found.to_dict()) == without_origin(here)
    server.close()


@pytest.mark.usefixtures("exact_nodes")
def test_its_entry_module_runs_and_offers_nothing_else(mean: Path) -> None:
    found = mocked("v6_mean.v4", "mean", column="age")
    assert without_origin(found) == local.run("mean", frames(), {"column": "age"}, policy=EXACT)
    module = importlib.import_module("v6_mean.v4")
    assert {n for n in vars(module) if not n.startswith("_")} == {"mean", "mean_partial"}


@pytest.mark.parametrize("major", [4, 5])
def test_the_stores_are_told_of_it(mean: Path, major: int) -> None:
    told = store_json("v6_mean", major)
    assert told["name"] == "v6-clinical mean"
    central = told["functions"][0]
    assert [a["name"] for a in central["arguments"] if "default_value" not in a] == ["column"]
    assert [v["name"] for v in central["ui_visualizations"]][:1] == ["Mean"]


@pytest.mark.usefixtures("exact_nodes")
def test_two_methods_in_one_image_have_one_partial(pair: Path) -> None:
    module = importlib.import_module("v6_pair.v4")
    public = {name for name in vars(module) if not name.startswith("_")}
    assert public == {"pair_mean", "pair_total", "pair_partial"}
    for name, value in (("pair_mean", expected()), ("pair_total", expected() * 686)):
        found = mocked("v6_pair.v4", name, column="age")
        assert found["analysis"] == name
        assert found["mean"][0]["mean"] == pytest.approx(value, rel=1e-14)
        assert without_origin(found) == local.run(name, frames(), {"column": "age"}, policy=EXACT)
        assert "Mean: age" in str(result_of(found))


@pytest.mark.parametrize("major", [4, 5])
def test_two_methods_in_one_store_entry(pair: Path, major: int) -> None:
    functions = store_json("v6_pair", major)["functions"]
    names = [f["name"] for f in functions]
    assert names[:3] == ["pair_mean", "pair_total", "pair_partial"]
    assert all("column" in [a["name"] for a in f["arguments"]] for f in functions[:2])


def test_two_methods_are_two_names_everywhere(pair: Path) -> None:
    federation = Federation.local(frames(), EXACT, progress="silent")
    for short, method in (("pmean", "pair_mean"), ("ptotal", "pair_total")):
        found = getattr(federation, short)(column="age")
        assert found["analysis"] == method
        assert method == found.NAME
        assert getattr(federation, method)(column="age")["mean"] == found["mean"]
        assert short in run("run", "--help")
    # each method tells of the steps that it asks
    assert "nothing else" not in run("what-leaves", "pmean")
    assert "nothing else" in run("what-leaves", "ptotal")
    with pytest.raises(registry.UnknownMethodError, match="pair_mean, pair_total: name one"):
        registry.load_central("v6_pair")


def test_two_packages_with_one_name_are_an_error(mean: Path) -> None:
    text = (mean / "v6_mean" / "face.py").read_text().replace("v6_mean", "v6_again")
    other = mean / "v6_again"
    other.mkdir()
    (other / "__init__.py").write_text("")
    (other / "face.py").write_text(text)
    with pytest.raises(ValueError, match="'mean' is in v6_again and in v6_mean"):
        registry.face_of("nothing of that name")
    del sys.modules["v6_again.face"], sys.modules["v6_again"]


def test_packages_of_others_are_left_alone(folder: Path) -> None:
    """A package v6_* without a face is not imported; a face that is none of ours is no analysis."""
    for name, text in (("v6_theirs", ""), ("v6_other", "raise RuntimeError")):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(text)
    (folder / "v6_theirs" / "face.py").write_text("smile = True\n")
    assert {"v6_theirs", "v6_other"}.isdisjoint(registry.packages())
    assert "v6_other" not in sys.modules


def test_it_blurs_what_it_sends(mean: Path) -> None:
    """Counts are exact, the mean is near; a site without rows, or in another unit, is as well."""
    policy = shipped(blur=0.01, blur_rows=0.25)
    sites = [frame.reset_index(drop=True) for frame in frames()]
    empty = sites[0].assign(age=float("nan"))
    (found,) = local.run("mean", [*sites, empty], {"column": "age"}, policy=policy)["mean"]
    assert found["n"] == sum(map(len, sites))
    assert 0 < abs(found["mean"] - expected()) < 0.5
    other = [frame.assign(age=-10 * frame["age"]) for frame in sites]
    (turned,) = local.run("mean", other, {"column": "age"}, policy=policy)["mean"]
    assert turned["mean"] == pytest.approx(-10 * found["mean"], rel=1e-4)
