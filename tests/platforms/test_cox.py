"""Cox regression through vantage6's mock client and real wrapper, and with bad input at a site."""

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

from platforms.helpers import encode
from reference.cases import dataset, sites
from v6_clinical.cli import main
from v6_clinical.disclosure import Policy
from v6_clinical.errors import CODES
from v6_clinical.platforms import local
from v6_clinical.registry import load_site
from v6_clinical.version import __version__

entry = importlib.import_module("v6_cox.v4")
ROSSI = {"time": "week", "event": "arrest", "predictors": ["age", "prio"]}
REQUEST: dict[str, Any] = {"time": "t", "event": "e", "predictors": ["x", "g"]}


def good(k: int, n: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(k)
    frame = pd.DataFrame({"x": rng.normal(50, 10, n), "g": rng.choice(["A", "B"], n)})
    time = rng.exponential(100, n) * np.exp(-0.03 * (frame["x"] - 50))
    return frame.assign(t=np.ceil(time), e=(rng.random(n) < 0.6).astype(int))


def run(third: pd.DataFrame, **more: Any) -> dict[str, Any]:
    policy = more.pop("policy", None)
    found = local.run("cox", [good(1), good(2), third], REQUEST | more, policy=policy)
    json.dumps(found, allow_nan=False)
    return found


def code(third: pd.DataFrame, **more: Any) -> str:
    found = run(third, **more)
    assert found["status"] in ("refused", "failed")
    assert {site["organization_id"] for site in found["error"]["sites"]} <= {3}
    assert "coefficients" not in found
    return str(found["error"]["code"])


def estimates(found: dict[str, Any]) -> list[float]:
    assert found["status"] == "completed", found["error"]
    return [row["estimate"] for row in found["coefficients"]]


def test_the_mock_client_gives_the_digits_of_the_local_platform() -> None:
    frames = sites("rossi", "3")
    datasets = [[{"database": frame, "db_type": "csv"}] for frame in frames]
    client = MockAlgorithmClient(datasets, "v6_cox.v4", organization_ids=[1, 2, 3])
    arguments = ROSSI | {"time_horizon": 52, "robust": True}
    found = entry.cox_regression(mock_client=client, **arguments)
    assert found == local.run("cox", frames, arguments)
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


def test_the_real_wrapper_gives_the_digits_of_the_local_platform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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
    assert local.run("cox", frames, ROSSI | {"time_horizon": 52})["status"] == "completed"
    assert len(asked) >= 3
    for message, expected in asked:
        assert wrapped(tmp_path, frames[0], dict(message)) == expected
    refused = wrapped(tmp_path, frames[0], dict(asked[0][0]), V6C_DENIED_COLUMNS="week")
    assert (refused["code"], refused["where"]) == ("COLUMN_DENIED", ["week"])


def test_messages_hold_what_is_declared() -> None:
    """Every number in a real message is declared, and every declaration is met."""
    declared = load_site("v6_cox").leaves
    sent: dict[str, set[str]] = {}
    frames = [frame.assign(c=lambda f: f.index % 40) for frame in (good(1), good(2), good(3))]
    arguments = REQUEST | {"formula": "scale(x) + g", "predictors": None, "time_horizon": 100}
    for baseline in ("site", "exact"):
        more = {"baseline": baseline, "cluster": "c"}
        found = local.run("cox", frames, arguments | more, policy=Policy.open())
        assert found["status"] == "completed", found["error"]
        for line in found["ledger"]:
            names = {item.split(":")[0].split("/")[0] for item in line["what"].split(", ")}
            sent.setdefault(line["step"], set()).update(names)
    assert sent == {step: set(names) for step, names in declared.items()}


def test_the_readme_lists_what_leaves() -> None:
    text = (Path(__file__).parents[2] / "algorithms" / "v6_cox" / "README.md").read_text()
    for step, names in load_site("v6_cox").leaves.items():
        for name, what in names.items():
            assert f"| `{step}` | `{name}` | {what} |" in text


def test_a_partial_imports_nothing_heavy() -> None:
    program = (
        "import sys, json, pandas as pd, v6_cox.v4 as entry\n"
        "frame = pd.DataFrame({'x': range(50), 't': range(1, 51), 'e': [0, 1] * 25})\n"
        "model = {'terms': [{'factors': [{'kind': 'column', 'column': 'x'}]}],\n"
        " 'intercept': True, 'baseline': True, 'levels': {}, 'references': {}, 'collapse': {},\n"
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


@pytest.mark.parametrize("name", ["t", "e", "x", "g"])
def test_missing_columns_b01(name: str) -> None:
    assert code(good(3).drop(columns=name)) == "COLUMN_MISSING"


@pytest.mark.parametrize("bad", [0.0, -1.0])
def test_times_that_are_not_positive_b17(bad: float) -> None:
    third = good(3)
    third.loc[4, "t"] = bad
    assert code(third) == "BAD_TIME"


def test_dates_and_text_as_times_b02_b03_b17_b23() -> None:
    dates = pd.date_range("2020-01-01", periods=120)
    assert code(good(3).assign(t=dates)) == "NOT_NUMERIC"
    assert code(good(3).assign(t=dates.tz_localize("UTC"))) == "NOT_NUMERIC"
    assert code(good(3).assign(t=[f"{k},5" for k in range(120)])) == "NOT_NUMERIC"


@pytest.mark.parametrize("value", [np.inf, 1e300])
def test_infinite_times_b07(value: float) -> None:
    third = good(3)
    third.loc[4, "t"] = value
    assert code(third) == "NON_FINITE"


def test_entry_must_be_before_time_b17() -> None:
    frames = [good(k).assign(s=lambda f: f["t"] / 2) for k in (1, 2, 3)]
    assert local.run("cox", frames, REQUEST | {"entry": "s"})["status"] == "completed"
    frames[2].loc[4, "s"] = frames[2].loc[4, "t"]
    found = local.run("cox", frames, REQUEST | {"entry": "s"})
    assert (found["error"]["code"], found["error"]["sites"][0]["where"]) == ("BAD_TIME", ["s"])


def test_events_b18() -> None:
    expected = estimates(run(good(3)))
    assert estimates(run(good(3).assign(e=lambda f: f["e"] == 1))) == expected
    assert estimates(run(good(3).astype({"e": "Int64"}))) == expected
    assert code(good(3).assign(e=lambda f: f["e"] + 1)) == "BAD_EVENT"
    assert code(good(3).assign(e=lambda f: f["e"].map({0: "no", 1: "yes"}))) == "BAD_EVENT"


def test_missing_values_are_dropped_b05_b06() -> None:
    third = good(3)
    third.loc[::5, "t"] = np.nan
    expected = estimates(run(good(3).drop(index=third.index[::5]).reset_index(drop=True)))
    assert estimates(run(third)) == pytest.approx(expected, rel=1e-12)
    none = run(good(3).assign(t=np.nan))
    assert none["sites"][2]["status"] == "no_rows"
    both = local.run("cox", [good(1), good(2)], REQUEST)
    assert estimates(none) == pytest.approx(estimates(both), rel=1e-9)


def test_no_event_b10() -> None:
    found = run(good(3).assign(e=0))
    both = local.run("cox", [good(1), good(2)], REQUEST)
    assert estimates(found) == pytest.approx(estimates(both), rel=1e-9)
    nobody = local.run("cox", [good(k).assign(e=0) for k in (1, 2)], REQUEST)
    assert nobody["error"]["code"] == "BAD_EVENT"
    assert code(good(3).assign(e=[1] * 3 + [0] * 117)) == "SMALL_CELL"


def test_a_constant_column_b04() -> None:
    found = run(good(3).assign(x=50.0))
    assert found["status"] == "completed"
    frames = [good(k).assign(x=50.0) for k in (1, 2)]
    ended = local.run("cox", frames, REQUEST)["error"]
    assert ended["code"] == "SINGULAR"
    assert "x" in ended["message"]


def test_a_level_at_one_site_only_or_nowhere_b08_b09() -> None:
    third = good(3).assign(g=["C"] * 60 + ["A"] * 60)
    assert [row["term"] for row in run(third)["coefficients"]] == ["x", "g[T.B]", "g[T.C]"]
    assert code(third, levels={"g": ["A", "B"]}) == "UNKNOWN_LEVEL"
    assert code(good(3), levels={"g": ["A", "B", "D"]}) == "EMPTY_LEVEL"


def test_collinear_columns_b12() -> None:
    frames = [good(k).assign(y=lambda f: 2 * f["x"] + 1) for k in (1, 2)]
    found = local.run("cox", frames, REQUEST | {"predictors": ["x", "y"]})["error"]
    assert found["code"] == "SINGULAR"
    assert "x, y" in found["message"]


def test_few_rounds_b13() -> None:
    assert run(good(3), max_rounds=2)["error"]["code"] == "NOT_CONVERGED"


def test_scales_b14() -> None:
    """Covariates, and times in years or nanoseconds, give the same test statistics."""

    def scaled(k: int) -> pd.DataFrame:
        return good(k).assign(x=lambda f: f["x"] * 1e-6, t=lambda f: f["t"] * 1e9)

    found = local.run("cox", [scaled(1), scaled(2), scaled(3)], REQUEST)
    plain = run(good(3))
    for table in ("coefficients", "proportional_hazards"):
        ours, theirs = ([row["statistic"] for row in f[table]] for f in (found, plain))
        assert ours == pytest.approx(theirs, rel=1e-6)


def test_short_tables_b19_b20() -> None:
    assert code(good(3).iloc[:2]) == "MIN_ROWS"
    assert run(good(3).iloc[:0])["sites"][2]["status"] == "no_rows"
    assert code(good(3, 25)) == "TOO_MANY_PARAMETERS"
    assert run(good(3), predictors=None, formula="1")["error"]["code"] == "BAD_REQUEST"


BAD_ARGUMENTS: list[tuple[str, Any]] = [
    ("time", 3),
    ("time", "e"),
    ("event", "x"),
    ("entry", "t"),
    ("strata", "g"),
    ("strata", ["g", "g"]),
    ("strata", ["x"]),
    ("baseline", "none"),
    ("ties", "exact"),
    ("robust", "yes"),
    ("ridge", -1),
    ("time_horizon", 0),
    ("time_horizon", "5"),
    ("profiles", {"x": 1}),
    ("profiles", [{"x": 1, "g": "A"}]),
    ("zph_transform", "km"),
    ("levels", {"t": ["1", "2"]}),
    ("levels", {"nothing": ["a"]}),
    ("predictors", []),
    ("mock_data", [1]),
    ("cox", True),
]


@pytest.mark.parametrize(("name", "value"), BAD_ARGUMENTS, ids=str)
def test_wrong_arguments_name_the_argument_b24(name: str, value: Any) -> None:
    """Before any data are read: the frames here cannot be read at all."""
    frames: Any = [None, None]
    found = local.run("cox", frames, REQUEST | {name: value})
    assert (found["status"], found["error"]["code"]) == ("failed", "BAD_REQUEST")
    text = found["error"]["message"]
    assert name in text or str(value) in text


def test_strata_with_a_codebook_and_merged_levels_b27() -> None:
    frames = [good(k).assign(s=lambda f: f.index % 3) for k in (1, 2)]
    frames = [frame.assign(s=frame["s"].map({0: "I", 1: "II", 2: " "})) for frame in frames]
    found = local.run("cox", frames, REQUEST | {"strata": ["s"]}, policy=Policy.open())
    assert found["fit"][0]["n_missing"] == 80
    found = local.run("cox", frames, REQUEST | {"strata": ["s"], "levels": {"s": ["I", "III"]}})
    assert found["error"]["code"] == "UNKNOWN_LEVEL"
    merged = {"strata": ["s"], "collapse": {"s": {"all": ["I", "II"]}}}
    found = local.run("cox", frames, REQUEST | merged)
    plain = local.run("cox", [f[f["s"] != " "] for f in frames], REQUEST)
    assert estimates(found) == pytest.approx(estimates(plain), rel=1e-9)


def test_any_refusal_is_a_known_code() -> None:
    rng = np.random.default_rng(3)
    for k in range(60):
        third = good(3).astype(object)
        for _ in range(3):
            value = rng.choice(["canary-737373", None, np.inf, -3, "NA", True, 1e200])
            third.iloc[rng.integers(0, 120), rng.integers(0, 4)] = value
        found = run(third, **({"baseline": "exact"} if k % 2 else {}))
        text = json.dumps(found)
        assert "canary" not in text  # A17
        if found["status"] != "completed":
            assert found["error"]["code"] in set(CODES) - {"INTERNAL"}, found["error"]


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
    bad = CliRunner(mix_stderr=False).invoke(main, [*words, "--profile", "age=60"])
    assert bad.exit_code != 0
    assert "JSON" in bad.stderr


def test_the_whole_lung_data_are_accepted_under_the_shipped_limits() -> None:
    rows = dataset("lung").sample(frac=1, random_state=3)
    frames = [rows.iloc[:140], rows.iloc[140:]]
    found = local.run("cox", frames, {"time": "time", "event": "dead", "predictors": ["age"]})
    assert found["status"] == "completed", found["error"]
