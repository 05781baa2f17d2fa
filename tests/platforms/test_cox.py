"""Cox regression through vantage6's mock client and real wrapper, and on the command line."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from vantage6.algorithm.tools.mock_client import MockAlgorithmClient

from helpers.client_and_wrapper import encode
from helpers.policies import SHIPPED_SETTINGS, shipped
from helpers.reference_cases import dataset, sites
from v6_clinical.platforms import local
from v6_clinical.terminal.cli import main
from v6_clinical.version import __version__

entry = importlib.import_module("v6_cox.v4")
ROSSI = {"time": "week", "event": "arrest", "predictors": ["age", "prio"]}
REQUEST: dict[str, Any] = {"time": "t", "event": "e", "predictors": ["x", "g"]}


def good(k: int, n: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(k)
    frame = pd.DataFrame({"x": rng.normal(50, 10, n), "g": rng.choice(["A", "B"], n)})
    time = rng.exponential(100, n) * np.exp(-0.03 * (frame["x"] - 50))
    return frame.assign(t=np.ceil(time), e=(rng.random(n) < 0.6).astype(int))


@pytest.mark.usefixtures("shipped_nodes")
@pytest.mark.parametrize("baseline", ["site", "exact"])
def test_the_mock_client_gives_the_digits_of_the_local_platform(
    baseline: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames, allowed = sites("rossi", "3"), shipped(allow_event_times=baseline == "exact")
    monkeypatch.setenv("V6C_ALLOW_EVENT_TIMES", "true" if baseline == "exact" else "false")
    datasets = [[{"database": frame, "db_type": "csv"}] for frame in frames]
    client = MockAlgorithmClient(datasets, "v6_cox.v4", organization_ids=[1, 2, 3])
    arguments = ROSSI | {"time_horizon": 52, "robust": True, "baseline": baseline}
    found = entry.cox_regression(mock_client=client, **arguments)
    assert found == local.run("cox", frames, arguments, policy=allowed)
    assert found["status"] == "completed"
    json.dumps(found, allow_nan=False)


def test_the_entry_module_offers_two_callables_A13() -> None:
    public = [name for name in vars(entry) if not name.startswith("_")]
    assert sorted(public) == ["cox_regression", "cox_regression_partial"]


def wrapped(folder: Path, frame: pd.DataFrame, kwargs: dict[str, Any], **settings: str) -> Any:
    """Run the partial through vantage6's own wrapper, with a node's files and environment."""
    frame.to_csv(folder / "data.csv", index=False)
    (folder / "input").write_text(
        json.dumps({"method": "cox_regression_partial", "kwargs": kwargs})
    )
    plain = {
        "INPUT_FILE": str(folder / "input"),
        "OUTPUT_FILE": str(folder / "output"),
        "USER_REQUESTED_DATABASE_LABELS": "default",
        "DEFAULT_DATABASE_URI": str(folder / "data.csv"),
        "DEFAULT_DATABASE_TYPE": "csv",
        **settings,
    }
    environment = {k: v for k, v in os.environ.items() if not k.startswith("V6C_")}
    environment |= {name: encode(value) for name, value in plain.items()}
    environment["PKG_NAME"] = "v6_cox.v4"
    program = "from vantage6.algorithm.tools.wrap import wrap_algorithm; wrap_algorithm()"
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert sum("v6-clinical cox_regression" in line for line in done.stdout.splitlines()) == 1
    return json.loads((folder / "output").read_text())


@pytest.mark.parametrize("baseline", ["site", "exact"])
def test_the_real_wrapper_gives_the_digits_of_the_local_platform(
    baseline: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every message of a fit, sent through the wrapper's JSON to one of the sites."""
    asked: list[tuple[Any, Any]] = []
    original = local.answer

    def spy(site: Any, message: Any, *rest: Any) -> Any:
        found = original(site, message, *rest)
        if message["index"] == 0:
            asked.append((message, found))
        return found

    monkeypatch.setattr(local, "answer", spy)
    frames = sites("rossi", "3")
    arguments = ROSSI | {"time_horizon": 52, "robust": True, "baseline": baseline}
    settings = SHIPPED_SETTINGS | {"V6C_ALLOW_EVENT_TIMES": str(baseline == "exact").lower()}
    allowed = shipped(allow_event_times=baseline == "exact")
    assert local.run("cox", frames, arguments, policy=allowed)["status"] == "completed"
    assert len(asked) >= 3
    for message, expected in asked:
        assert wrapped(tmp_path, frames[0], dict(message), **settings) == expected
    refused = wrapped(tmp_path, frames[0], dict(asked[0][0]), **settings, V6C_DENIED_COLUMNS="week")
    assert (refused["code"], refused["where"]) == ("COLUMN_DENIED", ["week"])


def test_a_partial_imports_nothing_heavy() -> None:
    program = (
        "import sys, json, pandas as pd, v6_cox.v4 as entry\n"
        "frame = pd.DataFrame({'x': range(50), 't': range(1, 51), 'e': [0, 1] * 25})\n"
        "model = {'terms': [{'factors': [{'kind': 'column', 'column': 'x'}]}],\n"
        " 'intercept': True, 'levels': {}, 'references': {}, 'collapse': {},\n"
        " 'weights': None, 'offset': None, 'cluster': None}\n"
        "survival = {'time': 't', 'event': 'e', 'entry': None, 'strata': [], 'ties': 'efron'}\n"
        "found = entry.cox_regression_partial(version='"
        + __version__
        + "', step='start', index=0,\n"
        " count=2, arguments={'model': model, 'survival': survival, 'exact': False},\n"
        " mock_data=[frame])\n"
        "assert found['status'] == 'ok', found\n"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    heavy = ("scipy", "statsmodels", "formulaic", "matplotlib", "rich", "lifelines", "vantage6")
    assert [name for name in json.loads(done.stderr) if name.startswith(heavy)] == []


def test_the_command_line_prints_what_r_users_expect(tmp_path: Path) -> None:
    words = ["run", "cox", "--time", "time", "--event", "dead", "--predictors", "age,sex"]
    words += ["--time-horizon", "600", "--profile", '{"age": 60, "sex": 1}', "--open-policy"]
    for number, frame in enumerate(sites("lung", "3")):
        frame.to_csv(tmp_path / f"{number}.csv", index=False)
        words += ["--site", str(tmp_path / f"{number}.csv")]
    done = CliRunner(mix_stderr=False).invoke(main, words)
    assert done.exit_code == 0, done.output
    for text in ("n = 228, number of events = 165", "-0.60946", "Concordance = 0.6056", "GLOBAL"):
        assert text in done.stdout
    for text in ("Likelihood ratio test = 15.8859 on 2 df", "Score (logrank) test  = 15.7705"):
        assert text in done.stdout
    assert "take rows as independent" not in done.stdout
    more = ["--weights", "w", "--offset", "off", "--cluster", "inst"]
    robust = CliRunner(mix_stderr=False).invoke(main, [*words, *more]).stdout
    assert "offset = off, weights = w, cluster = inst\n" in robust
    assert "Likelihood ratio and score test take rows as independent" in robust  # as R's note
    bad = CliRunner(mix_stderr=False).invoke(main, [*words, "--profile", "age=60"])
    assert bad.exit_code != 0
    assert "JSON" in bad.stderr


def test_the_whole_lung_data_are_accepted_under_the_shipped_limits() -> None:
    rows = dataset("lung").sample(frac=1, random_state=3)
    frames = [rows.iloc[:140], rows.iloc[140:]]
    found = local.run("cox", frames, {"time": "time", "event": "dead", "predictors": ["age"]})
    assert found["status"] == "completed", found["error"]
